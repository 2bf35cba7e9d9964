"""Authlib's OAuth2Session: `take` and `refused` print what each way to send a secret brings, `call` calls an API."""

import json
import sys

from authlib.integrations.requests_client import OAuth2Session, OAuthError


def session(case, method="client_secret_basic", **more):
    return OAuth2Session(
        case["client_id"], case["client_secret"], scope=case["scope"], token_endpoint_auth_method=method, **more
    )


def take(case, method):
    return session(case, method).fetch_token(
        case["token_endpoint"], grant_type="client_credentials", resource=case["resource"]
    )


def refused(case, method):
    try:
        return take(case, method)
    except OAuthError as error:
        return {"error": error.error}


def call(case):
    """It renews by itself once it is told the grant type and the endpoint, but the first token is the caller's to fetch."""
    renewing = session(case, grant_type="client_credentials", token_endpoint=case["token_endpoint"])
    renewing.fetch_token(case["token_endpoint"], grant_type="client_credentials", resource=case["resource"])
    statuses = [renewing.get(case["api"]).status_code for _ in range(case["calls"])]
    return {"statuses": statuses, "access_token": renewing.token["access_token"]}


what, case = sys.argv[1], json.load(sys.stdin)
if what == "call":
    answer = call(case)
else:
    answer = [globals()[what](case, method) for method in ("client_secret_basic", "client_secret_post")]
print(json.dumps(answer))
