"""The examples, as a reader runs them: verifying tokens themselves, and behind the guard."""

import json

import pytest

from deployment import free_port
from fronts import ROOT, Caller, Program, listens_on_loopback_alone


@pytest.fixture
def example(built, tmp_path, orders):
    """Starts one of the examples; returns its port."""
    running = []

    def begin(framework, script, issuer=orders.issuer):
        port = free_port()
        environment = {"PORT": str(port), "ISSUER": issuer, "PYTHONDONTWRITEBYTECODE": "1"}
        command = [built / framework / "bin" / "python", ROOT / "examples" / framework / script]
        running.append(Program(command, tmp_path, port, environment))
        return port

    yield begin
    for program in running:
        program.stop()
        assert not any(secret in program.said() for secret in orders.confidential), "its output holds a token"


@pytest.mark.parametrize("framework", ["flask", "fastapi"])
def test_verifying_in_the_application(framework, example, orders):
    """Issue 4, T-9068-01: PyJWT takes our tokens by the published keys, and what is wrong is refused by RFC 6750."""
    call = Caller(example(framework, "verify.py")).send
    read = call("GET", "/orders", orders.reader)
    assert (read.status, json.loads(read.text)["caller"]) == (200, "svc")
    health = call("GET", "/health")
    assert (health.status, health.text) == (200, "ok")
    none = call("GET", "/orders")
    assert (none.status, none.challenge) == (401, f'Bearer realm="{orders.audience}"')
    for wrong in (orders.other, orders.reader[:-8] + "AAAAAAAA", "nonsense", ""):
        refused = call("GET", "/orders", wrong)
        assert (refused.status, 'error="invalid_token"' in refused.challenge) == (401, True), refused.text
    narrow = call("POST", "/orders", orders.reader, **item("milk"))
    assert (narrow.status, 'scope="orders:write"' in narrow.challenge) == (403, True)
    written = call("POST", "/orders", orders.writer, **item("milk"))
    assert (written.status, json.loads(written.text)["item"]) == (201, "milk")


@pytest.mark.parametrize("framework", ["flask", "fastapi"])
def test_verifying_without_an_issuer_is_503(framework, example, orders):
    """Threats 2: neither yes nor no."""
    call = Caller(example(framework, "verify.py", f"http://localhost:{free_port()}/realms/myorg")).send
    assert call("GET", "/orders", orders.reader).status == 503
    assert call("GET", "/orders").status == 401


@pytest.mark.parametrize("front", ["proxy", "nginx", "caddy"])
@pytest.mark.parametrize("framework", ["flask", "fastapi"])
def test_behind_the_guard(framework, front, example, fronts, orders):
    """Issue 4: a service with nothing but a header to read, reachable through what stands before it alone."""
    port = example(framework, "behind_proxy.py")
    assert listens_on_loopback_alone(port)
    before = getattr(fronts, front)(port)
    call = Caller(before.port, before.tls).send
    forged = [("X-Auth-Client", "root"), ("X_Auth_Client", "root"), ("SCRIPT_NAME", "/orders")]
    read = call("GET", "/orders", orders.reader, headers=forged)
    assert (read.status, json.loads(read.text)["caller"]) == (200, "svc")
    health = call("GET", "/health")
    assert (health.status, health.text) == (200, "ok"), "rules.toml opens it"
    assert call("GET", "/orders", headers=forged).status == 401
    assert call("POST", "/orders", orders.reader, **item("milk")).status == 403
    assert call("POST", "/orders", orders.writer, **item("milk")).status == 201


def item(name):
    return {"headers": [("Content-Type", "application/json")], "body": json.dumps({"item": name}).encode()}
