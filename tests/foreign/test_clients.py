"""Standard OAuth clients of three languages take tokens, with secrets that are hard to send."""

import itertools
import json
import sys
from types import SimpleNamespace

import pytest
import requests

from conftest import PYTHON

AUDIENCE, SCOPE = "https://orders.example", "orders:read"
# requests and Authlib send Basic as it is, x/oauth2 and oauth4webapi form-encode it first: both readings count (C13).
SECRETS = {"plain": "Zq3mTn8VbK5xWc2LrY7dHs4GpJ9fAe6U", "two readings": "50%25+off: a&b=c/d?~", "raw alone": "100%zz+off: a&b=c/d"}
NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def realm(plain):
    admin = plain.admin()
    issuer = admin.realm("callers")["issuer"]
    admin.api("callers", AUDIENCE, SCOPE)
    return SimpleNamespace(admin=admin, server=plain, issuer=issuer)


@pytest.fixture(params=SECRETS)
def case(request, realm):
    """A client whose secret is of this kind, as the programs read it from standard input."""
    client_id = f"svc-{next(NUMBERS)}"
    realm.admin.client("callers", client_id, secret=SECRETS[request.param])
    realm.admin.grant("callers", client_id, AUDIENCE, optional=[SCOPE])
    yield {
        "issuer": realm.issuer, "token_endpoint": f"{realm.issuer}/oauth2/token", "client_id": client_id,
        "client_secret": SECRETS[request.param], "scope": SCOPE, "resource": AUDIENCE,
    }


def all_good(realm, answers, count):
    assert len(answers) == count
    for answer in answers:
        realm.server.confidential.add(answer["access_token"])
        assert answer["token_type"].lower() == "bearer"
        assert answer["scope"] == SCOPE


def test_authlib_session(realm, case, program):
    """T-6749-09, T-6749-10, C13: Python, Authlib's OAuth2Session, secret by Basic and in the body."""
    all_good(realm, json.loads(program(sys.executable, PYTHON / "authlib_session.py", stdin=case)), 2)


def test_oauth4webapi(realm, case, program, built):
    """T-8414-01, T-6749-10: Node, oauth4webapi, discovery by both well-known forms."""
    all_good(realm, json.loads(program("node", built / "node" / "token.mjs", stdin=case)), 4)


def test_go_oauth2(realm, case, program, built):
    """T-6749-10: Go, x/oauth2's clientcredentials, each of its styles."""
    all_good(realm, json.loads(program(built / "go-foreign", "token", stdin=case)), 3)


def test_requests(realm, case):
    """T-6749-09, C13: Python, requests with its Basic authentication, which encodes nothing."""
    data = {"grant_type": "client_credentials", "scope": SCOPE, "resource": AUDIENCE}
    answer = requests.post(case["token_endpoint"], auth=(case["client_id"], case["client_secret"]), data=data)
    all_good(realm, [answer.json()], 1)
    wrong = requests.post(case["token_endpoint"], auth=(case["client_id"], case["client_secret"] + "x"), data=data)
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    assert wrong.headers["WWW-Authenticate"].lower().startswith("basic")
