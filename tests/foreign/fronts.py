"""What stands before an API, as programs of their own: the guard, nginx, Caddy, Traefik; the API behind them; a caller that sends
exactly what it is told to."""

from __future__ import annotations

import http.client
import http.server
import json
import os
import re
import shlex
import socket
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

from deployment import START_SECONDS, STOP_SECONDS, free_port

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "guard.md").read_text()
ISSUER = "http://localhost:8080/realms/myorg"  # as the guide has it


def snippet(begins: str, holds: str = "", page: str = GUIDE) -> str:
    """The block of a page, docs/guard.md unless said, that begins so: what is tested is what readers copy."""
    blocks = re.findall(r"^```[^\n]*\n(.*?)^```$", page, re.M | re.S)
    found = [block for block in blocks if block.startswith(begins) and holds in block]
    assert len(found) == 1, f"{len(found)} blocks of the page begin with {begins!r} and hold {holds!r}"
    return found[0]


def replaced(text: str, *pairs: tuple[str, object]) -> str:
    """The text with its ports, files and names for this run; each must be there."""
    for old, new in pairs:
        assert old in text, f"{old} is no longer in docs/guard.md"
        text = text.replace(old, str(new))
    return text


class Program:
    """A process that listens; `stop` ends this process and no other."""

    def __init__(self, command, folder: Path, port: int | None = None, environment=None):
        self.output = folder / "output"
        with self.output.open("wb") as sink:
            self.process = subprocess.Popen(
                [str(part) for part in command], env={**os.environ, **(environment or {})}, cwd=folder,
                stdin=subprocess.DEVNULL, stdout=sink, stderr=sink,
            )
        self.port = port
        self.wait(lambda: port is None or accepts(port))

    def wait(self, until) -> None:
        end = time.monotonic() + START_SECONDS
        while not until():
            if self.process.poll() is not None or time.monotonic() > end:
                self.process.kill()
                raise AssertionError(f"{self.process.args[0]} is not ready:\n{self.said()[-3000:]}")
            time.sleep(0.02)

    def said(self) -> str:
        return self.output.read_text(errors="replace")

    def stop(self) -> int:
        """Ends it politely, or else not; how it ended."""
        self.process.terminate()
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


class Guard(Program):
    """A guard started by a command of docs/guard.md."""

    def __init__(self, binary: Path, folder: Path, command: str, *more, ready: bool = True):
        self.ops = free_port()
        words = shlex.split(command.replace("\\\n", " "))
        assert words[:2] == ["countersign", "guard"], command
        port = free_port()
        listen = ("--listen", f"127.0.0.1:{port}", "--ops", f"127.0.0.1:{self.ops}")
        super().__init__([binary, *words[1:], *listen, *more], folder, port)
        if ready:
            self.wait(self.is_ready)

    def is_ready(self) -> bool:
        return self.ask("/readyz").status == 200

    def ask(self, path: str) -> SimpleNamespace:
        return Caller(self.ops).send("GET", path)

    def refused(self, reason: str) -> int:
        """How many requests it refused for this reason."""
        line = re.search(rf'^countersign_guard_refused_total{{reason="{reason}"}} (\d+)$', self.ask("/metrics").text, re.M)
        assert line, f"no metric for {reason}"
        return int(line[1])


