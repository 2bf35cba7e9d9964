"""Calls an API with a token that is kept until shortly before its end: `call.py URL…`."""

import os
import sys
import threading
import time

import requests


class Tokens(requests.auth.AuthBase):
    """Puts a token on each request, for any number of threads; one of them takes it, the others wait for that."""

    def __init__(self, issuer, client_id, client_secret, **wanted):
        self.endpoint, self.credentials = f"{issuer.rstrip('/')}/oauth2/token", (client_id, client_secret)
        self.form = {"grant_type": "client_credentials", **wanted}
        self.lock, self.token, self.until = threading.Lock(), None, 0.0

    def __call__(self, request):
        request.headers["Authorization"] = f"Bearer {self.get()}"
        return request

    def get(self):
        with self.lock:
            if time.monotonic() >= self.until:
                self._take()
            return self.token

    def refused(self, response):
        """Drops the token that this 401 is about, unless another thread has done so."""
        with self.lock:
            if response.request.headers.get("Authorization") == f"Bearer {self.token}":
                self.until = 0.0

    def _take(self):
        asked = time.monotonic()
        answer = requests.post(self.endpoint, data=self.form, auth=self.credentials, timeout=10, allow_redirects=False)
        if answer.status_code != 200:
            raise RuntimeError(f"no token: {answer.status_code} {answer.text}")
        answer = answer.json()
        lives = answer.get("expires_in", 0)
        # A fifth of its life is left to be on the way and to differ in clocks, half a minute at most.
        self.token, self.until = answer["access_token"], asked + lives - min(lives / 5, 30)


tokens = Tokens(
    os.environ["COUNTERSIGN_ISSUER"], os.environ["COUNTERSIGN_CLIENT_ID"], os.environ["COUNTERSIGN_CLIENT_SECRET"],
    resource=os.environ["COUNTERSIGN_RESOURCE"], scope=os.environ["COUNTERSIGN_SCOPE"],
)
session = requests.Session()


def get(url):
    response = session.get(url, auth=tokens, timeout=30)
    if response.status_code == 401:  # revoked, or its keys are gone: once more with another
        tokens.refused(response)
        response = session.get(url, auth=tokens, timeout=30)
    return response


for url in sys.argv[1:]:
    response = get(url)
    response.raise_for_status()
    print(response.text)
