"""That oidc-provider is there as `provider.py` says, asked by hand: one request for each way to prove oneself."""

import json
import time
import uuid
from urllib.parse import quote_plus

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec

from provider import RESOURCE, SCOPE, SHORT_LIVED, thumbprint

ASK = {"grant_type": "client_credentials", "resource": RESOURCE, "scope": SCOPE}
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@pytest.fixture
def ask(provider):
    """Asks for a token, and returns the answer whatever it is."""
    session = requests.Session()
    session.trust_env = False

    def send(url=None, **more):
        data = {**ASK, **more.pop("data", {})}
        return session.post(url or provider.token_endpoint, data=data, timeout=20, **more)

    yield send
    session.close()


def claims(answer):
    assert answer.status_code == 200, answer.text
    token = answer.json()
    assert (token["scope"], token["expires_in"]) == (SCOPE, 300)
    read = jwt.decode(token["access_token"], options={"verify_signature": False})
    assert (read["aud"], read["scope"]) == (RESOURCE, SCOPE)
    return read


def basic(client):
    """Both halves form-encoded, as RFC 6749 §2.3.1 has it and oidc-provider demands it."""
    return quote_plus(client.client_id), quote_plus(client.secret)


def test_metadata(provider):
    for path in ["openid-configuration", "oauth-authorization-server"]:
        metadata = requests.get(f"{provider.issuer}/.well-known/{path}", timeout=20).json()
        assert (metadata["issuer"], metadata["token_endpoint"]) == (provider.issuer, provider.token_endpoint)
        assert metadata["mtls_endpoint_aliases"] == {"token_endpoint": provider.mtls_token_endpoint}


def test_secrets(provider, ask):
    by_basic, by_post = provider.clients["basic"], provider.clients["post"]
    assert claims(ask(auth=basic(by_basic)))["client_id"] == "basic"
    assert claims(ask(data={"client_id": "post", "client_secret": by_post.secret}))["client_id"] == "post"
    wrong = ask(auth=("basic", "wrong"))
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    unknown = ask(auth=basic(by_basic), data={"resource": "https://unknown.example"})
    assert (unknown.status_code, unknown.json()["error"]) == (400, "invalid_target")
    brief = ask(auth=basic(by_basic), data={"resource": SHORT_LIVED})
    assert brief.json()["expires_in"] == 2


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "ES384", "EdDSA"])
def test_private_key_jwt(provider, ask, algorithm):
    client = provider.clients[f"key-{algorithm}"]

    def assertion(typ="client-authentication+jwt", **changed):
        made = {"iss": client.client_id, "sub": client.client_id, "aud": provider.issuer, "exp": int(time.time()) + 60}
        made = {**made, "jti": str(uuid.uuid4()), **changed}
        header = {"typ": typ, "kid": client.client_id}
        token = jwt.encode(made, client.key, algorithm, header)
        return {"client_assertion_type": JWT_BEARER, "client_assertion": token}

    good = assertion()
    assert claims(ask(data=good))["client_id"] == client.client_id
    for bad in [good, assertion(typ="JWT"), assertion(aud=provider.token_endpoint), assertion(aud=[provider.issuer])]:
        refused = ask(data=bad)
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


def test_dpop_with_nonce(provider, ask):
    client, key = provider.clients["dpop"], ec.generate_private_key(ec.SECP256R1())
    jwk = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key()))
    jwk = {member: jwk[member] for member in ("crv", "kty", "x", "y")}

    def with_proof(**nonce):
        proof = {"jti": str(uuid.uuid4()), "htm": "POST", "htu": provider.token_endpoint, "iat": int(time.time()), **nonce}
        signed = jwt.encode(proof, key, "ES256", {"typ": "dpop+jwt", "jwk": jwk})
        return ask(auth=basic(client), headers={"DPoP": signed})

    assert ask(auth=basic(client)).status_code == 400, "a proof is demanded"
    first = with_proof()
    assert (first.status_code, first.json()["error"]) == (400, "use_dpop_nonce")
    second = with_proof(nonce=first.headers["DPoP-Nonce"])
    assert claims(second)["cnf"] == {"jkt": thumbprint(jwk)}
    assert second.json()["token_type"] == "DPoP"


@pytest.mark.parametrize("name", ["mtls", "mtls-self-signed"])
def test_mutual_tls(provider, ask, name):
    client = provider.clients[name]
    other = next(one for one in provider.clients.values() if hasattr(one, "cert") and one is not client)

    def over(shown):
        shows = {"cert": (str(shown.cert), str(shown.tls_key))} if shown else {}
        return ask(provider.mtls_token_endpoint, data={"client_id": name}, verify=str(provider.ca), **shows)

    answer = over(client)
    assert claims(answer)["cnf"] == {"x5t#S256": client.thumbprint}
    for shown in [None, other]:
        assert over(shown).status_code == 401
    assert ask(data={"client_id": name}).status_code == 401, "the ordinary endpoint knows no certificates"
