"""Judges every token of the list with PyJWT and its PyJWKClient, at the second at which the list was made."""

import json
import sys
from datetime import datetime
from unittest import mock

import jwt

LIST = json.load(sys.stdin)


class Clock(datetime):
    """Time stands still while we judge."""

    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(LIST["now"], tz)


class Keys(jwt.PyJWKClient):
    """The key set of the list, without HTTP."""

    def fetch_data(self):
        return LIST["jwks"]


def judge(case):
    try:
        jwt.decode(
            case["token"],
            KEYS.get_signing_key_from_jwt(case["token"]),
            algorithms=LIST["algorithms"],
            audience=LIST["audience"],
            issuer=LIST["issuer"],
            leeway=LIST["leeway"],
            options={"require": case["required"]},
        )
    except jwt.PyJWTError as error:
        return f"refused: {error}"
    except Exception as error:  # what it does not call an error of a token's
        return f"failed: {type(error).__name__}: {error}"
    return "accepted"


KEYS = Keys("https://keys.example/")
with mock.patch("jwt.api_jwt.datetime", Clock):
    answers = {case["name"]: judge(case) for case in LIST["tokens"]}
print(json.dumps(answers))
