"""What the benchmarks share: programs on a core of their own, loads on them, and what is told."""

import base64
import contextlib
import http.client
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent
BUILT = ROOT / "target" / "release"
SERVER_CORE, LOAD_CORE = "0", "1"
CPUCLOCK_SCHED = 2  # with a process id, a clock of clock_getcpuclockid(3)
PAGE = os.sysconf("SC_PAGE_SIZE")
SECRET = "a-secret-of-the-benchmark-{n}"
SCOPE = "bench:read"


# What programs are started by, so that whatever else this machine does waits for them: see `ahead_of_all`.
AHEAD = []


@contextlib.contextmanager
def ahead_of_all():
    """What is started within has real-time priority, where that is allowed: a few milliseconds that the scheduler gives to
    somebody else, once in a hundred requests, are a 99th percentile. Not for loads that fill a core."""
    chosen = ["chrt", "--rr", "1"]
    if subprocess.run([*chosen, "true"], capture_output=True).returncode:
        print("no real-time priority here: percentiles have the rest of this machine in them", file=sys.stderr)
        chosen = []
    AHEAD.extend(chosen)
    try:
        yield
    finally:
        AHEAD.clear()


class Process:
    """A program on the servers' core, with its CPU time and memory; ended by its own id."""

    core = SERVER_CORE

    def __init__(self, *command, output=None, environment=None):
        sink = open(output, "wb") if output else subprocess.DEVNULL
        self.process = subprocess.Popen(
            [*AHEAD, "taskset", "-c", self.core, *map(str, command)],
            stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, env={"PATH": os.environ["PATH"], **(environment or {})},
        )

    def cpu_seconds(self):
        return time.clock_gettime(~self.process.pid << 3 | CPUCLOCK_SCHED)  # to the nanosecond; /proc counts ticks

    def resident_mib(self):
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * PAGE / 2**20

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


class Server(Process):
    """The real server, its access log on, writing to a file."""

    def __init__(self, arguments, folder):
        self.folder = folder
        self.port, self.ops = free_port(), free_port()
        self.root = ("root-of-bench", secrets.token_urlsafe(32))
        environment = {
            "HOME": str(folder), "XDG_CONFIG_HOME": str(folder / "config"),
            "COUNTERSIGN_ROOT_CLIENT_ID": self.root[0], "COUNTERSIGN_ROOT_CLIENT_SECRET": self.root[1],
        }
        folder.mkdir(parents=True, exist_ok=True)
        self.command = [
            arguments.server, "serve", "--data", folder / "data", "--listen", f"127.0.0.1:{self.port}",
            "--ops", f"127.0.0.1:{self.ops}",
        ]
        super().__init__(*self.command, output=folder / "output", environment=environment)
        self.environment = environment
        self.path = "/realms/bench/oauth2/token"
        wait_for(self.ops, "/readyz")
        self.token = self._root_token()

    def _root_token(self):
        basic = base64.b64encode(":".join(self.root).encode()).decode()
        answer = self.ask("POST", "/realms/system/oauth2/token", "grant_type=client_credentials", {
            "Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded",
        })
        return answer["access_token"]

    def ask(self, method, path, body, headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            sys.exit(f"{method} {path}: {answer.status} {text.decode()}")
        return json.loads(text)

    @staticmethod
    def text(port, path):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", path)
        return connection.getresponse().read().decode()

    def admin(self, method, path, body):
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        return self.ask(method, f"/admin/v1{path}", json.dumps(body), headers)

    def prepare(self, algorithm):
        """The realm, its API, and client 0."""
        self.admin("POST", "/realms", {"name": "bench", "algorithm": algorithm})
        self.admin("POST", "/realms/bench/apis", {"identifier": "https://bench.example", "scopes": [{"name": SCOPE}]})
        self.api = quote("https://bench.example", safe="")
        self.add_clients(0, 1)

    def add_clients(self, first, count, connections=8, **options):
        """Clients with the numbers from `first` on, each with its grant; in batches as one connection each sends them."""
        headers = ["--header", f"Authorization: Bearer {self.token}", "--header", "Content-Type: application/json"]
        for method, path, body in (
            ("POST", "/admin/v1/realms/bench/clients", {"client_id": "svc-{n}", "secret": SECRET}),
            ("PUT", f"/admin/v1/realms/bench/clients/svc-{{n}}/grants/{self.api}", {"default": [SCOPE]}),
        ):
            report = load(
                self.port, path, json.dumps(body), *headers, method=method, connections=min(connections, count),
                requests=count, seconds=3600, **{"from": first}, **options,
            )
            good = sum(n for status, n in report["status"].items() if status.startswith("2"))
            if good != count:
                sys.exit(f"{method} {path}: {report}")


def load(port, path, body="", *more, **options):
    command = load_command(port, path, body, *more, **options)
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"load: {done.stderr}")
    return json.loads(done.stdout)


def load_command(port, path, body="", *more, **options):
    command = [*AHEAD, "taskset", "-c", LOAD_CORE, str(BUILT / "load"), "--to", f"127.0.0.1:{port}", "--path", path]
    command += ["--body", body] if body else []
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    return command + list(more)


def say(what, figure, target=""):
    print(f"{what:<66} {figure:>12,.3f}  {target}", flush=True)


def wait_for(port, path, any_status=False):
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", path)
            if connection.getresponse().status == 200 or any_status:
                return
        except OSError:
            pass
        time.sleep(0.02)
    sys.exit(f"nothing answers on port {port}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def build():
    subprocess.run(
        ["cargo", "build", "--quiet", "--locked", "--release", "--manifest-path", ROOT / "bench" / "Cargo.toml",
         "--target-dir", ROOT / "target"], check=True,
    )


def run(measures, chosen, arguments):
    """Takes the chosen measures, each in a folder of its own that is gone afterwards."""
    if unknown := set(chosen) - set(measures):
        sys.exit(f"no such measure: {', '.join(sorted(unknown))}")
    if not arguments.server.exists():
        sys.exit(f"no program at {arguments.server}: cargo build --release")
    build()
    folder = Path(tempfile.mkdtemp(prefix="countersign-bench-"))
    try:
        for name in chosen:
            measures[name](arguments, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
