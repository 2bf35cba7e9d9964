"""requests-oauth2client's handler of client credentials, on a session that keeps its connections."""

import requests
from requests_oauth2client import OAuth2Client, OAuth2ClientCredentialsAuth

from working import work


def make(case):
    # `testing` is its word for plain HTTP, here on loopback.
    client = OAuth2Client(case.token_endpoint, client_id=case.client_id, client_secret=case.client_secret, testing=True)
    session = requests.Session()
    session.auth = OAuth2ClientCredentialsAuth(client, resource=case.resource)
    return lambda api: session.get(api).status_code


work(make)
