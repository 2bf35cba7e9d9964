"""Tokens that are bound to a key or a certificate, through nginx, Caddy and the proxy: by an issuer of the test's own, whose
keys the guard has from a file."""

import base64
import hashlib
import json
import ssl
import time
import uuid

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from fronts import Caller, Echo, certificate


class Key:
    """A key of ES256, as issuer or as caller."""

    def __init__(self):
        self.private = ec.generate_private_key(ec.SECP256R1())
        jwk = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(self.private.public_key()))
        self.jwk = {name: jwk[name] for name in ("crv", "kty", "x", "y")}
        thumbprint = json.dumps(self.jwk, separators=(",", ":"), sort_keys=True)
        self.thumbprint = unpadded(hashlib.sha256(thumbprint.encode()).digest())

    def sign(self, header, claims):
        return jwt.encode(claims, self.private, "ES256", header)

    def proof(self, token, method, url, **changed):
        ath = unpadded(hashlib.sha256(token.encode()).digest())
        claims = {"jti": str(uuid.uuid4()), "htm": method, "htu": url, "iat": int(time.time()), "ath": ath}
        return self.sign({"typ": "dpop+jwt", "jwk": self.jwk}, {**claims, **changed})


@pytest.fixture(scope="module")
def issuer(orders, tmp_path_factory):
    """Signs tokens of the realm's issuer with a key that stands in a file."""
    key, file = Key(), tmp_path_factory.mktemp("issuer") / "jwks.json"
    file.write_text(json.dumps({"keys": [{**key.jwk, "kid": "1", "alg": "ES256", "use": "sig"}]}))

    def token(**cnf):
        now = int(time.time())
        made = key.sign({"typ": "at+jwt", "kid": "1"}, {
            "iss": orders.issuer, "aud": orders.audience, "sub": "svc", "client_id": "svc", "scope": "orders:read",
            "iat": now, "exp": now + 300, "jti": str(uuid.uuid4()), **({"cnf": cnf} if cnf else {}),
        })
        orders.confidential.add(made)
        return made

    token.file = file
    return token


@pytest.fixture(scope="module")
def echo():
    upstream = Echo()
    yield upstream
    upstream.stop()


@pytest.mark.parametrize("door", ["proxy", "nginx", "caddy"])
def test_a_token_bound_to_a_key(door, fronts, echo, issuer):
    """T-9449-02, -04, -05, -06: only with a proof of its key, for this very request, once; the guard knows method and URL at each door."""
    begun = getattr(fronts, door)(echo.port, "--jwks-file", issuer.file, "--dpop-nonce")
    call = Caller(begun.port, begun.tls).send
    url = f"http://127.0.0.1:{begun.port}" if door == "proxy" else "https://orders.example"
    key = Key()
    token = issuer(jkt=key.thumbprint)

    def ask(proof, scheme="DPoP"):
        return call("GET", "/orders/1?x=1", token, headers=[("DPoP", proof)] if proof else [], scheme=scheme)

    stolen = ask(None, "Bearer")
    assert (stolen.status, 'error="invalid_token"' in stolen.challenge) == (401, True)
    first = ask(key.proof(token, "GET", f"{url}/orders/1"))
    assert (first.status, 'error="use_dpop_nonce"' in first.challenge) == (401, True), first.challenge
    nonce = first.headers["DPoP-Nonce"]
    good = key.proof(token, "GET", f"{url}/orders/1", nonce=nonce)
    answer = ask(good)
    assert answer.status == 200, (answer.challenge, begun.guard.said())
    assert good not in answer.text, "the proof does not go on"
    for wrong in (
        good, key.proof(token, "POST", f"{url}/orders/1", nonce=nonce), key.proof(token, "GET", f"{url}/orders/2", nonce=nonce),
        key.proof(token, "GET", "https://evil.example/orders/1", nonce=nonce), Key().proof(token, "GET", f"{url}/orders/1", nonce=nonce),
    ):
        assert ask(wrong).status == 401


def test_a_token_bound_to_a_certificate_behind_caddy(fronts, echo, issuer, tmp_path_factory):
    """T-8705-04, T-8705-06: Caddy says whose certificate it is; what a caller says in that header does not arrive."""
    begun = fronts.caddy(
        echo.port, "--jwks-file", issuer.file, "--client-certs-from-header", "Client-Cert", certificates=True
    )
    own, other = (tmp_path_factory.mktemp("certificate") for _ in range(2))
    certificate(own)
    certificate(other)
    der = ssl.PEM_cert_to_DER_cert((own / "cert.pem").read_text())
    token = issuer(**{"x5t#S256": unpadded(hashlib.sha256(der).digest())})
    forged = [("Client-Cert", f":{base64.b64encode(der).decode()}:"), ("Client_Cert", f":{base64.b64encode(der).decode()}:")]
    for shows, headers, status in [
        (own, [], 200), (other, [], 401), (None, [], 401), (other, forged, 401), (None, forged, 401), (own, forged, 200),
    ]:
        answer = Caller(begun.port, True, shows).send("GET", "/orders/1", token, headers=headers)
        assert answer.status == status, (shows, headers, answer.challenge, begun.guard.said())
    plain = Caller(begun.port, True).send("GET", "/orders/1", issuer())
    assert plain.status == 200, "a token that is not bound needs no certificate"


def unpadded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
