"""What MSAL for Python posts: its own OAuth client, with the members and headers that MSAL adds to every request.

MSAL's applications take no issuer that has no authorization endpoint, so the client below them is what is spoken to.
"""

import json
import sys

import msal
import requests
from msal.oauth2cli.oauth2 import Client


def client(case, in_body=True):
    known_by = {"default_body": {"client_secret": case["client_secret"]}} if in_body else {"client_secret": case["client_secret"]}
    known_by.setdefault("default_body", {})["client_info"] = 1
    headers = {
        "x-client-sku": "MSAL.Python", "x-client-ver": msal.__version__, "x-client-os": sys.platform,
        "x-ms-lib-capability": "retry-after, h429", "client-request-id": "6f2b9d3e-4a6f-4a3c-9e5d-0c8f2a1b7d44",
    }
    return Client({"token_endpoint": case["token_endpoint"]}, case["client_id"], default_headers=headers, **known_by)


def take(case, in_body):
    """A refusal is no exception but an answer with `error`."""
    return client(case, in_body).obtain_token_for_client(scope=[case["scope"]], data={"resource": case["resource"]})


def call(case):
    """This layer of it keeps no token: the caller keeps it."""
    token = take(case, True)["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    return {"statuses": [requests.get(case["api"], headers=headers).status_code for _ in range(case["calls"])]}


what, case = sys.argv[1], json.load(sys.stdin)
print(json.dumps(call(case) if what == "call" else [take(case, False), take(case, True)]))
