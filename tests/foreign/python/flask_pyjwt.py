"""A Flask API guarded by hand with PyJWT, as Keycloak users write it: keys are fetched on every request."""

import json
import sys
from functools import wraps

import jwt
import requests
from flask import Flask, abort, jsonify, request
from jwt.algorithms import RSAAlgorithm

from serving import serve

ISSUER = sys.argv[1]
app = Flask(__name__)


def require_auth(scopes):
    def decorator(view):
        @wraps(view)
        def guarded(*args, **kwargs):
            header = request.headers.get("Authorization")
            if not header:
                abort(401)
            token = header.replace("Bearer ", "")
            unverified = jwt.get_unverified_header(token)
            keys = requests.get(f"{ISSUER}/protocol/openid-connect/certs").json()["keys"]
            jwk = [key for key in keys if key["kid"] == unverified["kid"]][0]
            try:
                payload = jwt.decode(
                    token,
                    RSAAlgorithm.from_jwk(json.dumps(jwk)),
                    algorithms=[unverified["alg"]],
                    options={"verify_aud": False},
                )
            except jwt.PyJWTError:
                abort(401)
            held = payload["scope"].split(" ")
            if any(scope not in held for scope in scopes):
                abort(401)
            return view(*args, **kwargs)

        return guarded

    return decorator


@app.route("/private")
@require_auth([])
def private():
    return jsonify(message="for those with a token")


@app.route("/scoped")
@require_auth(["test_api_access"])
def scoped():
    return jsonify(message="for those with the scope")


serve(app)
