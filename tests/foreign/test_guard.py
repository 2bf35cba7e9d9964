"""The guard before an API, exactly as docs/guard.md says: as a proxy, behind nginx and Caddy from Debian, behind Traefik."""

import http.server
import json
import re
import subprocess
import threading

import pytest
import requests

from deployment import free_port
from fronts import GUIDE, ISSUER, ROOT, Caller, Echo, Guard, at, replaced, snippet

AUDIENCE = "https://orders.example"
IDENTITY = {"x-auth-client", "x-auth-subject", "x-auth-issuer", "x-auth-scope"}


@pytest.fixture(scope="module")
def echo():
    upstream = Echo()
    yield upstream
    upstream.stop()


@pytest.fixture(scope="module", params=["proxy", "nginx", "caddy", "traefik"])
def front(request, fronts, echo):
    """Each way to stand before the API that echoes; `call` keeps one connection."""
    begun = getattr(fronts, request.param)(echo.port)
    caller = Caller(begun.port, begun.tls)
    begun.call, begun.echo = caller.send, echo
    yield begun
    caller.close()


def test_only_the_right_token_opens(front, orders):
    """T-6750-05, -06: no token, a forged one, one for another API, one that is too narrow; each with its challenge."""
    reached = len(front.echo.reached)
    none = front.call("GET", "/orders/1")
    assert (none.status, "error=" in none.challenge) == (401, False)
    assert none.challenge.startswith(f'Bearer realm="{AUDIENCE}"'), none.challenge
    head, payload, signature = orders.reader.split(".")
    for wrong in (orders.other, f"{head}.{payload}.{signature[:-8]}AAAAAAAA", "nonsense"):
        refused = front.call("GET", "/orders/1", wrong)
        assert (refused.status, 'error="invalid_token"' in refused.challenge) == (401, True), refused.challenge
    narrow = front.call("POST", "/orders/1", orders.reader, body=b"x")
    assert narrow.status == 403
    assert 'error="insufficient_scope"' in narrow.challenge and 'scope="orders:write"' in narrow.challenge
    assert len(front.echo.reached) == reached


def test_who_calls_stands_in_headers(front, orders):
    """Issue 4: four headers, the token itself does not go on, the path goes on as it was judged."""
    answer = front.call("GET", "/orders/1?limit=%2F..&x", orders.reader)
    assert answer.status == 200, answer.text
    reached = json.loads(answer.text)
    told = headers(reached)
    assert reached["path"] == "/orders/1?limit=%2F..&x"
    assert {name: told[name] for name in IDENTITY} == {
        "x-auth-client": ["svc"], "x-auth-subject": ["svc"], "x-auth-issuer": [orders.issuer], "x-auth-scope": ["orders:read"],
    }
    assert "authorization" not in told and orders.reader not in answer.text
    assert told["host"] == ["orders.example"]
    wide = front.call("POST", "/orders/1", orders.writer, body=b"tea")
    assert (wide.status, json.loads(wide.text)["body"]) == (200, "tea")


def test_rules_by_method_and_path(front, orders):
    """Issue 4: the first rule that matches decides; what matches none is refused."""
    reached = len(front.echo.reached)
    for method, path, token, status in [
        ("GET", "/health", None, 200), ("POST", "/health", None, 403), ("GET", "/health/x", orders.reader, 403),
        ("HEAD", "/orders", orders.reader, 200), ("DELETE", "/orders/1", orders.reader, 403),
        ("DELETE", "/orders/1", orders.writer, 200), ("PATCH", "/orders/1", orders.writer, 403),
        ("OPTIONS", "/orders", orders.writer, 403), ("GET", "/admin", orders.writer, 403), ("GET", "/", orders.writer, 403),
        ("GET", "/Orders/1", orders.writer, 403), ("GET", "/orders2", orders.writer, 403),
    ]:
        assert front.call(method, path, token).status == status, f"{method} {path}"
        reached += status == 200
    assert len(front.echo.reached) == reached
    assert not IDENTITY & {name for name, values in headers(json.loads(front.call("GET", "/health").text)).items() if any(values)}


