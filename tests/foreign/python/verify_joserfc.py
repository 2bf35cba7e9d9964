"""Verifies tokens with joserfc, the library under the newest Authlib."""

import json
import sys
from urllib.request import urlopen

from joserfc import errors, jwt
from joserfc.jwk import KeySet


def verify(case):
    keys = KeySet.import_key_set(json.load(urlopen(case["jwks_uri"])))
    token = jwt.decode(case["token"], keys, algorithms=[case["algorithm"]])
    if token.header.get("typ") != case["typ"]:
        raise errors.JoseError(description="another typ")
    rules = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": case["issuer"]},
        aud={"essential": True, "value": case["audience"]},
        **{name: {"essential": True} for name in case["required"]},
    )
    rules.validate(token.claims)
    return token.claims


answers = {}
for case in json.load(sys.stdin):
    try:
        answers[case["name"]] = {"claims": verify(case)}
    except (errors.JoseError, ValueError) as error:
        answers[case["name"]] = {"refused": str(error) or type(error).__name__}
print(json.dumps(answers))
