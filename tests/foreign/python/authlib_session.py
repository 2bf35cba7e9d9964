"""Takes a token with Authlib's OAuth2Session, once for each way to send a secret; prints the answers."""

import json
import sys

from authlib.integrations.requests_client import OAuth2Session

case = json.load(sys.stdin)
answers = []
for method in ("client_secret_basic", "client_secret_post"):
    session = OAuth2Session(
        case["client_id"], case["client_secret"], scope=case["scope"], token_endpoint_auth_method=method
    )
    answers.append(
        session.fetch_token(case["token_endpoint"], grant_type="client_credentials", resource=case["resource"])
    )
print(json.dumps(answers))
