"""Other people's client libraries: how each is run, and what is known of it and then tested.

Each program takes `take`, `refused` or `call` and a case on standard input; `python/`, `node/`, `go/` and `rust/` have them.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass

from conftest import HERE, PYTHON


@dataclass(frozen=True)
class Library:
    name: str
    language: str
    package: str
    program: str
    # How it finds the token endpoint, and the ways to send a secret; the program tries each with each.
    discovery: tuple[str, ...]
    ways: tuple[str, ...]
    # How many seconds before its end it no longer uses a token; None where keeping one is left to the caller.
    early: int | None
    # How it tells of a refused secret, where not as `invalid_client`.
    tells: tuple[str, ...] = ()
    remark: str = ""
    newest: bool = False

    @property
    def id(self) -> str:
        return f"{self.package}{'-newest' if self.newest else ''}"

    def run(self, setting, what: str, case: dict):
        """Runs its program to the end; what it printed."""
        done = subprocess.run(
            [str(part) for part in (*self._command(setting), what)], input=json.dumps(case), capture_output=True,
            text=True, timeout=60,
        )
        assert done.returncode == 0, f"{self.name}: {what}\n{done.stdout}\n{done.stderr}"
        return json.loads(done.stdout)

    def version(self, setting) -> str:
        """The version that is installed, by its own package manager's word."""
        match self.language:
            case "Python":
                asked = f"from importlib.metadata import version; print(version({self.package!r}))"
                return subprocess.run([self._python(setting), "-c", asked], capture_output=True, text=True, check=True).stdout.strip()
            case "Node":
                return json.loads((setting.built / "node" / "node_modules" / self.package / "package.json").read_text())["version"]
            case "Go":
                return self._pinned("go/go.mod", rf"{re.escape(self.package)} v(\S+)")
            case "Rust":
                return self._pinned("rust/Cargo.lock", rf'name = "{self.package}"\nversion = "([^"]+)"')

    def _command(self, setting):
        match self.language:
            case "Python":
                return self._python(setting), PYTHON / self.program
            case "Node":
                return "node", setting.built / "node" / self.program
            case "Go" | "Rust":
                return (setting.built / self.program,)

    def _python(self, setting):
        return setting.newest_python if self.newest else sys.executable

    @staticmethod
    def _pinned(file: str, pattern: str) -> str:
        return re.search(pattern, (HERE / file).read_text())[1]


BOTH = ("RFC 8414", "OIDC")
BASIC_AND_BODY = ("Basic", "body")
WITHOUT_RESOURCE = (
    "the first token is fetched by hand; renews without `resource`, which then is the client's default API: see below"
)
TELLS_BASIC = ("challenge Basic", "`invalid_client`")

LIBRARIES = [
    Library(
        "Authlib OAuth2Session", "Python", "Authlib", "authlib_session.py", (), BASIC_AND_BODY, 60, remark=WITHOUT_RESOURCE,
    ),
    Library(
        "Authlib OAuth2Session", "Python", "Authlib", "authlib_session.py", (), BASIC_AND_BODY, 60, remark=WITHOUT_RESOURCE,
        newest=True,
    ),
    Library(
        "requests-oauth2client", "Python", "requests-oauth2client", "requests_oauth2client_session.py", ("OIDC",),
        BASIC_AND_BODY, 20, remark="renews by itself, with the same `resource`",
    ),
    Library(
        "MSAL's OAuth client", "Python", "msal", "msal_posts.py", (), BASIC_AND_BODY, None,
        remark="posts what MSAL posts, `client_info` and all; MSAL's applications above it want an authorization endpoint, which we have none of",
    ),
    Library(
        "oauth4webapi", "Node", "oauth4webapi", "token.mjs", BOTH, BASIC_AND_BODY, None, TELLS_BASIC,
        "a 401 with a challenge is told as the challenge, not by its body",
    ),
    Library(
        "openid-client", "Node", "openid-client", "openid-client.mjs", BOTH, BASIC_AND_BODY, None, TELLS_BASIC,
        "keeps no token; `expiresIn()` says how long one lives",
    ),
    Library(
        "oauth2", "Rust", "oauth2", "rust/debug/countersign-foreign-tests", (), BASIC_AND_BODY, None,
        remark="its HTTP client is the caller's choice, here ureq",
    ),
    Library(
        "x/oauth2/clientcredentials", "Go", "golang.org/x/oauth2", "go-foreign", (), ("Basic", "body", "tried out"), 10,
        remark="its `Client` renews by itself, with the same `resource`",
    ),
]
