"""Our client against a server that is not ours: by the command line and by the library's examples, tokens are taken from npm
oidc-provider, and spent at an API that lets in what PyJWT verifies."""

import hashlib
import http.server
import json
import os
import secrets
import ssl
import subprocess
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import jwt
import pytest
import requests

from provider import RESOURCE, SCOPE, SHORT_LIVED, private_key, pem, thumbprint, unpadded

KEYS = ["RS256", "PS256", "ES256", "ES384", "EdDSA"]
PROOFS = ["PS256", "ES256", "ES384", "EdDSA"]
CLIENTS = ["basic", "post", "dpop", *(f"key-{algorithm}" for algorithm in KEYS), "mtls", "mtls-self-signed"]
# What a client's flags do not say: how its secret travels, and that its tokens are bound.
MORE = {"post": ["--in-body"], "dpop": ["--dpop"]}
CALLS = 3


@pytest.fixture
def api(provider):
    """Starts an API, over TLS where it is to be shown certificates."""
    running = []

    def begin(**options):
        running.append(Api(provider, **options))
        return running[-1]

    yield begin
    for one in running:
        one.stop()


@pytest.fixture
def user(request, provider, tmp_path):
    """Somebody with a home, who runs our programs; nothing that they say of a failure is secret."""
    binary = Path(request.config.getoption("--binary")).resolve()
    examples = Path(request.config.getoption("--hostile")).resolve().parent
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "no_proxy": "*"}

    def run(*command, environment=environment):
        done = subprocess.run(
            [str(part) for part in command], env=environment, cwd=tmp_path, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=60,
        )
        kept = [client.secret for client in provider.clients.values() if hasattr(client, "secret")]
        assert not any(secret in done.stdout + done.stderr for secret in kept)
        assert "eyJ" not in done.stderr, "a token or an assertion"
        return SimpleNamespace(status=done.returncode, out=done.stdout, err=done.stderr)

    def command(name, *words, client=None):
        client = client or provider.clients[name]
        return run(binary, *words, "--issuer", provider.issuer, *client.arguments, *MORE.get(name, []))

    def example(name, *words, **variables):
        return run(examples / name, *words, environment={**environment, "COUNTERSIGN_ISSUER": provider.issuer, **variables})

    return SimpleNamespace(home=tmp_path, run=run, command=command, example=example)


