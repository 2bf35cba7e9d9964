"""An orders API that verifies access tokens itself, with PyJWT."""

import os
from functools import wraps

import jwt
from flask import Flask, g, jsonify, request
from waitress import serve

ISSUER = os.environ.get("ISSUER", "http://localhost:8080/realms/myorg")
AUDIENCE = os.environ.get("AUDIENCE", "https://orders.example")
# Kept for five minutes; a key that is not among them is asked for at most once in 30 seconds.
keys = jwt.PyJWKClient(f"{ISSUER}/oauth2/jwks", lifespan=300, cooldown_duration=30, timeout=5)
orders = [{"id": 1, "item": "tea"}]
app = Flask(__name__)


def verified(token):
    """The claims of an access token that is genuine, current and for this API."""
    genuine = jwt.decode_complete(
        token, keys.get_signing_key_from_jwt(token), algorithms=["ES256"], issuer=ISSUER, audience=AUDIENCE, leeway=30,
        options={"require": ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"]},
    )
    if genuine["header"].get("typ") != "at+jwt":  # PyJWT does not look at it
        raise jwt.InvalidTokenError("not an access token")
    if "cnf" in genuine["payload"]:  # of no use to whoever stole it, and that is not judged here
        raise jwt.InvalidTokenError("a token that is bound to a key")
    return genuine["payload"]


def needs(scope):
    """Lets in only who has a token with this scope; its claims are then in `g.claims`."""

    def decorate(view):
        @wraps(view)
        def guarded(*args, **kwargs):
            scheme, _, token = request.headers.get("Authorization", "").partition(" ")
            if scheme.lower() != "bearer":
                return refused(401)
            try:
                g.claims = verified(token)
            except jwt.PyJWKClientConnectionError:  # nothing is known without keys: neither yes nor no
                return {"error": "temporarily_unavailable"}, 503, {"Retry-After": "5"}
            except jwt.PyJWTError:
                return refused(401, "invalid_token")
            if scope not in g.claims.get("scope", "").split():
                return refused(403, "insufficient_scope", scope)
            return view(*args, **kwargs)

        return guarded

    return decorate


def refused(status, error=None, scope=None):
    """RFC 6750, section 3."""
    challenge = f'Bearer realm="{AUDIENCE}"'
    challenge += f', error="{error}"' if error else ""
    challenge += f', scope="{scope}"' if scope else ""
    return {"error": error or "unauthorized"}, status, {"WWW-Authenticate": challenge}


@app.get("/health")
def health():
    return "ok"


@app.get("/orders")
@needs("orders:read")
def read():
    return jsonify(orders=orders, caller=g.claims["client_id"])


@app.post("/orders")
@needs("orders:write")
def write():
    orders.append({"id": len(orders) + 1, "item": request.get_json()["item"]})
    return jsonify(orders[-1]), 201


if __name__ == "__main__":
    serve(app, host="127.0.0.1", port=int(os.environ.get("PORT", "5000")))