FORGED = [
    spelling
    for name in (
        "X-Auth-Client", "X-Auth-Subject", "X-Auth-Issuer", "X-Auth-Scope", "Remote-User", "Remote-Name", "Remote-Email",
        "Remote-Groups", "X-Remote-User", "X-Remote-Name", "X-Remote-Email", "X-Remote-Group", "X-Remote-Groups",
        "X-WebAuth-User", "X-WebAuth-Name", "X-WebAuth-Email", "X-WebAuth-Login", "X-WebAuth-Role", "X-WebAuth-Groups",
        "X-Forwarded-User", "X-Forwarded-Preferred-Username", "X-Forwarded-Email", "X-Forwarded-Groups",
        "X-Forwarded-Access-Token",
    )
    for spelling in (
        name, name.lower(), name.replace("-", "_"), name.replace("-", "_", 1), "_".join(name.rsplit("-", 1)),
        name.replace("-", "."), name.replace("-", "~"),
    )
]
ANOTHER_REQUEST = [
    ("X-Original-URI", "/health"), ("X-Original-Method", "GET"), ("X-Original-URL", "/admin"), ("X-Rewrite-URL", "/admin"),
    ("X-Forwarded-Uri", "/health"), ("X-Forwarded-Method", "GET"), ("X-HTTP-Method-Override", "DELETE"),
    ("SCRIPT_NAME", "/orders"), ("PATH_INFO", "/admin"), ("X-HTTP-Method", "DELETE"), ("X-Method-Override", "DELETE"),
    *((name, "/admin") for name in (
        "X-Original-Path", "X-Envoy-Original-Path", "X-Arr-Original-URL", "X-Waws-Unencoded-Url", "X-Override-URL",
        "X-Request-URI", "Request-URI", "X-Forwarded-Url", "X-Forwarded-Path", "X-Forwarded-Prefix", "Script-Name",
        "X-Script-Name", "Path-Info", "Destination", "Proxy", "Forwarded", "Client-Cert", "X.Original.URL", "x~rewrite~url",
    )),
]


def test_forged_identities_do_not_arrive(front, orders):
    """T-9700-07: nobody but the guard says who calls, with a token and without one."""
    for begin in range(0, len(FORGED), 70):  # the guard takes a hundred headers
        forged = [(name, "forged") for name in FORGED[begin : begin + 70]] + [("Connection", "X-Auth-Client, X-Auth-Scope")]
        for path, token in [("/orders/1", orders.reader), ("/health", None), ("/health", orders.reader)]:
            answer = front.call("GET", path, token, headers=forged)
            assert (answer.status, "forged" in answer.text) == (200, False), answer.text
        told = headers(json.loads(front.call("GET", "/orders/1", orders.reader, headers=forged).text))
        assert (told["x-auth-client"], told["x-auth-scope"]) == (["svc"], ["orders:read"])


def test_no_header_tells_of_another_request(front, orders):
    """T-9700-07: neither the guard is fooled about what is asked for, nor the API."""
    for method, path, token, status in [
        ("GET", "/orders/1", None, 401), ("GET", "/admin", orders.reader, 403), ("POST", "/orders/1", orders.reader, 403),
    ]:
        assert front.call(method, path, token, headers=ANOTHER_REQUEST).status == status, path
        for one in ANOTHER_REQUEST:
            assert front.call(method, path, token, headers=[one]).status == status, one
    reached = json.loads(front.call("GET", "/orders/1", orders.reader, headers=ANOTHER_REQUEST).text)
    names = {name for name, _ in ANOTHER_REQUEST}
    assert not {name.lower() for name in names} & set(headers(reached)), reached


TRICKS = [
    "/orders/%2e%2e/admin", "/orders/%2E./admin", "/orders/../admin", "/orders/./1", "//admin", "/orders//1", "//orders/1",
    "/orders/..;/admin", "/orders/;x/1", "/orders/1;x=/../../admin", "/orders/%2f..%2fadmin", "/orders/..%2fadmin",
    "/orders/%5c..%5cadmin", "/orders\\..\\admin", "/orders/%252e%252e/admin", "/orders/%c0%ae%c0%ae/admin", "/orders/1%00",
    "/orders/1%0a", "/orders/%3f/admin", "/orders/%23", "/orders/%uff0e%uff0e/admin", "/orders/%ef%bc%8e%ef%bc%8e/admin",
    "/orders/%20/admin", "/orders/...",
]


