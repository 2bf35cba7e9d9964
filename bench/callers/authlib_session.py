"""Authlib's OAuth2Session, told to renew by itself; the first token is the caller's to fetch."""

from authlib.integrations.requests_client import OAuth2Session

from working import work


def make(case):
    session = OAuth2Session(
        case.client_id, case.client_secret, grant_type="client_credentials", token_endpoint=case.token_endpoint
    )
    session.fetch_token(case.token_endpoint, grant_type="client_credentials", resource=case.resource)
    return lambda api: session.get(api).status_code


work(make)
