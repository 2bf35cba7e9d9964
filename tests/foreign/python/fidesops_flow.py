"""A fidesops user's script: root takes a token, makes a client with its scopes, and the client takes a token.

It checks no status, as such scripts do not: what is missing in an answer is a KeyError.
"""

import sys

import requests

URL, ROOT_ID, ROOT_SECRET = sys.argv[1:4]
SCOPES = [
    "client:create", "client:update", "client:read", "client:delete", "config:read",
    "connection:read", "connection:create_or_update", "connection:delete",
    "dataset:create_or_update", "dataset:delete", "dataset:read", "encryption:exec",
    "policy:create_or_update", "policy:read", "policy:delete", "privacy-request:read", "privacy-request:delete",
    "rule:create_or_update", "rule:read", "scope:read", "storage:read",
]


def access_token(client_id, client_secret):
    data = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
    return requests.post(f"{URL}/api/v1/oauth/token", data=data).json()["access_token"]


def create_client(token):
    headers = {"Authorization": f"Bearer {token}"}
    return requests.post(f"{URL}/api/v1/oauth/client", headers=headers, json=SCOPES).json()


client = create_client(access_token(ROOT_ID, ROOT_SECRET))
token = access_token(client["client_id"], client["client_secret"])

headers = {"Authorization": f"Bearer {token}"}
held = requests.get(f"{URL}/api/v1/oauth/client/{client['client_id']}/scope", headers=headers).json()
assert sorted(held) == sorted(SCOPES), held
print(client["client_id"], client["client_secret"], token)