@pytest.mark.parametrize("path", TRICKS)
def test_a_path_with_two_readings_goes_nowhere(front, orders, path):
    """Threats 7: what the guard and the API could read in two ways is refused by the guard, or before it."""
    reached, counted = len(front.echo.reached), front.guard.refused("ambiguous_path")
    answer = Caller(front.port, front.tls).send("GET", path, orders.writer)
    if front.name == "traefik" and answer.status != front.ambiguous and answer.status != 400:
        # what it brings into a normal form before anybody judges it arrives in that form
        assert json.loads(answer.text)["path"] == "/orders/1", answer.text
        return
    assert answer.status in {front.ambiguous, 400}, answer.text
    assert len(front.echo.reached) == reached
    asked = front.guard.refused("ambiguous_path") - counted
    tidied = front.name == "traefik" and "no rule" in answer.text
    assert asked == 1 or tidied or (answer.status == 400 and front.name != "proxy"), f"{asked} refusals, {answer.status}"


def test_an_escaped_spelling_is_the_same_path(front, orders):
    """Threats 7: rules compare what the API reads."""
    assert front.call("GET", "/%6Frders/%31", orders.reader).status == 200
    assert front.call("GET", "/%61dmin", orders.reader).status == 403
    assert front.call("GET", "/%68ealth").status == 200


def test_one_connection_carries_good_and_bad(front, orders):
    """Issue 4: HTTP/1.1 connections are kept, and no refusal, with a body or without, spoils the next request."""
    caller = Caller(front.port, front.tls)
    caller.send("GET", "/health")
    kept = caller.connection.sock
    for turn in range(8):
        for method, path, token, body, status in [
            ("GET", "/orders/1", orders.reader, b"", 200), ("GET", "/orders/1", None, b"", 401),
            ("POST", "/orders/1", orders.reader, b"b" * 2000, 403), ("POST", "/orders/1", orders.writer, b"b" * 2000, 200),
            ("GET", "/orders/1;x", orders.reader, b"", front.ambiguous), ("GET", "/health", None, b"", 200),
        ]:
            answer = caller.send(method, path, token, body=body)
            assert answer.status == status, f"{turn}: {method} {path}: {answer.text}"
            assert caller.connection.sock is kept, f"{turn}: {method} {path} ended the connection"


def test_a_refusal_comes_before_the_body_and_the_connection_goes_on(fronts, echo, orders):
    """RFC 9112 §9.6: whoever is still sending to the proxy reads its 403, and may then ask again."""
    body = b"x" * 100_000
    caller = Caller(fronts.proxy(echo.port).port)
    refused = caller.send("POST", "/orders/1", orders.reader, headers=[("Content-Length", str(len(body)))], body=body[:10])
    assert refused.status == 403
    kept = caller.connection.sock
    kept.sendall(body[10:])
    assert caller.send("GET", "/orders/1", orders.reader).status == 200
    assert caller.connection.sock is kept


def test_large_bodies_go_through(front, orders):
    """Issue 4: the proxy streams; behind nginx and Caddy the guard never sees them."""
    body = b"x" * 900_000  # nginx takes a megabyte
    answer = front.call("POST", "/orders/1", orders.writer, body=body)
    assert (answer.status, len(json.loads(answer.text)["body"])) == (200, len(body))


def test_the_challenge_points_to_what_the_api_says_of_itself(front, orders):
    """T-9728-01, -02: the document is there without a token, and names the issuer."""
    document = front.call("GET", "/.well-known/oauth-protected-resource")
    if front.name == "proxy":  # its command says no public URL: the audience is not one of loopback's
        expected = f"http://127.0.0.1:{front.port}"
    else:
        expected = AUDIENCE
    assert document.status == 200, document.text
    assert {"resource": expected, "authorization_servers": [orders.issuer]}.items() <= json.loads(document.text).items()
    challenge = front.call("GET", "/orders/1").challenge
    assert f'resource_metadata="{expected}/.well-known/oauth-protected-resource"' in challenge


def test_two_tokens_are_none(front, orders):
    """T-6750-04: in two headers, or in header and query; and a query alone is not read (T-6750-02)."""
    twice = front.call("GET", "/orders/1", orders.reader, headers=[("Authorization", f"Bearer {orders.reader}")])
    assert twice.status in {400, 401}
    assert front.call("GET", f"/orders/1?access_token={orders.reader}", orders.reader).status in {400, 401}
    assert front.call("GET", f"/orders/1?access_token={orders.reader}").status == 401