class Api:
    """An API that verifies each token by PyJWT and by hand: whose, for whom, until when, and to what it is bound."""

    def __init__(self, provider, audience=RESOURCE, tls=False):
        metadata = requests.get(f"{provider.issuer}/.well-known/openid-configuration", timeout=20).json()
        self.issuer, self.audience, self.keys = provider.issuer, audience, jwt.PyJWKClient(metadata["jwks_uri"])
        self.nonce, self.proofs = secrets.token_urlsafe(), set()
        self.heard, self.let_in = 0, []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.heard += 1
                try:
                    outer.let_in.append(outer.judge(self))
                    self.send_response(200)
                except (Refused, jwt.PyJWTError) as why:
                    self.send_response(401)
                    self.send_header("WWW-Authenticate", why.challenge if isinstance(why, Refused) else INVALID)
                self.send_header("DPoP-Nonce", outer.nonce)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if tls:
            key, cert = provider.authority.sign("api", provider.folder, address="127.0.0.1")
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(cert, key)
            context.verify_mode = ssl.CERT_OPTIONAL
            for file in [provider.ca, provider.clients["mtls-self-signed"].cert]:
                context.load_verify_locations(file)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.server.server_port}/orders/1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def judge(self, request):
        """The token and what it says, or why it is refused."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if jwt.get_unverified_header(token)["typ"] != "at+jwt":
            raise Refused(INVALID)
        claims = jwt.decode(
            token, self.keys.get_signing_key_from_jwt(token), algorithms=["ES256"], audience=self.audience,
            issuer=self.issuer, leeway=10, options={"require": ["exp", "iat", "client_id"]},
        )
        bound = claims.get("cnf", {})
        if "jkt" in bound:
            self.judge_proof(request, token, bound["jkt"])
        if scheme != ("DPoP" if "jkt" in bound else "Bearer"):
            raise Refused(INVALID)
        if "x5t#S256" in bound:
            shown = request.connection.getpeercert(binary_form=True) or b""
            if unpadded(hashlib.sha256(shown).digest()) != bound["x5t#S256"]:
                raise Refused(INVALID)
        return SimpleNamespace(token=token, claims=claims)

    def judge_proof(self, request, token, jkt):
        """RFC 9449 §4.3, for this request, and once."""
        proofs = request.headers.get_all("DPoP", [])
        if len(proofs) != 1:
            raise Refused(INVALID)
        proof = proofs[0]
        header = jwt.get_unverified_header(proof)
        key = jwt.PyJWK(header["jwk"], algorithm=header["alg"])
        claims = jwt.decode(proof, key, algorithms=PROOFS, options={"require": ["iat", "jti"]})
        ath = unpadded(hashlib.sha256(token.encode()).digest())
        ours = (header["typ"], claims["htm"], claims["htu"], claims["ath"]) == ("dpop+jwt", "GET", self.url, ath)
        fresh = abs(claims["iat"] - time.time()) < 60 and claims["jti"] not in self.proofs
        if not ours or not fresh or "d" in header["jwk"] or thumbprint(header["jwk"]) != jkt:
            raise Refused(INVALID)
        self.proofs.add(claims["jti"])
        if claims.get("nonce") != self.nonce:
            raise Refused(NONCE)
        self.nonce = secrets.token_urlsafe()


class Refused(Exception):
    def __init__(self, challenge):
        self.challenge = challenge


INVALID, NONCE = 'Bearer error="invalid_token"', 'DPoP error="use_dpop_nonce"'


@pytest.mark.parametrize("name", CLIENTS)
def test_one_token_by_each_credential_for_many_calls(provider, user, api, name):
    """T-6749-10, T-7523-01, T-7523-05, T-8707-04, T-9449-01, T-9449-05: a strict server takes it, and an API what it gives."""
    at, before = api(tls=name.startswith("mtls")), provider.given
    asked = ["--resource", RESOURCE, "--scope", SCOPE]
    for _ in range(CALLS):
        called = user.command(name, "call", "GET", at.url, "--fail", *asked)
        assert (called.status, called.out, called.err) == (0, "", "")
    taken = json.loads(user.command(name, "token", "--output", "json", *asked).out)
    assert (len(at.let_in), provider.given - before) == (CALLS, 1), at.heard
    assert {one.token for one in at.let_in} == {taken["access_token"]}
    assert taken["token_type"] == ("DPoP" if name == "dpop" else "Bearer")
    assert (taken["scope"], 200 < taken["expires_in"] <= 300) == (SCOPE, True)
    claims = at.let_in[0].claims
    assert (claims["client_id"], claims["scope"], claims["aud"]) == (name, SCOPE, RESOURCE)
    client = provider.clients[name]
    assert claims.get("cnf", {}).get("x5t#S256") == getattr(client, "thumbprint", None)
    assert ("jkt" in claims.get("cnf", {})) == (name == "dpop")
    with requests.Session() as thief:
        thief.trust_env = False
        stolen = thief.get(at.url, headers={"Authorization": f"Bearer {taken['access_token']}"}, verify=str(provider.ca), timeout=20)
    assert stolen.status_code == (401 if "cnf" in claims else 200), "a bound token is of no use to others"


@pytest.mark.parametrize("algorithm", PROOFS)
def test_proofs_of_each_algorithm(provider, user, api, algorithm):
    """T-9449-01, T-9449-05: with the nonces of both, by one key from one process to the next."""
    at, before = api(), provider.given
    for _ in range(2):
        called = user.command("basic", "call", "GET", at.url, "--fail", "--resource", RESOURCE, f"--dpop={algorithm}")
        assert called.status == 0, called.err
    assert (len(at.let_in), len({one.token for one in at.let_in}), provider.given - before) == (2, 1, 1)
    assert len({one.claims["cnf"]["jkt"] for one in at.let_in}) == 1


def test_resource_indicators(provider, user, api):
    """T-8707-04: each API has tokens of its own, those that live for seconds too; what the server says of another is told."""
    orders, brief, before = api(), api(audience=SHORT_LIVED), provider.given
    for at, resource in [(orders, RESOURCE), (brief, SHORT_LIVED), (orders, RESOURCE)]:
        called = user.command("basic", "call", "GET", at.url, "--fail", "--resource", resource)
        assert called.status == 0, called.err
    assert (len(orders.let_in), len(brief.let_in), provider.given - before) == (2, 1, 2)
    assert len({one.token for one in orders.let_in}) == 1
    for resources in [["https://unknown.example"], [RESOURCE, SHORT_LIVED]]:
        words = [word for resource in resources for word in ("--resource", resource)]
        called = user.command("basic", "call", "GET", orders.url, *words)
        assert (called.status, called.out, "invalid_target" in called.err) == (1, "", True), called.err
    assert orders.heard == 2, "nothing is sent without a token"


def test_what_is_refused_is_explained(provider, user, api):
    """Issue 5, errors by blame: the server's code and what to do; nothing is called, and no secret is said."""
    at = api()
    wrong, other = user.home / "wrong.secret", user.home / "other.pem"
    wrong.write_text("wrong-secret")
    other.write_text(pem(private_key("ES256")))
    secret = SimpleNamespace(arguments=["--client-id", "basic", "--client-secret-file", wrong])
    key = SimpleNamespace(arguments=["--client-id", "key-ES256", "--private-key", other])
    method = SimpleNamespace(arguments=["--client-id", "key-ES256", "--client-secret-file", wrong])
    for client in [secret, key, method]:
        called = user.command("", "call", "GET", at.url, "--resource", RESOURCE, client=client)
        assert (called.status, called.out, "invalid_client" in called.err) == (1, "", True), called.err
        assert "next: " in called.err and "wrong-secret" not in called.err
    free = SimpleNamespace(arguments=provider.clients["dpop"].arguments)
    called = user.command("", "call", "GET", at.url, "--resource", RESOURCE, client=free)
    assert (called.status, called.out, "DPoP" in called.err) == (1, "", True), called.err
    assert at.heard == 0


