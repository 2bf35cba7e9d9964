"""A FastAPI endpoint guarded with PyJWT's PyJWKClient, as Auth0 users write it: audience and issuer are checked."""

import socket
import sys

import jwt
import uvicorn
from fastapi import Depends, FastAPI, HTTPException, status
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

DOMAIN, AUDIENCE = sys.argv[1:3]
app = FastAPI()


def verified(credentials: HTTPAuthorizationCredentials = Depends(HTTPBearer())):
    token = credentials.credentials
    try:
        client = jwt.PyJWKClient(f"https://{DOMAIN}/.well-known/jwks.json")
        key = client.get_signing_key_from_jwt(token).key
        return jwt.decode(token, key, algorithms=["RS256"], audience=AUDIENCE, issuer=f"https://{DOMAIN}/")
    except jwt.PyJWTError as error:
        raise HTTPException(status.HTTP_401_UNAUTHORIZED, str(error)) from error


@app.get("/private")
def private(claims: dict = Depends(verified)):
    return claims


listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen()
print("port", listener.getsockname()[1], flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])