@pytest.mark.parametrize("door", ["proxy", "nginx", "caddy", "traefik"])
def test_without_keys_nobody_comes_in(door, fronts, echo, orders):
    """Threats 2, issue 4: a guard without its issuer's keys answers 5xx, never 2xx; it goes on trying, and then on."""
    keys, body = free_port(), requests.get(f"{orders.issuer}/oauth2/jwks").content
    front = getattr(fronts, door)(echo.port, "--jwks-uri", f"http://127.0.0.1:{keys}/", ready=False)
    call = Caller(front.port, front.tls).send
    reached = len(echo.reached)
    assert front.guard.ask("/readyz").status == 503
    for token in (orders.reader, orders.writer, None):
        assert call("GET", "/orders/1", token).status == front.away
    assert len(echo.reached) == reached
    issuer = key_server(keys, body)
    front.guard.wait(front.guard.is_ready)
    assert call("GET", "/orders/1", orders.reader).status == 200
    issuer.shutdown()
    issuer.server_close()
    assert call("GET", "/orders/2", orders.writer).status == 200, "the keys are kept"
    front.guard.stop()
    if door != "proxy":
        assert 500 <= call("GET", "/orders/1", orders.reader).status < 600, "nor in without the guard"


@pytest.mark.parametrize("door", ["proxy", "nginx", "caddy", "traefik"])
def test_an_api_that_is_away_is_502(door, fronts, orders):
    front = getattr(fronts, door)(free_port())
    assert Caller(front.port, front.tls).send("GET", "/orders/1", orders.reader).status == 502


def test_the_configuration_file_of_the_guide(fronts, echo, orders):
    """Issue 4: `--config` with several issuers; one that is away keeps the others' tokens from nothing."""
    folder = fronts.folder("configuration")
    text = replaced(snippet("# guard.toml"), (ISSUER, orders.issuer), *at(5000, echo.port))
    (folder / "guard.toml").write_text(text)
    (folder / "rules.toml").write_text(snippet("# rules.toml"))
    guard = Guard(fronts.binary, folder, "countersign guard proxy --config guard.toml", ready=False)
    fronts.guards.append(guard)
    guard.wait(lambda: orders.issuer not in guard.ask("/readyz").text)
    assert "https://kc.example/realms/partners" in guard.ask("/readyz").text
    call = Caller(guard.port).send
    assert [call("GET", "/health").status, call("GET", "/orders", orders.reader).status] == [200, 200]


def test_what_the_guide_says_of_keys_and_labels(fronts, tmp_path):
    """The tables of the guide: each key is one that a file may hold, each label one of the metrics."""
    guard = fronts.guards[-1]
    labels = set(re.findall(r'refused_total\{reason="(\w+)"', guard.ask("/metrics").text))
    assert labels == set(re.findall(r"\| `(\w+)` \|$", section("## Refusals"), re.M))
    keys = set(re.findall(r"`(\w+)`", " ".join(re.findall(r"^\|([^|]*)\|", section("## Configuration file"), re.M))))
    known = known_keys(fronts.binary, tmp_path, "nothing_of_the_kind = 1")
    known |= known_keys(fronts.binary, tmp_path, "[[issuer]]\nnothing_of_the_kind = 1")
    assert keys == known - {"issuer"}, keys ^ known


def test_the_examples_have_the_rules_of_the_guide():
    assert (ROOT / "examples" / "rules.toml").read_text() == snippet("# rules.toml")


def section(heading):
    return GUIDE.split(f"\n{heading}\n")[1].split("\n## ")[0]


def known_keys(binary, folder, text):
    """The keys that the program names when it is shown one that there is not."""
    (folder / "unknown.toml").write_text(text)
    command = [binary, "guard", "check", "x", "--config", folder / "unknown.toml"]
    said = subprocess.run(command, capture_output=True, text=True).stderr
    assert "there are " in said, said
    return set(re.findall(r"\w+", said.split("there are ")[1]))


def headers(reached):
    """What reached the API, by lower-case name: a list, since a header may come twice."""
    by_name = {}
    for name, value in reached["headers"]:
        by_name.setdefault(name.lower(), []).append(value)
    return by_name


def key_server(port, body):
    """An issuer's key set, at this port."""

    class Keys(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Keys)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
