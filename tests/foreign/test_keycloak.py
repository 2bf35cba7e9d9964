"""Keycloak users' guards and clients, unchanged but for the URL: Authlib, PyJWT by hand, requests."""

import sys
from types import SimpleNamespace

import pytest
import requests

from conftest import PYTHON

SCOPE = "test_api_access"
AUTHLIB, AUTHLIB_RAW, PYJWT = "flask_authlib.py", "flask_authlib_raw.py", "flask_pyjwt.py"
# What each guard says when the scope is missing.
GUARDS = {AUTHLIB: 403, AUTHLIB_RAW: 403, PYJWT: 401}


@pytest.fixture(scope="module")
def myorg(plain):
    """The realm of the tutorial: one scope, one client that may ask for it, one that has nothing."""
    admin = plain.admin()
    realm = admin.realm("myorg", profile="keycloak", template="keycloak")
    assert realm["issuer"] == f"{plain.url}/realms/myorg"
    admin.scope("myorg", "default", SCOPE)
    # Keycloak's own secrets are 32 letters and digits: an operator brings them along.
    secret = admin.client("myorg", "test_api_client", secret="Zq3mTn8VbK5xWc2LrY7dHs4GpJ9fAe6U")
    admin.grant("myorg", "test_api_client", "default", default=["profile", "email"], optional=[SCOPE])
    bare = admin.client("myorg", "bare_client")
    admin.grant("myorg", "bare_client", "default")
    token_url = f"{realm['issuer']}/protocol/openid-connect/token"
    return SimpleNamespace(
        admin=admin, server=plain, issuer=realm["issuer"], token_url=token_url,
        client="test_api_client", secret=secret, bare_secret=bare,
    )


@pytest.fixture(params=GUARDS)
def guard(request, service, myorg, newest_python):
    """One of the guards, running: its URL, and what it says when the scope is missing."""
    python = newest_python if request.param == AUTHLIB_RAW else sys.executable
    url = service(request.param, myorg.issuer, python=python)
    return SimpleNamespace(script=request.param, url=url, without_scope=GUARDS[request.param])


def call(program, myorg, url, scope="", client=None, secret=None, token_url=None):
    """The status that the client's script gets from the API."""
    arguments = (token_url or myorg.token_url, client or myorg.client, secret or myorg.secret, scope, url)
    return int(program(sys.executable, PYTHON / "keycloak_client.py", *arguments))


def token(myorg, scope=""):
    data = {"grant_type": "client_credentials", "client_id": myorg.client, "client_secret": myorg.secret}
    if scope:  # an empty one is refused here, as Keycloak does
        data["scope"] = scope
    answer = requests.post(myorg.token_url, data=data)
    assert answer.status_code == 200, answer.text
    myorg.server.confidential.add(answer.json()["access_token"])
    return answer.json()["access_token"]


def test_a_token_with_the_scope_opens_the_scoped_route(guard, myorg, program):
    """Dialects d.1 to d.3."""
    assert call(program, myorg, f"{guard.url}/scoped", SCOPE) == 200


def test_a_token_without_the_scope_opens_only_the_private_route(guard, myorg, program):
    """Dialects d.2, d.3: `scope` is always a string, so that no guard fails on it."""
    assert call(program, myorg, f"{guard.url}/private") == 200
    assert call(program, myorg, f"{guard.url}/scoped") == guard.without_scope


def test_a_client_without_scopes_is_let_in_and_not_far(guard, myorg, program):
    """Dialects d.2: `scope` is the empty string, never absent."""
    bare = {"client": "bare_client", "secret": myorg.bare_secret}
    assert call(program, myorg, f"{guard.url}/private", **bare) == 200
    assert call(program, myorg, f"{guard.url}/scoped", **bare) == guard.without_scope


def test_no_token_and_a_forged_one_are_refused(guard, myorg):
    """Dialects d.2, d.3."""
    assert requests.get(f"{guard.url}/private").status_code == 401
    head, payload, signature = token(myorg).split(".")
    forged = f"{head}.{payload}.{signature[:-8]}{'A' * 8}"
    assert requests.get(f"{guard.url}/private", headers={"Authorization": f"Bearer {forged}"}).status_code == 401


def test_a_token_fetched_through_another_name_is_the_same(guard, myorg, program):
    """Dialects d.1: Keycloak's issuer follows the Host header, ours is the configured one."""
    by_address = myorg.token_url.replace("//localhost:", "//127.0.0.1:")
    assert call(program, myorg, f"{guard.url}/scoped", SCOPE, token_url=by_address) == 200


@pytest.mark.parametrize("script", GUARDS)
def test_keys_announced_before_a_guard_starts_serve_it_after_a_rotation(script, service, myorg, newest_python):
    """Dialects d.5.5: Authlib's guards never fetch keys again, so a key is published before it signs."""
    myorg.admin.announce_key("myorg")
    url = service(script, myorg.issuer, python=newest_python if script == AUTHLIB_RAW else sys.executable)
    before = token(myorg, SCOPE)
    myorg.admin.rotate_keys("myorg")
    after = token(myorg, SCOPE)
    assert after.split(".")[0] != before.split(".")[0], "another key signs now"
    for held in (before, after):
        assert requests.get(f"{url}/scoped", headers={"Authorization": f"Bearer {held}"}).status_code == 200


def test_authlib_takes_a_list_of_scopes_for_a_choice_and_any_case_of_bearer(service, myorg):
    """Dialects d.2: OR over a list; the scheme is compared without regard to case."""
    url = service(AUTHLIB, myorg.issuer)
    held = token(myorg, SCOPE)
    for scheme in ("Bearer", "bearer"):
        headers = {"Authorization": f"{scheme} {held}"}
        assert requests.get(f"{url}/either", headers=headers).status_code == 200


def test_a_disabled_client_gets_no_more_tokens(myorg, program):
    """Threats 3: disabled takes effect on the next request, in Keycloak's words too."""
    secret = myorg.admin.client("myorg", "leaver")
    myorg.admin.disable("myorg", "leaver")
    said = program(
        sys.executable, "-c",
        "import requests,sys; a=requests.post(sys.argv[1],data={'grant_type':'client_credentials',"
        "'client_id':'leaver','client_secret':sys.argv[2]}); print(a.status_code, a.json()['error'])",
        myorg.token_url, secret,
    )
    assert said.split()[1] in {"invalid_client", "unauthorized_client"} and said.split()[0] in {"400", "401"}
