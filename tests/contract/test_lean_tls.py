"""TLS: only who proves to be the host is spoken to, and the handshake keeps to the deadline."""

import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from tests.contract.rough_server import RoughServer, hang, http, sends
from vitrine.adapters.aws_account import AwsAccount
from vitrine.adapters.dynamodb_page import DynamoPageTable
from vitrine.errors import DeadlineExceeded, DependencyFailed
from vitrine.types import Absent, Key

KEY = Key("I#a", "CARD")
ANSWER = http(orjson.dumps({"Responses": {"t": []}, "UnprocessedKeys": {}}))
MAKE = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost, with its key in the same file."""
    folder = tmp_path_factory.mktemp("tls")
    names = ["-addext", "subjectAltName=DNS:localhost", "-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run([*MAKE.split(), *names], cwd=folder, check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_bytes((folder / "cert.pem").read_bytes() + (folder / "key.pem").read_bytes())
    return both


@pytest.fixture
def server(certificate: Path) -> Iterator[RoughServer]:
    """A server that is localhost."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with RoughServer(sends(ANSWER), context=context) as running:
        yield running


def table(host: str, server: RoughServer, **variables: str) -> DynamoPageTable:
    """A table behind TLS, known by that name."""
    env = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_REGION": "us-east-1", **variables}
    return DynamoPageTable("t", AwsAccount({**env, "AWS_ENDPOINT_URL": f"https://{host}:{server.port}"}))


def test_a_trusted_host_is_read_over_one_connection(server: RoughServer, certificate: Path) -> None:
    """With the authorities that the environment names."""
    reads = table("localhost", server, AWS_CA_BUNDLE=str(certificate))
    for _ in range(3):
        assert reads.read([KEY], 5.0) == {KEY: Absent.MISSING}
    assert len(server.requests) == 3
    assert server.accepted <= 2  # one of the two addresses of localhost may be another's


def test_another_host_with_a_good_certificate_is_refused(server: RoughServer, certificate: Path) -> None:
    """The certificate is for localhost, not for its number."""
    with pytest.raises(DependencyFailed):
        table("127.0.0.1", server, AWS_CA_BUNDLE=str(certificate)).read([KEY], 5.0)
    assert server.requests == []


def test_an_unknown_authority_is_refused(server: RoughServer) -> None:
    """The system's authorities did not sign it."""
    with pytest.raises(DependencyFailed):
        table("localhost", server).read([KEY], 5.0)
    assert server.requests == []


def test_a_handshake_that_hangs_is_given_up(certificate: Path) -> None:
    """A server that takes the connection and says nothing."""
    with RoughServer(hang) as server:
        started = time.monotonic()
        with pytest.raises(DeadlineExceeded):
            table("127.0.0.1", server, AWS_CA_BUNDLE=str(certificate)).read([KEY], 0.1)
        assert time.monotonic() - started < 3
