"""docs/client.md as a reader follows it: its commands in their order, its programs, and whether it leaves anything out."""

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from deployment import free_port
from fronts import ROOT, Guard, Program, snippet

PAGE = (ROOT / "docs" / "client.md").read_text()
EXAMPLES = ROOT / "examples" / "clients"
TEA = '{"item": "tea"}'


def block(begins: str, holds: str = "") -> str:
    return snippet(begins, holds, PAGE)


class Reader:
    """A person with a folder, who pastes what the page says; ports are those of this run."""

    def __init__(self, binary: Path, folder: Path):
        self.binary, self.folder, self.running = binary, folder, []
        self.ports = {name: free_port() for name in ("8080", "3000", "8085")}
        (folder / "bin").mkdir()
        (folder / "bin" / "countersign").symlink_to(binary)
        self.environment = {
            "PATH": f"{folder}/bin:{os.environ['PATH']}", "HOME": str(folder), "TMPDIR": str(folder), "no_proxy": "*",
            "XDG_CONFIG_HOME": "", "XDG_CACHE_HOME": "", "XDG_RUNTIME_DIR": "",
        }

    def here(self, text: str) -> str:
        for port, ours in self.ports.items():
            text = text.replace(f":{port}", f":{ours}").replace(f"server {port} ", f"server {ours} ")
        return text

    def paste(self, text: str, expect=0) -> str:
        """What it prints."""
        done = subprocess.run(
            ["bash", "-e", "-c", self.here(text)], cwd=self.folder, env=self.environment, capture_output=True, text=True,
            timeout=60, stdin=subprocess.DEVNULL,
        )
        assert done.returncode == expect, f"{text}\nexit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def start(self, text: str, *more, port: str | None = None) -> Program:
        """A block whose last line goes on running, in a terminal of its own."""
        *lines, last = self.here(text).replace("\\\n", " ").strip().split("\n")
        self.paste("\n".join(lines))
        folder = self.folder / f"terminal-{len(self.running)}"
        folder.mkdir()
        command = ["env", "-C", self.folder, *shlex.split(last), *more]
        self.running.append(Program(command, folder, port and self.ports[port], self.environment))
        return self.running[-1]

    def guard(self, text: str) -> None:
        folder = self.folder / "guard"
        folder.mkdir()
        self.running.append(Guard(self.binary, folder, self.here(text)))
        self.ports["8081"] = self.running[-1].port

    def stop(self) -> None:
        ends = [program.stop() for program in reversed(self.running)]
        said = "".join(program.said() for program in self.running)
        tokens = re.findall(r"\beyJ[\w-]+\.[\w-]+\.[\w-]+", said)
        secrets = [secret for secret in re.findall(r"csk_\w{50,}", said)]
        assert not tokens and not secrets, "what the programs say holds a token or a secret"
        # python3 -m http.server knows no polite end
        assert [end for end in ends if end not in (0, -15)] == [], said


@pytest.fixture(scope="module")
def reader(request, tmp_path_factory):
    """Somebody who has pasted the page's five minutes, up to the calls."""
    binary = Path(request.config.getoption("--binary")).resolve()
    reader = Reader(binary, tmp_path_factory.mktemp("reader"))
    try:
        listen = ("--listen", f"127.0.0.1:{reader.ports['8080']}", "--ops", f"127.0.0.1:{free_port()}")
        server = reader.start(block("countersign serve"), *listen, port="8080")
        server.wait((reader.folder / ".config" / "countersign" / "contexts.toml").exists)
        reader.paste(block("countersign realm create"))
        reader.start(block("mkdir -p orders"), port="3000")
        reader.guard(block("countersign guard proxy"))
        reader.paste(block("(umask 077 && countersign secret create"))
        yield reader
    finally:
        reader.stop()


def test_from_nothing_to_a_guarded_call(reader):
    """Issue 5, "done when": by copy and paste."""
    said = reader.paste(block("curl -i http://127.0.0.1:8081/1"))
    assert " 401 Unauthorized" in said and said.endswith(f"{TEA}\n"), said
    assert reader.paste(block("printf 'Authorization: Bearer %s' \"$(countersign token")) == f"{TEA}\n"