@pytest.mark.parametrize("name", [name for name in CLIENTS if name not in ("post", "key-RS256")])
def test_the_library_takes_and_spends(provider, user, api, name):
    """T-7523-01, T-7523-05, T-9449-01, T-9449-05: by the examples; they sign with an RSA key as PS256, and send no secret in a body."""
    at, before, client = api(tls=name.startswith("mtls")), provider.given, provider.clients[name]
    example, variables = {
        "basic": ("secret", lambda: {"COUNTERSIGN_CLIENT_SECRET": client.secret}),
        "dpop": ("dpop", lambda: {"COUNTERSIGN_CLIENT_SECRET": client.secret}),
        "key": ("private_key_jwt", lambda: {"COUNTERSIGN_PRIVATE_KEY": str(provider.folder / f"{name}.pem")}),
        "mtls": ("mtls", lambda: {
            "COUNTERSIGN_CA_FILE": str(provider.ca), "COUNTERSIGN_CLIENT_CERT": str(client.cert),
            "COUNTERSIGN_CLIENT_KEY": str(client.tls_key),
        }),
    }[name.partition("-")[0]]
    done = user.example(example, at.url, COUNTERSIGN_CLIENT_ID=name, COUNTERSIGN_RESOURCE=RESOURCE, **variables())
    assert (done.status, done.out) == (0, "200 OK\n"), done.err
    assert (len(at.let_in), provider.given - before) == (1, 1)
    assert at.let_in[0].claims["client_id"] == name


def test_a_token_is_given_back(provider, user):
    """RFC 7009, RFC 7662: revoked, and by the server's own word active no longer."""
    client = provider.clients["basic"]
    done = user.example("revoke", COUNTERSIGN_CLIENT_ID="basic", COUNTERSIGN_CLIENT_SECRET=client.secret)
    assert (done.status, done.out) == (0, "active\ninactive\n"), done.err
