"""requests-oauth2client: `take` and `refused` print what each way to send a secret brings, `call` calls an API."""

import json
import sys

from requests_oauth2client import (
    ClientSecretBasic, ClientSecretPost, OAuth2Client, OAuth2ClientCredentialsAuth, OAuth2Error, requests,
)


def client(case, style=ClientSecretBasic):
    """By OIDC discovery; `testing` is its word for plain HTTP, here on loopback."""
    return OAuth2Client.from_discovery_endpoint(
        issuer=case["issuer"], auth=style(case["client_id"], case["client_secret"]), testing=True
    )


def take(case, style):
    token = client(case, style).client_credentials(scope=case["scope"], resource=case["resource"])
    return {"access_token": token.access_token, "token_type": token.token_type, "scope": token.scope}


def refused(case, style):
    try:
        return take(case, style)
    except OAuth2Error as error:
        return {"error": error.error}


def call(case):
    auth = OAuth2ClientCredentialsAuth(client(case), scope=case["scope"], resource=case["resource"])
    statuses = [requests.get(case["api"], auth=auth).status_code for _ in range(case["calls"])]
    return {"statuses": statuses, "access_token": auth.token.access_token}


what, case = sys.argv[1], json.load(sys.stdin)
if what == "call":
    answer = call(case)
else:
    answer = [globals()[what](case, style) for style in (ClientSecretBasic, ClientSecretPost)]
print(json.dumps(answer))
