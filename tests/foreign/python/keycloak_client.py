"""A Keycloak user's client: takes a token with a scope, calls an API with it, prints the status of the call."""

import sys

import requests

TOKEN_URL, CLIENT_ID, CLIENT_SECRET, SCOPE, API_URL = sys.argv[1:6]

data = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
if SCOPE:
    data["scope"] = SCOPE
answer = requests.post(TOKEN_URL, headers={"content-type": "application/x-www-form-urlencoded"}, data=data)
if not answer.ok:
    sys.exit(f"no token: {answer.status_code} {answer.text}")
headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
print(requests.get(API_URL, headers=headers).status_code)
