"""Other people's clients, in four languages, take tokens from the server and spend them at the guard; the table of it.

`WRITE_PAGES=1 tests/foreign/run -k clients` writes docs/interop.md; otherwise it is compared.
"""

import base64
import functools
import itertools
import json
import os
from types import SimpleNamespace

import pytest
import requests

from conftest import HERE
from fronts import Echo
from libraries import LIBRARIES

SCOPE = "orders:read"
# requests and Authlib send Basic as it is, x/oauth2 and oauth4webapi form-encode it first: both readings count (C13).
SECRETS = {"plain": "Zq3mTn8VbK5xWc2LrY7dHs4GpJ9fAe6U", "two readings": "50%25+off: a&b=c/d?~", "raw alone": "100%zz+off: a&b=c/d"}
NUMBERS = itertools.count()
CALLS = 3
PAGE = HERE.parent.parent / "docs" / "interop.md"
HEADER = """\
# Interoperability

<!-- Written by `WRITE_PAGES=1 tests/foreign/run -k clients` from what ran; do not edit. -->

Other people's client libraries, unchanged, against the real server and the real guard, on every run of the tests. Each
takes tokens with client credentials, scope and `resource` in every way that it has to find the endpoint and to send a
secret, also secrets that are hard to send, `{hard}`; is refused
with a wrong one; and calls an API behind `countersign guard proxy` {calls} times. When a library renews was measured by
tokens that live as long as its margin, and a little longer.
"""
FOOTER = """
## Renewal and `resource`

Without `resource` a token is for the client's default API: the one that it was first granted. Authlib's session repeats
the scope when it renews, but no other parameter. A client that has several APIs and takes tokens by such a library needs
the API in question as its default, or a client of its own for each.

## Token lives

A library that renews {early} seconds before the end asks anew for every call where tokens live shorter than that. The
server's default is an hour; think of your callers before you make it less than five minutes.
"""


class Runs:
    """The server, an API behind the guard, and what the libraries did there; each is run once for each of its columns."""

    def __init__(self, orders, api, built, newest_python):
        self.orders, self.api, self.built, self.newest_python = orders, api, built, newest_python
        self.taken, self.refused, self.called = map(functools.cache, (self._taken, self._refused, self._called))

    def case(self, secret=None, apis=(), **members):
        """A new client, as the programs read it; it asks for the API of the orders, and was granted `apis` before it."""
        orders, client_id = self.orders, f"caller-{next(NUMBERS)}"
        secret = orders.admin.client(orders.realm, client_id, **({"secret": secret} if secret else {}), **members)
        for api in (*apis, orders.audience):
            orders.admin.grant(orders.realm, client_id, api, optional=[SCOPE])
        return {
            "issuer": orders.issuer, "token_endpoint": f"{orders.issuer}/oauth2/token", "client_id": client_id,
            "client_secret": secret, "scope": SCOPE, "resource": orders.audience, "api": self.api, "calls": CALLS,
        }

    def _taken(self, library, kind):
        """What each way brought."""
        answers = library.run(self, "take", self.case(SECRETS[kind]))
        self.orders.confidential.update(answer["access_token"] for answer in answers)
        return answers

    def _refused(self, library):
        """What each way told of a wrong secret, and how many tokens came of it."""
        before = self.orders.server.tokens_issued(self.orders.realm)
        told = library.run(self, "refused", self.case() | {"client_secret": SECRETS["plain"]})
        return told, self.orders.server.tokens_issued(self.orders.realm) - before

    def _called(self, library, lifetime=None, apis=()):
        """What the API answered, and how many tokens it took."""
        before = self.orders.server.tokens_issued(self.orders.realm)
        answer = library.run(self, "call", self.case(apis=apis, **({"token_lifetime": lifetime} if lifetime else {})))
        return SimpleNamespace(**answer, tokens=self.orders.server.tokens_issued(self.orders.realm) - before)


@pytest.fixture(scope="module")
def runs(orders, fronts, built, newest_python):
    echo = Echo()
    api = f"http://127.0.0.1:{fronts.proxy(echo.port).port}/orders/1"
    yield Runs(orders, api, built, newest_python)
    echo.stop()


@pytest.fixture(params=LIBRARIES, ids=lambda library: library.id)
def library(request):
    return request.param


