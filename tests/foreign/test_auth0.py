"""Auth0 users' FastAPI guard and script, unchanged but for the domain, over HTTPS with the development authority."""

import os
import sys
from types import SimpleNamespace

import pytest
import requests

AUDIENCE = "https://fastapi.example"


@pytest.fixture(scope="module")
def tenant(start):
    """A realm bound to the host of the request, and the environment that trusts its certificate."""
    server = start(tls=True)
    domain = f"localhost:{server.port}"
    admin = server.admin()
    realm = admin.realm("tenant", profile="auth0", hosts=[domain])
    assert realm["issuer"] == f"https://{domain}/", "Auth0's issuer ends with a slash"
    admin.api("tenant", AUDIENCE, "read:all")
    admin.api("tenant", "https://other.example", "read:all")
    secret = admin.client("tenant", "machine")
    for api in (AUDIENCE, "https://other.example"):
        admin.grant("tenant", "machine", api, default=["read:all"])
    trust = {"SSL_CERT_FILE": str(server.ca), "REQUESTS_CA_BUNDLE": str(server.ca)}
    return SimpleNamespace(server=server, domain=domain, secret=secret, trust=trust)


@pytest.fixture
def guard(tenant, service):
    return service("fastapi_jwks_client.py", tenant.domain, AUDIENCE, environment=tenant.trust)


def take(tenant, audience=AUDIENCE, secret=None):
    body = {
        "client_id": "machine", "client_secret": secret or tenant.secret,
        "audience": audience, "grant_type": "client_credentials",
    }
    answer = requests.post(f"https://{tenant.domain}/oauth/token", json=body, verify=str(tenant.server.ca))
    if answer.ok:
        tenant.server.confidential.add(answer.json()["access_token"])
    return answer


def status(guard, token):
    return requests.get(f"{guard}/private", headers={"Authorization": f"Bearer {token}"}).status_code


def test_a_token_taken_with_json_opens_the_endpoint(tenant, guard):
    """Dialects d.4: RS256 alone, the audience and the issuer exact, keys at the root of the host."""
    answer = take(tenant)
    assert answer.status_code == 200, answer.text
    assert {"token_type": "Bearer", "expires_in": 86400}.items() <= answer.json().items()
    assert status(guard, answer.json()["access_token"]) == 200


def test_a_token_for_another_audience_is_refused_by_the_guard(tenant, guard):
    """Dialects d.4, T-9700-06."""
    assert status(guard, take(tenant, "https://other.example").json()["access_token"]) == 401


def test_no_token_and_a_wrong_secret_get_nothing(tenant, guard):
    """Dialects b: Auth0's words for a wrong secret are `access_denied`, with 401."""
    assert requests.get(f"{guard}/private").status_code == 401
    refused = take(tenant, secret="not the secret")
    assert (refused.status_code, refused.json()["error"]) == (401, "access_denied")


def test_the_certificate_is_trusted_by_nobody_who_was_not_told(tenant, program):
    """Issue item 13: the development authority is ours alone; a stranger's store does not hold it."""
    environment = {name: "" for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")}
    stranger = "import requests, sys\ntry: requests.get(sys.argv[1])\nexcept requests.exceptions.SSLError: print('refused')"
    said = program(sys.executable, "-c", stranger, f"https://{tenant.domain}/.well-known/jwks.json", environment=environment)
    assert said.strip() == "refused"
