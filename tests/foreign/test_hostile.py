"""The hostile and the lenient tokens before verifiers of other people, and the table of where they differ from ours.

`WRITE_PAGES=1 tests/foreign/run -k hostile` writes docs/hostile-tokens.md; otherwise it is compared.
"""

import json
import os
import sys
from importlib.metadata import version

import pytest

from conftest import HERE, PYTHON
from hostile_reasons import WHY

PAGE = HERE.parent.parent / "docs" / "hostile-tokens.md"
HEADER = """\
# Hostile tokens

<!-- Written by `WRITE_PAGES=1 tests/foreign/run -k hostile` from what ran; do not edit. -->

{bad} tokens that a door must refuse and {good} unusual ones that it must accept, each with one flaw and a name. They
are made by [`hostile`](../crates/testkit/src/hostile.rs), and the tests hold us to all of them: "refused" is what
`verify` refuses, "refused by the guard" what only a guard can judge. Beside ours stand PyJWT {pyjwt} with its
PyJWKClient and jose {jose} for Node, both told the algorithms, issuer, audience, leeway and required claims, jose also
the `typ`; they judge at the same second and with the same keys.

PyJWT accepts {by_pyjwt} of the {bad}, jose {by_jose}. Most of these are no faults of theirs: a JWT library is not told
that the token is an access token, and leaves to its caller what we decide here.
"""


@pytest.fixture(scope="module")
def tokens(request, program):
    return json.loads(program(request.config.getoption("--hostile")))


@pytest.fixture(scope="module")
def pyjwt(tokens, program):
    return judged(tokens, program(sys.executable, PYTHON / "verify_hostile.py", stdin=tokens))


@pytest.fixture(scope="module")
def jose(tokens, program, built):
    return judged(tokens, program("node", built / "node" / "hostile.mjs", stdin=tokens))


def judged(tokens, output):
    answers = json.loads(output)
    assert answers.keys() == {case["name"] for case in tokens["tokens"]}
    return {name: answer.split(":")[0] for name, answer in answers.items()}


def ours(case):
    return case["ours"].split(" ")[0]


def differing(tokens, *verifiers):
    return {case["name"] for case in tokens["tokens"] if any(them[case["name"]] != ours(case) for them in verifiers)}


def test_no_verifier_falls_over(pyjwt, jose):
    """Threats §1: each token is judged; none makes a verifier fail in another way."""
    assert {*pyjwt.values(), *jose.values()} == {"accepted", "refused"}


def test_each_difference_is_explained(tokens, pyjwt, jose):
    """T-8725-01, -03, -05, -06, -08, T-9068-04: other verifiers agree with ours, or it is said why they do not."""
    assert differing(tokens, pyjwt, jose) == WHY.keys()


def test_what_is_hostile_by_its_signature_is_hostile_to_all(tokens, pyjwt, jose):
    """T-8725-01, -03: on signatures, keys and algorithms nobody differs."""
    agreed = ["T-8725-01", "T-8725-03", "T-8725-05 (the key", "T-8725-06", "T-9068-04 (iss", "threats 1 (alg none)"]
    agreed += ["threats 1 (public key", "threats 1 (ECDSA", "threats 1 (Ed25519", "threats 1 (RSA", "threats 1 (crit)"]
    cases = [case for case in tokens["tokens"] if case["id"].startswith(tuple(agreed)) and ours(case) == "refused"]
    assert len(cases) >= 140
    accepted = [case["name"] for case in cases if "accepted" in (pyjwt[case["name"]], jose[case["name"]])]
    assert accepted == ["enc-in-the-header"]


def test_the_table_is_current(tokens, pyjwt, jose, built):
    """docs/hostile-tokens.md is what ran."""
    library = json.loads((built / "node" / "node_modules" / "jose" / "package.json").read_text())["version"]
    written = page(tokens["tokens"], pyjwt, jose, library)
    if os.environ.get("WRITE_PAGES"):
        PAGE.write_text(written)
    assert PAGE.read_text() == written, "not current: WRITE_PAGES=1 tests/foreign/run -k hostile"


def page(cases, pyjwt, jose, library):
    bad = [case["name"] for case in cases if ours(case) == "refused"]
    text = HEADER.format(
        bad=len(bad), good=len(cases) - len(bad), pyjwt=version("PyJWT"), jose=library,
        by_pyjwt=sum(pyjwt[name] == "accepted" for name in bad), by_jose=sum(jose[name] == "accepted" for name in bad),
    )

    def row(case, *more):
        cells = [case["name"], case["id"], case["ours"], pyjwt[case["name"]], jose[case["name"]], *more]
        return f"| {' | '.join(cells)} |\n"

    text += "\n## Where they differ\n\n| token | id | ours | PyJWT | jose | why |\n|---|---|---|---|---|---|\n"
    text += "".join(row(case, WHY.get(case["name"], "")) for case in cases if case["name"] in WHY)
    text += "\n## Where all agree\n\n| token | id | ours | PyJWT | jose |\n|---|---|---|---|---|\n"
    return text + "".join(row(case) for case in cases if case["name"] not in WHY)
