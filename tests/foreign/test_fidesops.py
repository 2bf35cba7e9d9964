"""fidesops users' scripts, unchanged but for the URL."""

import sys

import pytest
import requests

from conftest import PYTHON


@pytest.fixture(scope="module", params=["FIDESOPS__SECURITY__OAUTH_ROOT_CLIENT", "COUNTERSIGN_ROOT_CLIENT"])
def fidesops(request, start):
    """A server whose root client comes from the environment, under its own names and under fidesops'."""
    server = start("--default-realm", "fides", root_names=request.param)
    server.admin().realm("fides", template="fidesops")
    return server


def test_root_makes_a_client_that_takes_a_token(fidesops, program):
    """Dialects d.0: the whole flow, with the root client that the environment names."""
    said = program(sys.executable, PYTHON / "fidesops_flow.py", fidesops.url, fidesops.root_id, fidesops.root_secret)
    _, secret, token = said.split()
    fidesops.confidential |= {secret, token}


def test_a_wrong_secret_is_told_as_fidesops_tells_it(fidesops):
    """Dialects c.1: 401 with FastAPI's detail and no challenge."""
    data = {"grant_type": "client_credentials", "client_id": fidesops.root_id, "client_secret": "not the secret"}
    answer = requests.post(f"{fidesops.url}/api/v1/oauth/token", data=data)
    assert (answer.status_code, answer.json()) == (401, {"detail": "Authentication Failure"})
    assert "WWW-Authenticate" not in answer.headers
