"""What every test here starts from: servers, other people's programs as processes, a clean end."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from deployment import Server
from fronts import Fronts
from provider import provider  # noqa: F401 (a fixture)

HERE = Path(__file__).parent
PYTHON = HERE / "python"


def pytest_addoption(parser):
    parser.addoption("--binary", required=True, help="the countersign program")
    parser.addoption("--newest-python", required=True, help="a Python with requirements-newest.txt")
    parser.addoption("--hostile", required=True, help="the program that writes the hostile tokens")
    parser.addoption("--built", required=True, help="the folder with what run.sh built of node, Go, Rust and Java")


@pytest.fixture(scope="session")
def start(request, tmp_path_factory):
    """Starts a server; all are stopped, by their own process, at the end of the session."""
    running = []

    def begin(*arguments, **options):
        binary = Path(request.config.getoption("--binary")).resolve()
        running.append(Server(binary, tmp_path_factory.mktemp("server"), *arguments, **options))
        return running[-1]

    yield begin
    failures = []
    for server in running:
        try:
            server.stop()
        except (AssertionError, subprocess.TimeoutExpired) as failure:
            server.process.kill()
            failures.append(str(failure))
    assert not failures, "\n".join(failures)


@pytest.fixture(scope="session")
def plain(start):
    """A server over plain HTTP on loopback, shared by the tests that bring their own realms."""
    return start()


@pytest.fixture(scope="session")
def orders(start):
    """The realm of getting-started.md, and tokens of it: for reading, for writing, for another API; others may add clients."""
    server = start()
    admin = server.admin()
    issuer = admin.realm("myorg")["issuer"]
    audience, other = "https://orders.example", "https://billing.example"
    admin.api("myorg", audience, "orders:read", "orders:write")
    admin.api("myorg", other, "orders:read")
    secret = admin.client("myorg", "svc")
    admin.grant("myorg", "svc", audience, default=["orders:read"], optional=["orders:write"])
    admin.grant("myorg", "svc", other, default=["orders:read"])

    def token(api, scope):
        return admin.token("myorg", "svc", secret, resource=api, scope=scope)

    return SimpleNamespace(
        server=server, admin=admin, realm="myorg", issuer=issuer, audience=audience, another=other,
        confidential=server.confidential,
        reader=token(audience, "orders:read"), writer=token(audience, "orders:read orders:write"),
        other=token(other, "orders:read"),
    )


@pytest.fixture(scope="session")
def fronts(request, orders, tmp_path_factory):
    """Starts guards, nginx, Caddy and Traefik as docs/guard.md says; all are stopped, by their own process, at the end."""
    binary = Path(request.config.getoption("--binary")).resolve()
    fronts = Fronts(binary, tmp_path_factory.mktemp, orders.issuer)
    yield fronts
    fronts.stop(orders.confidential)


@pytest.fixture(scope="session")
def newest_python(request):
    return request.config.getoption("--newest-python")


@pytest.fixture(scope="session")
def built(request):
    return Path(request.config.getoption("--built")).resolve()


@pytest.fixture(scope="session")
def program():
    """Runs a program to its end and returns what it printed; anything but success fails the test."""

    def run(*command, environment=None, stdin=None, expect=0):
        done = subprocess.run(
            [str(part) for part in command],
            env={**os.environ, **(environment or {})},
            input=json.dumps(stdin) if stdin is not None else "",
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == expect, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    return run


@pytest.fixture
def service():
    """Starts one of the guarded APIs in `python/` and returns its URL."""
    running = []

    def begin(script, *arguments, python=sys.executable, environment=None):
        process = subprocess.Popen(
            [python, PYTHON / script, *arguments],
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        line = process.stdout.readline()
        assert line.startswith("port "), f"{script} did not start: {line}"
        return f"http://127.0.0.1:{int(line.split()[1])}"

    yield begin
    for process in running:
        process.terminate()
        process.wait(20)