class Fronts:
    """Starts guards and proxies by what the guide says, and ends each by its own process."""

    def __init__(self, binary: Path, folder, issuer: str):
        self.binary, self.folder, self.issuer = binary, folder, issuer
        self.guards, self.proxies = [], []

    def guard(self, command: str, *more, upstream: int | None = None, ready: bool = True) -> Guard:
        """A guard by a command of the guide; its rules are those of the guide."""
        folder = self.folder("guard")
        (folder / "rules.toml").write_text(snippet("# rules.toml"))
        command = replaced(command, (ISSUER, self.issuer), *(at(5000, upstream) if upstream else ()))
        self.guards.append(Guard(self.binary, folder, command, *more, ready=ready))
        return self.guards[-1]

    def proxy(self, upstream: int, *more, **options) -> SimpleNamespace:
        """The guard itself before an API at this port."""
        guard = self.guard(snippet("countersign guard proxy"), *more, upstream=upstream, **options)
        return SimpleNamespace(name="proxy", guard=guard, port=guard.port, tls=False, ambiguous=400, away=503)

    def nginx(self, upstream: int, *more, **options) -> SimpleNamespace:
        """nginx, with nothing but the configuration of the guide."""
        guard = self.guard(snippet("countersign guard forward-auth", "--trust-forwarded original"), *more, **options)
        folder, port = self.folder("nginx"), free_port()
        certificate(folder)
        (folder / "orders.conf").write_text(replaced(
            snippet("# /etc/nginx/conf.d/orders.conf"),
            ("listen 443", f"listen 127.0.0.1:{port}"), *at(5000, upstream), *at(8081, guard.port),
            ("/etc/ssl/orders.example.crt", folder / "cert.pem"), ("/etc/ssl/orders.example.key", folder / "key.pem"),
        ))
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        (folder / "nginx.conf").write_text(
            f"{'user root;' if os.getuid() == 0 else ''} worker_processes 1; daemon off; pid {folder}/pid;\n"
            "events { worker_connections 128; }\n"
            f"http {{ access_log off; {' '.join(f'{kind}_temp_path {folder}/{kind};' for kind in kinds)}\n"
            f"include {folder}/orders.conf; }}\n"
        )
        command = ["/usr/sbin/nginx", "-e", folder / "errors", "-c", folder / "nginx.conf"]
        self.proxies.append(Program(command, folder, port))
        return SimpleNamespace(name="nginx", guard=guard, port=port, tls=True, ambiguous=403, away=500)

    def caddy(self, upstream: int, *more, certificates: bool = False, **options) -> SimpleNamespace:
        """Caddy, with nothing but the configuration of the guide; over TLS where it is to ask for certificates."""
        guard = self.guard(snippet("countersign guard forward-auth", "--trust-forwarded forwarded"), *more, **options)
        folder, port = self.folder("caddy"), free_port()
        address, extra = f"http://orders.example:{port} {{\n\tbind 127.0.0.1", ()
        if certificates:
            certificate(folder)
            tls = f"tls {folder}/cert.pem {folder}/key.pem {{\n\t\tclient_auth {{\n\t\t\tmode request\n\t\t}}\n\t}}"
            address = f"{address.replace('http:', 'https:')}\n\t{tls}"
            extra = (("route {\n", f"route {{\n{snippet('request_header -Client-Cert')}"),)
        site = replaced(
            snippet("# /etc/caddy/Caddyfile"), ("orders.example {", address), *extra, *at(5000, upstream), *at(8081, guard.port),
        )
        (folder / "Caddyfile").write_text("{\n\tadmin off\n\tauto_https off\n}\n" + site)
        command = ["caddy", "run", "--adapter", "caddyfile", "--config", folder / "Caddyfile"]
        home = {name: str(folder) for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
        self.proxies.append(Program(command, folder, port, home))
        return SimpleNamespace(name="caddy", guard=guard, port=port, tls=certificates, ambiguous=403, away=503)

    def traefik(self, upstream: int, *more, **options) -> SimpleNamespace:
        """Traefik, with nothing but the configuration of the guide."""
        guard = self.guard(snippet("countersign guard forward-auth", "--trust-forwarded forwarded"), *more, **options)
        folder, port = self.folder("traefik"), free_port()
        site = replaced(snippet("# /etc/traefik/orders.yaml"), *at(5000, upstream), *at(8081, guard.port))
        (folder / "orders.yaml").write_text(site)
        said = replaced(snippet("traefik --"), (":443", f"127.0.0.1:{port}"), ("/etc/traefik/", f"{folder}/"))
        words = shlex.split(said.replace("\\\n", " "))
        command = [Path(sys.executable).with_name(words[0]), *words[1:], "--global.checkNewVersion=false"]
        self.proxies.append(Program(command, folder, port))
        self.proxies[-1].wait(lambda: has_routes(port))
        return SimpleNamespace(name="traefik", guard=guard, port=port, tls=True, ambiguous=403, away=503)

    def stop(self, confidential) -> None:
        """A clean end of the guards and silent logs are part of what is tested."""
        for program in self.proxies + self.guards:
            program.process.terminate()
        for program in self.proxies:
            program.stop()
        ends = [guard.stop() for guard in self.guards]
        assert not any(ends), f"guards ended with {ends}"
        leaked = [guard for guard in self.guards if any(secret in guard.said() for secret in confidential)]
        assert not leaked, f"the output of {len(leaked)} guards holds a token"


def at(port: int, other: int) -> tuple[tuple[str, str], ...]:
    """A port of the guide's, and the one of this run."""
    return ((f"127.0.0.1:{port}", f"127.0.0.1:{other}"),)


def certificate(folder: Path) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=orders.example", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True,
    )


