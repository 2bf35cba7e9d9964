"""An orders API that verifies access tokens itself, with PyJWT."""

import os
from typing import Annotated

import jwt
import uvicorn
from fastapi import Depends, FastAPI, Header, HTTPException
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel

ISSUER = os.environ.get("ISSUER", "http://localhost:8080/realms/myorg")
AUDIENCE = os.environ.get("AUDIENCE", "https://orders.example")
# Kept for five minutes; a key that is not among them is asked for at most once in 30 seconds.
keys = jwt.PyJWKClient(f"{ISSUER}/oauth2/jwks", lifespan=300, cooldown_duration=30, timeout=5)
orders = [{"id": 1, "item": "tea"}]
app = FastAPI()


class Order(BaseModel):
    item: str


def verified(token: str) -> dict:
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


def needs(scope: str):
    """A dependency that lets in only who has a token with this scope, and gives its claims."""

    # not `async`: keys may have to be fetched, and then this waits in a thread of its own
    def claims(authorization: Annotated[str, Header()] = "") -> dict:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise refused(401)
        try:
            claims = verified(token)
        except jwt.PyJWKClientConnectionError as error:  # nothing is known without keys: neither yes nor no
            raise HTTPException(503, "temporarily_unavailable", {"Retry-After": "5"}) from error
        except jwt.PyJWTError as error:
            raise refused(401, "invalid_token") from error
        if scope not in claims.get("scope", "").split():
            raise refused(403, "insufficient_scope", scope)
        return claims

    return Depends(claims)


def refused(status: int, error: str = "", scope: str = "") -> HTTPException:
    """RFC 6750, section 3."""
    challenge = f'Bearer realm="{AUDIENCE}"'
    challenge += f', error="{error}"' if error else ""
    challenge += f', scope="{scope}"' if scope else ""
    return HTTPException(status, error or "unauthorized", {"WWW-Authenticate": challenge})


@app.get("/health", response_class=PlainTextResponse)
def health():
    return "ok"


@app.get("/orders")
def read(claims: Annotated[dict, needs("orders:read")]):
    return {"orders": orders, "caller": claims["client_id"]}


@app.post("/orders", status_code=201, dependencies=[needs("orders:write")])
def write(order: Order):
    orders.append({"id": len(orders) + 1, "item": order.item})
    return orders[-1]


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ.get("PORT", "5000")))
