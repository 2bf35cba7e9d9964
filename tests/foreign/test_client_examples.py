"""The examples that take a token and keep it, as a reader runs them: curl, Python, Node, Go."""

import http.server
import itertools
import os
import stat
import subprocess
import threading
from types import SimpleNamespace

import pytest

from fronts import ROOT, Echo

EXAMPLES = ROOT / "examples" / "clients"
CALLS = 5
NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def api(fronts):
    """An API behind the guard."""
    echo = Echo()
    yield f"http://127.0.0.1:{fronts.proxy(echo.port).port}/orders/1"
    echo.stop()


@pytest.fixture
def other():
    """An API that answers the next calls as it is told, a status or an address to go to, and else 200."""
    told = SimpleNamespace(answers=[], tokens=[])

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            told.tokens.append(self.headers.get("Authorization"))
            answer = told.answers.pop(0) if told.answers else 200
            self.send_response(answer if isinstance(answer, int) else 307)
            if answer == 401:
                self.send_header("WWW-Authenticate", 'Bearer error="invalid_token"')
            if isinstance(answer, str):
                self.send_header("Location", answer)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    told.port, told.url = server.server_port, f"http://127.0.0.1:{server.server_port}/"
    yield told
    server.shutdown()
    server.server_close()


@pytest.fixture(params=["curl", "python", "node", "go"])
def example(request, built, orders, tmp_path):
    """One of the examples, with a client of its own."""
    return Example(request.param, built, orders, tmp_path)


class Example:
    def __init__(self, name, built, orders, home):
        self.name, self.orders, self.home = name, orders, home
        self.command = {
            "curl": [EXAMPLES / "curl" / "call.sh"],
            "python": [built / "clients" / "bin" / "python", EXAMPLES / "python" / "call.py"],
            "node": ["node", EXAMPLES / "node" / "call.mjs"],
            "go": [built / "go-example"],
        }[name]
        self.client()

    def client(self, **members):
        """A new client for it."""
        orders, client_id = self.orders, f"example-{next(NUMBERS)}"
        self.secret = orders.admin.client(orders.realm, client_id, **members)
        orders.admin.grant(orders.realm, client_id, orders.audience, default=["orders:read"])
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.home), "no_proxy": "*", "PYTHONDONTWRITEBYTECODE": "1",
            "COUNTERSIGN_ISSUER": orders.issuer, "COUNTERSIGN_CLIENT_ID": client_id, "COUNTERSIGN_CLIENT_SECRET": self.secret,
            "COUNTERSIGN_RESOURCE": orders.audience, "COUNTERSIGN_SCOPE": "orders:read",
        }

    def call(self, *urls):
        """Calls them all, curl's in one process each; whether all succeeded, what it said, how many tokens it took."""
        before = self.orders.server.tokens_issued(self.orders.realm)
        runs = [[url] for url in urls] if self.name == "curl" else [urls]
        done = [
            subprocess.run([*self.command, *urls], env=self.environment, capture_output=True, text=True, timeout=60)
            for urls in runs
        ]
        return SimpleNamespace(
            good=not any(one.returncode for one in done), said="".join(one.stdout + one.stderr for one in done),
            tokens=self.orders.server.tokens_issued(self.orders.realm) - before,
        )


def test_many_calls_take_one_token(example, api):
    """Issue 5: whoever copies it does not ask for each call."""
    called = example.call(*[api] * CALLS)
    assert (called.good, called.tokens) == (True, 1), called.said
    assert called.said.count('"x-auth-client"') + called.said.count('"X-Auth-Client"') == CALLS, called.said


def test_a_token_that_lives_for_seconds_is_kept_too(example, api):
    """Issue 5: the margin is a part of its life. Go's library has a fixed one, of ten seconds."""
    example.client(token_lifetime=10)
    called = example.call(*[api] * CALLS)
    assert (called.good, called.tokens) == (True, CALLS if example.name == "go" else 1), called.said


def test_a_401_is_answered_by_one_more_token(example, other):
    """Issue 5: once, and not for ever. Go's library has no way to drop a token."""
    other.answers = [401]
    called = example.call(other.url)
    again = example.name != "go"
    assert (called.good, called.tokens, len(set(other.tokens))) == (again, 1 + again, 1 + again), called.said
    other.answers, other.tokens = [401] * 9, []
    assert not example.call(other.url).good
    assert len(other.tokens) == 1 + again


def test_no_token_goes_along_with_a_redirect(example, other):
    """Threats 3: another host is another party."""
    other.answers = [f"http://localhost:{other.port}/"]
    example.call(other.url)
    assert other.tokens[0] is not None
    assert other.tokens[1:] in ([], [None])


def test_a_refused_secret_is_told_and_not_shown(example, api):
    """Issue 5: by the server's code; nothing is called, nothing is kept."""
    example.environment["COUNTERSIGN_CLIENT_SECRET"] = wrong = example.secret[:-4] + "AAAA"
    called = example.call(api)
    assert (called.good, called.tokens, "invalid_client" in called.said) == (False, 0, True), called.said
    assert wrong not in called.said
    assert not kept(example)


@pytest.mark.parametrize("example", ["curl"], indirect=True)
def test_what_curl_keeps_is_for_its_owner(example, api):
    """Issue 5: 0600, no secret in it; of another scope it is another token; a stale one is replaced."""
    assert example.call(api, api).tokens == 1
    file, = kept(example)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert example.secret not in file.read_text()
    until, header = file.read_text().splitlines()
    file.write_text(f"{int(until) - 3600}\n{header}\n")
    assert example.call(api, api).tokens == 1
    example.environment["COUNTERSIGN_SCOPE"] = "orders:read orders:write"
    example.orders.admin.grant(
        example.orders.realm, example.environment["COUNTERSIGN_CLIENT_ID"], example.orders.audience,
        default=["orders:read"], optional=["orders:write"],
    )
    assert example.call(api, api).tokens == 1
    assert len(kept(example)) == 2


def kept(example):
    return [file for file in example.home.rglob("*") if file.is_file()]