class Echo:
    """An API that takes everything for good, says what reached it, and remembers that."""

    def __init__(self):
        self.reached = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                request = {"method": self.command, "path": self.path, "headers": self.headers.items(), "body": body.decode()}
                outer.reached.append(request)
                answer = json.dumps(request).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(b"" if self.command == "HEAD" else answer)

            do_DELETE = do_HEAD = do_OPTIONS = do_POST = do_PUT = do_GET

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Caller:
    """One HTTP/1.1 connection, kept; paths and headers go out as they stand."""

    def __init__(self, port: int, tls: bool = False, shows: Path | None = None):
        self.connection = Tls(port, shows) if tls else http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def send(self, method, target, token=None, headers=(), body=b"", scheme="Bearer") -> SimpleNamespace:
        self.connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        self.connection.putheader("Host", "orders.example")
        if token is not None:
            self.connection.putheader("Authorization", f"{scheme} {token}")
        for name, value in headers:
            self.connection.putheader(name, value)
        if body and "Content-Length" not in dict(headers):
            self.connection.putheader("Content-Length", str(len(body)))
        self.connection.endheaders(body or None)
        answer = self.connection.getresponse()
        text = answer.read().decode(errors="replace")
        challenges = [value for name, value in answer.getheaders() if name.lower() == "www-authenticate"]
        return SimpleNamespace(status=answer.status, headers=answer.headers, challenge=", ".join(challenges), text=text)

    def close(self):
        self.connection.close()


class Tls(http.client.HTTPConnection):
    """TLS to this machine, where the name is another; whose certificate it is is not what is tested."""

    def __init__(self, port: int, shows: Path | None):
        super().__init__("127.0.0.1", port, timeout=30)
        self.context = ssl.create_default_context()
        self.context.check_hostname, self.context.verify_mode = False, ssl.CERT_NONE
        if shows:
            self.context.load_cert_chain(shows / "cert.pem", shows / "key.pem")

    def connect(self):
        super().connect()
        self.sock = self.context.wrap_socket(self.sock, server_hostname="orders.example")


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def has_routes(port: int) -> bool:
    """Whether Traefik has read its routes, and the certificate that it makes itself: it listens before."""
    try:
        return Caller(port, tls=True).send("GET", "/health").status != 404
    except OSError:
        return False


def listens_on_loopback_alone(port: int) -> bool:
    """By the kernel's own table."""
    tables = [table for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")) if table.exists()]
    lines = [line.split() for table in tables for line in table.read_text().splitlines()[1:]]
    addresses = [line[1].split(":")[0] for line in lines if line[3] == "0A" and int(line[1].split(":")[1], 16) == port]
    return addresses == ["0100007F"]
