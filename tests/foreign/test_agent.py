"""Our agent, asked by one line in other languages: over its socket, and over its port with its key."""

import os
import subprocess
from pathlib import Path

import pytest

from deployment import free_port
from fronts import Program

OVER_THE_SOCKET = {
    "curl": """curl --silent --fail --unix-socket agent.sock 'http://localhost/token?context=orders' |
        sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/'""",
    "python": """python3 -c '
import http.client, json, socket
c = http.client.HTTPConnection("localhost"); c.sock = socket.socket(socket.AF_UNIX); c.sock.connect("agent.sock")
c.request("GET", "/token?context=orders"); print(json.load(c.getresponse())["access_token"])'""",
    "node": """node -e '
require("http").get({ socketPath: "agent.sock", path: "/token?context=orders" }, (answer) =>
  answer.on("data", (text) => console.log(JSON.parse(text).access_token)))'""",
}

OVER_THE_PORT = {
    "curl": """printf 'Authorization: Bearer %s' "$(cat agent.key)" | curl --silent --fail -H @- \\
        'http://127.0.0.1:8085/token?context=orders' | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/'""",
    "python": """python3 -c '
import json, urllib.request as u
key = open("agent.key").read()
ask = u.Request("http://127.0.0.1:8085/token?context=orders", headers={"Authorization": "Bearer " + key})
print(json.load(u.urlopen(ask))["access_token"])'""",
    "node": """node -e '
const key = require("fs").readFileSync("agent.key", "utf8");
fetch("http://127.0.0.1:8085/token?context=orders", { headers: { Authorization: "Bearer " + key } })
  .then((answer) => answer.json()).then((answer) => console.log(answer.access_token))'""",
}


@pytest.fixture(scope="module")
def agents(request, plain, tmp_path_factory):
    """A folder with an agent's socket and another's key, and the port of the latter."""
    admin, api = plain.admin(), "https://orders.example"
    issuer = admin.realm("agents")["issuer"]
    admin.api("agents", api, "orders:read")
    secret = admin.client("agents", "svc")
    admin.grant("agents", "svc", api, default=["orders:read"])
    folder, port = tmp_path_factory.mktemp("agent"), free_port()
    (folder / "svc.secret").write_text(secret)
    (folder / "agent.toml").write_text(
        f'[context.orders]\nissuer = "{issuer}"\nclient_id = "svc"\nclient_secret_file = "svc.secret"\n'
        f'resource = "{api}"\nscope = ["orders:read"]\n'
    )
    binary = Path(request.config.getoption("--binary")).resolve()
    command = [binary, "agent", "--config", "agent.toml"]
    on_socket = Program([*command, "--socket", "agent.sock"], folder)
    on_socket.wait((folder / "agent.sock").exists)
    beside = tmp_path_factory.mktemp("agent-on-port")
    (beside / "agent.toml").write_text((folder / "agent.toml").read_text().replace("svc.secret", f"{folder}/svc.secret"))
    on_port = Program([*command, "--listen", f"127.0.0.1:{port}", "--key-file", folder / "agent.key"], beside, port)
    yield folder, port
    for agent in (on_socket, on_port):
        assert agent.stop() == 0, agent.said()
        assert not any(word in agent.said() for word in plain.confidential), "its output holds a secret or a token"
    assert sorted(path.name for path in folder.iterdir()) == ["agent.toml", "output", "svc.secret"]


def lines(folder: Path, *commands: str) -> set[str]:
    """What these commands print, run in this folder."""
    environment = {**os.environ, "no_proxy": "*"}
    done = [
        subprocess.run(["sh", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, timeout=60)
        for command in commands
    ]
    assert all(one.returncode == 0 for one in done), [one.stderr for one in done]
    return {one.stdout.strip() for one in done}


def test_one_line_over_the_socket(agents, plain):
    folder, _ = agents
    tokens = lines(folder, *OVER_THE_SOCKET.values())
    plain.confidential |= tokens
    assert [len(token.split(".")) for token in tokens] == [3], "all have the same token"


def test_one_line_over_the_port(agents, plain):
    folder, port = agents
    tokens = lines(folder, *(line.replace("8085", str(port)) for line in OVER_THE_PORT.values()))
    plain.confidential |= tokens
    assert [len(token.split(".")) for token in tokens] == [3], "all have the same token"
