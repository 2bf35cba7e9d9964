"""A Countersign server as an operator runs it: the real program, a folder of its own, and the admin API."""

from __future__ import annotations

import http.client
import os
import re
import secrets
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

import requests

START_SECONDS = 30
STOP_SECONDS = 20


class Server:
    """One running process; everything that it must keep to itself is remembered, and looked for in its output."""

    def __init__(self, binary: Path, folder: Path, *arguments: str, tls: bool = False, root_names: str = "COUNTERSIGN_ROOT_CLIENT"):
        self.folder = folder
        self.port, self.ops = free_port(), free_port()
        self.url = f"{'https' if tls else 'http'}://localhost:{self.port}"
        self.root_id, self.root_secret = "root-of-tests", secrets.token_urlsafe(32)
        self.confidential = {self.root_secret}
        self.output = folder / "output"
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "XDG_CONFIG_HOME": str(folder / "config"),
            f"{root_names}_ID": self.root_id,
            f"{root_names}_SECRET": self.root_secret,
        }
        command = [binary, "serve", "--data", folder / "data", "--listen", f"127.0.0.1:{self.port}"]
        command += ["--ops", f"127.0.0.1:{self.ops}", *(["--tls-dev"] if tls else []), *arguments]
        with self.output.open("wb") as sink:
            self.process = subprocess.Popen(
                command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink
            )
        self._wait_until_ready()
        self.ca = next((folder / "data").rglob("ca.pem")) if tls else None

    def admin(self) -> Admin:
        return Admin(self)

    def tokens_issued(self, realm: str) -> int:
        """By its own metrics."""
        text = requests.get(f"http://127.0.0.1:{self.ops}/metrics", timeout=10).text
        counts = re.findall(rf'^countersign_tokens_issued_total{{[^}}]*realm="{realm}"[^}}]*}} (\d+)$', text, re.M)
        return sum(map(int, counts))

    def stop(self) -> None:
        """Ends the process politely; a clean end and a silent log are part of what is tested."""
        self.process.terminate()
        status = self.process.wait(STOP_SECONDS)
        said = self.output.read_text(errors="replace")
        assert status == 0, f"the server ended with {status}:\n{said[-3000:]}"
        leaked = [secret for secret in self.confidential if secret in said]
        assert not leaked, f"the server's output holds {len(leaked)} secrets or tokens"

    def _wait_until_ready(self) -> None:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.ops, timeout=5)
                connection.request("GET", "/readyz")
                if connection.getresponse().status == 200:
                    return
            except OSError:
                pass
            time.sleep(0.02)
        self.process.kill()
        self.process.wait()
        raise AssertionError(f"the server is not ready:\n{self.output.read_text(errors='replace')[-3000:]}")


class Admin:
    """The admin API with root's token."""

    def __init__(self, server: Server):
        self.server = server
        self.session = requests.Session()
        self.session.trust_env = False
        if server.ca:
            self.session.verify = str(server.ca)
        answer = self.session.post(
            f"{server.url}/realms/system/oauth2/token",
            auth=(server.root_id, server.root_secret),
            data={"grant_type": "client_credentials"},
        )
        assert answer.status_code == 200, answer.text
        token = answer.json()["access_token"]
        server.confidential.add(token)
        self.session.headers["Authorization"] = f"Bearer {token}"

    def realm(self, name: str, **members) -> dict:
        return self._send("POST", "/realms", {"name": name, **members})

    def api(self, realm: str, identifier: str, *scopes: str) -> dict:
        body = {"identifier": identifier, "scopes": [{"name": scope, "description": ""} for scope in scopes]}
        return self._send("POST", f"/realms/{realm}/apis", body)

    def scope(self, realm: str, api: str, name: str) -> None:
        self._send("POST", f"/realms/{realm}/apis/{quote(api, safe='')}/scopes", {"name": name, "description": ""})

    def client(self, realm: str, client_id: str, **members) -> str:
        """Registers a client and returns its secret."""
        created = self._send("POST", f"/realms/{realm}/clients", {"client_id": client_id, **members})
        self.server.confidential.add(created["secret"])
        return created["secret"]

    def grant(self, realm: str, client_id: str, api: str, default=(), optional=()) -> None:
        path = f"/realms/{realm}/clients/{client_id}/grants/{quote(api, safe='')}"
        self._send("PUT", path, {"default": list(default), "optional": list(optional)})

    def announce_key(self, realm: str) -> None:
        self._send("POST", f"/realms/{realm}/keys", {})

    def rotate_keys(self, realm: str) -> None:
        """At once: it is the test that knows that nobody caches an older key set."""
        self._send("POST", f"/realms/{realm}/keys/rotate", {"force": True})

    def disable(self, realm: str, client_id: str) -> None:
        self._send("PATCH", f"/realms/{realm}/clients/{client_id}", {"enabled": False})

    def token(self, realm: str, client_id: str, secret: str, **parameters) -> str:
        """A token by the realm's own endpoint."""
        answer = self.session.post(
            f"{self.server.url}/realms/{realm}/oauth2/token",
            headers={"Authorization": None},
            data={"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret, **parameters},
        )
        assert answer.status_code == 200, answer.text
        token = answer.json()["access_token"]
        self.server.confidential.add(token)
        return token

    def _send(self, method: str, path: str, body: dict) -> dict:
        answer = self.session.request(method, f"{self.server.url}/admin/v1{path}", json=body)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else {}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
