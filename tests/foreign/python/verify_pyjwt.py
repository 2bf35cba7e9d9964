"""Verifies tokens with PyJWT and its PyJWKClient."""

import json
import sys

import jwt


def verify(case):
    key = jwt.PyJWKClient(case["jwks_uri"]).get_signing_key_from_jwt(case["token"]).key
    return jwt.decode(
        case["token"],
        key,
        algorithms=[case["algorithm"]],
        audience=case["audience"],
        issuer=case["issuer"],
        options={"require": ["iss", "aud", *case["required"]]},
    )


answers = {}
for case in json.load(sys.stdin):
    try:
        answers[case["name"]] = {"claims": verify(case)}
    except jwt.PyJWTError as error:
        answers[case["name"]] = {"refused": str(error)}
print(json.dumps(answers))