@pytest.mark.parametrize("kind", SECRETS)
def test_each_way_brings_a_token(library, kind, runs):
    """T-6749-09, T-6749-10, T-8414-01, C13: by each form of discovery, the secret by Basic and in the body."""
    answers = runs.taken(library, kind)
    assert len(answers) == max(len(library.discovery), 1) * len(library.ways)
    for answer in answers:
        assert answer["token_type"].lower() == "bearer"
        assert answer["scope"] == SCOPE
        claims = claims_of(answer["access_token"])
        assert (claims["aud"], claims["iss"]) == (runs.orders.audience, runs.orders.issuer)


def test_a_wrong_secret_is_refused(library, runs):
    """T-6749-20: and the library understands that it is the client that is refused."""
    told, tokens = runs.refused(library)
    assert tokens == 0
    ways = library.tells or ("`invalid_client`",) * len(library.ways)
    assert [spelled(one) for one in told] == list(ways) * max(len(library.discovery), 1)


def test_the_guard_lets_in_what_it_takes(library, runs):
    """Issue 5: three calls by one token, which the guard verifies by our keys."""
    called = runs.called(library)
    assert (called.statuses, called.tokens) == ([200] * CALLS, 1)


@pytest.mark.parametrize("renewing", [one for one in LIBRARIES if one.early is not None], ids=lambda one: one.id)
def test_when_it_renews(renewing, runs):
    """Issue 5: `expires_in` is believed; a token that lives no longer than the library's margin is used once."""
    short, long = runs.called(renewing, renewing.early), runs.called(renewing, renewing.early + 3)
    assert short.tokens >= CALLS
    assert long.tokens == 1
    assert short.statuses == long.statuses == [200] * CALLS


@pytest.mark.parametrize("renewing", [one for one in LIBRARIES if one.early is not None], ids=lambda one: one.id)
def test_what_it_renews(renewing, runs):
    """Issue 5: a renewed token is for the same API, unless the library forgets to name it."""
    called = runs.called(renewing, renewing.early, (runs.orders.another,))
    assert called.statuses == [401 if renewing.package == "Authlib" else 200] * CALLS


def test_a_refused_secret_is_answered_by_the_scheme_that_was_used(runs):
    """T-6749-20, C13: Basic that encodes nothing, and the answer's challenge."""
    case = runs.case()
    data = {"grant_type": "client_credentials", "scope": SCOPE, "resource": case["resource"]}
    wrong = requests.post(case["token_endpoint"], auth=(case["client_id"], case["client_secret"] + "x"), data=data)
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    assert wrong.headers["WWW-Authenticate"].lower().startswith("basic")
    in_body = data | {"client_id": case["client_id"], "client_secret": case["client_secret"] + "x"}
    wrong = requests.post(case["token_endpoint"], data=in_body)
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    assert "WWW-Authenticate" not in wrong.headers


def test_the_table_is_current(runs):
    """docs/interop.md is what ran."""
    written = page(runs)
    if os.environ.get("WRITE_PAGES"):
        PAGE.write_text(written)
    assert PAGE.read_text() == written, "not current: WRITE_PAGES=1 tests/foreign/run -k clients"


def page(runs):
    text = HEADER.format(hard="` and `".join([SECRETS["two readings"], SECRETS["raw alone"]]), calls=CALLS)
    columns = "library", "version", "language", "endpoint by", "secret by", "tokens", "refused secret", "calls", "expiry", "remark"
    text += f"\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}\n"
    for library in LIBRARIES:
        text += f"| {' | '.join(row(library, runs))} |\n"
    return text + FOOTER.format(early=sentence(sorted({one.early for one in LIBRARIES if one.early is not None})))


def row(library, runs):
    answers = [answer for kind in SECRETS for answer in runs.taken(library, kind)]
    good = sum(answer.get("scope") == SCOPE for answer in answers)
    told, _ = runs.refused(library)
    called = runs.called(library)
    return (
        library.name, library.version(runs), library.language, ", ".join(library.discovery) or "hand",
        ", ".join(library.ways), f"{good} of {len(answers)}", " or ".join(dict.fromkeys(map(spelled, told))),
        f"{called.statuses.count(200)} of {CALLS}, {called.tokens} token", expiry(library, runs), library.remark,
    )


def expiry(library, runs):
    if library.early is None:
        return "left to the caller"
    short, long = runs.called(library, library.early), runs.called(library, library.early + 3)
    renews = short.tokens >= CALLS and long.tokens == 1
    return f"renews {library.early} s before the end" if renews else f"{short.tokens} and {long.tokens} tokens"


def spelled(told):
    return f"`{told['error']}`" if "error" in told else f"challenge {told['challenge'].capitalize()}"


def sentence(numbers):
    *most, last = map(str, numbers)
    return f"{', '.join(most)} or {last}" if most else last


def claims_of(token):
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