def test_without_a_context(reader):
    """Issue 5: by flags, and by variables; the secret is in no argument and for its owner alone."""
    assert (reader.folder / "svc.secret").stat().st_mode & 0o777 == 0o600
    token = reader.paste(block("countersign token --issuer http://localhost:8080"))
    assert len(token.split(".")) == 3
    assert reader.paste(block("export COUNTERSIGN_ISSUER=")) == f"{TEA}\n"


def test_exec(reader):
    assert reader.paste(block("countersign exec")) == f"{TEA}\n"


@pytest.fixture(scope="module")
def agents(reader):
    """The agent of the page, on its socket and on its port."""
    (reader.folder / "agent.toml").write_text(reader.here(block("# agent.toml")))
    reader.start(block("countersign agent --socket")).wait((reader.folder / "agent.sock").exists)
    reader.start(block("countersign agent --listen"), port="8085")


def test_agent(reader, agents):
    """Issue 5: one line in any language, and a good token."""
    commands = {
        "curl": block("curl -sS --fail --unix-socket"),
        "port": block("printf 'Authorization: Bearer %s' \"$(cat agent.key)\""),
        "python": f"python3 -c {shlex.quote(block('# a token of the agent, in Python'))}",
        "node": f"node -e {shlex.quote(block('// a token of the agent, in Node'))}",
    }
    for name, command in commands.items():
        token = reader.paste(command).strip()
        assert len(token.split(".")) == 3, name
        (reader.folder / "header").write_text(f"Authorization: Bearer {token}")
        assert reader.paste("curl -sS -H @header http://127.0.0.1:8081/1") == f"{TEA}\n", name


@pytest.mark.parametrize("language, file", [
    ("bash", "curl/call.sh"), ("python", "python/call.py"), ("js", "node/call.mjs"), ("go", "go/main.go"),
])
def test_other_languages_are_what_runs(language, file):
    """Issue 5: CI runs the page's snippets; test_client_examples.py runs these files."""
    assert f"\n```{language}\n{(EXAMPLES / file).read_text()}```\n" in PAGE, f"examples/clients/{file} is another"


def test_credentials_are_the_examples_diffs():
    """Issue 5, "done when": each differs from the base example by a diff, which its own test runs."""
    diffs = {file.stem: file.read_text() for file in (ROOT / "crates" / "client" / "examples").glob("*.diff")}
    diffs.pop("revoke")  # no credential, but what else there is to ask
    shown = re.findall(r"^```diff\n(.*?)^```$", PAGE, re.M | re.S)
    found = [name for text in shown for name, diff in diffs.items() if text in diff]
    assert sorted(found) == sorted(diffs), "docs/client.md shows other diffs than there are"


@pytest.mark.parametrize("command", ["token", "call", "exec", "agent"])
def test_no_flag_is_left_out(command, request):
    binary = Path(request.config.getoption("--binary")).resolve()
    text = subprocess.run([binary, command, "--help"], capture_output=True, text=True, check=True).stdout
    flags = set(re.findall(r"^ +(?:-\w, )?(--[a-z-]+)", text, re.M)) - {"--help"}
    section = PAGE[PAGE.index("## Flags and variables"):PAGE.index("## What it protects")]
    told = set(re.findall(r"--[a-z-]+", section))
    assert flags and flags <= told, f"docs/client.md does not tell of {flags - told}"


def test_no_setting_of_the_agent_is_left_out(reader):
    """By what the agent itself says of a setting that there is not."""
    (reader.folder / "wrong.toml").write_text("[context.a]\nzzzzzzzzzz = 1\n")
    command = "countersign agent --socket no.sock --config wrong.toml 2>&1"
    said = reader.paste(command, expect=1).split("there are ")[1].split("\n")[0]
    table = PAGE[PAGE.index("| key of `[context.NAME]`"):]
    keys = [key.strip() for key in said.split(",")]
    assert len(keys) > 10 and not [key for key in keys if f"`{key}`" not in table]
