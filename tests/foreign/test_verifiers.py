"""Standard verifiers of four languages on the tokens of every profile and algorithm, from the published keys alone."""

import base64
import json
import shutil
import sys

import pytest

from conftest import HERE, PYTHON

AUDIENCE, OTHER = "https://orders.example", "https://billing.example"
# name of the realm, profile, algorithm asked for, algorithm expected
REALMS = [
    ("native", "rfc9068", None, "ES256"),
    ("native-rs256", "rfc9068", "RS256", "RS256"),
    ("native-ps256", "rfc9068", "PS256", "PS256"),
    ("native-es384", "rfc9068", "ES384", "ES384"),
    ("native-eddsa", "rfc9068", "EdDSA", "EdDSA"),
    ("like-keycloak", "keycloak", None, "RS256"),
    ("like-auth0", "auth0", None, "RS256"),
]
REFUSED = {"tampered", "other audience", "other issuer", "other realm's key"}


@pytest.fixture(scope="module")
def cases(plain):
    """For each realm a good token, and ways to be wrong."""
    admin = plain.admin()
    made = []
    for name, profile, algorithm, expected in REALMS:
        issuer = admin.realm(name, profile=profile, algorithm=algorithm)["issuer"]
        for api in (AUDIENCE, OTHER):
            admin.api(name, api, "orders:read")
        secret = admin.client(name, "svc")
        for api in (AUDIENCE, OTHER):
            admin.grant(name, "svc", api, default=["orders:read"])
        good = admin.token(name, "svc", secret, resource=AUDIENCE)
        common = {
            "issuer": issuer, "jwks_uri": f"{plain.url}/realms/{name}/oauth2/jwks", "audience": AUDIENCE,
            "algorithm": expected, "typ": "at+jwt" if profile == "rfc9068" else "JWT",
            # Auth0's tokens have no jti, and so ours in its profile.
            "required": ["exp", "iat", "sub"] + (["jti"] if profile != "auth0" else []),
        }
        other_audience = admin.token(name, "svc", secret, resource=OTHER)
        other_realm = f"{plain.url}/realms/{REALMS[1][0] if name == REALMS[0][0] else REALMS[0][0]}/oauth2/jwks"
        made += [
            {**common, "name": f"{name}: good", "token": good},
            {**common, "name": f"{name}: tampered", "token": tampered(good)},
            {**common, "name": f"{name}: other audience", "token": other_audience},
            {**common, "name": f"{name}: other issuer", "token": good, "issuer": f"{issuer}x"},
            {**common, "name": f"{name}: other realm's key", "token": good, "jwks_uri": other_realm},
        ]
    return made


def tampered(token):
    """The token with a wider scope and the old signature."""
    header, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    claims["scope"] = "orders:read orders:write"
    forged = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"{header}.{forged}.{signature}"


def judge(cases, program, *command, without=()):
    """Every good token is accepted with its claims, every other one refused."""
    cases = [case for case in cases if case["algorithm"] not in without]
    answers = json.loads(program(*command, stdin=cases))
    for case in cases:
        name, answer = case["name"], answers[case["name"]]
        if name.endswith("good"):
            claims = answer.get("claims")
            assert claims, f"{name}: {answer}"
            assert claims["iss"] == case["issuer"]
            assert claims["aud"] in (AUDIENCE, [AUDIENCE]) or AUDIENCE in claims["aud"]
            assert claims["scope"] == "orders:read"
            assert all(claims.get(name) for name in case["required"])
            if case["typ"] == "at+jwt":
                assert (claims["sub"], claims["client_id"]) == ("svc", "svc")
        else:
            assert "refused" in answer, f"{name} was accepted"
    assert {case["name"].split(": ")[1] for case in cases} == REFUSED | {"good"}


def test_pyjwt(cases, program):
    """T-9068-01, T-9068-02, T-8725-01: Python, PyJWT with PyJWKClient."""
    judge(cases, program, sys.executable, PYTHON / "verify_pyjwt.py")


def test_joserfc(cases, program, newest_python):
    """T-9068-01, T-9068-02: Python, joserfc, which is under the newest Authlib."""
    judge(cases, program, newest_python, PYTHON / "verify_joserfc.py")


def test_node_jose(cases, program, built):
    """T-9068-01, T-9068-02: Node, jose with createRemoteJWKSet and typ checked."""
    judge(cases, program, "node", built / "node" / "verify.mjs")


def test_go_jwx(cases, program, built):
    """T-9068-01, T-9068-02: Go, lestrrat-go/jwx."""
    judge(cases, program, built / "go-foreign", "verify")


def test_java_nimbus(cases, program, built):
    """T-9068-01, T-9068-02: Java, Nimbus; it needs one more library for Ed25519, which is left out."""
    library = built / "nimbus-jose-jwt.jar"
    if not library.exists() or not shutil.which("java"):
        pytest.skip("no java and maven on this machine")
    judge(cases, program, "java", "-cp", library, HERE / "java" / "Verify.java", without={"EdDSA"})
