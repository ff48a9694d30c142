"""Credentials from variables, from a container's endpoint that also fails, and from botocore."""

import time
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from tests.contract.rough_server import Manner, RoughServer, drips, hang, http, says, sends
from vitrine.adapters.credentials import (
    PAUSE_S,
    RENEW_BEFORE_S,
    CredentialSource,
    RenewedCredentials,
    credential_source,
)
from vitrine.adapters.sigv4 import Credentials
from vitrine.errors import DeadlineExceeded, DependencyFailed

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC).timestamp()
SAID = {"AccessKeyId": "A1", "SecretAccessKey": "s1", "Token": "t1", "Expiration": "2026-11-02T18:00:00Z"}


def soon(seconds: float = 5.0) -> float:
    """A deadline."""
    return time.monotonic() + seconds


def container(server: RoughServer, **variables: str) -> dict[str, str]:
    """The environment of a container, or of a function restored from a snapshot."""
    uri = f"{server.address}/2021-04-23/credentials?x=1"
    return {"AWS_CONTAINER_CREDENTIALS_FULL_URI": uri, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "let me", **variables}


def test_variables_come_first() -> None:
    """With the token of the session, if there is one."""
    keys = {"AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "s"}
    both = {**keys, "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:9/"}
    assert credential_source(both)(soon()) == Credentials("A", "s")
    assert credential_source({**keys, "AWS_SESSION_TOKEN": "t"})(soon()) == Credentials("A", "s", "t")


def test_a_reset_reads_the_variables_anew() -> None:
    """What a restored snapshot finds in its environment."""
    env = {"AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "s"}
    source = credential_source(env)
    source(soon())
    env["AWS_ACCESS_KEY_ID"] = "B"
    assert source(soon()).access_key == "A"
    source.reset()
    assert source(soon()).access_key == "B"


def test_the_container_is_asked_as_aws_says(tmp_path: Path) -> None:
    """The path as it is, the token in the header; a file's token is the one that counts."""
    file = tmp_path / "token"
    file.write_text("of the file", "ascii")
    with RoughServer(says(SAID)) as server:
        found = credential_source(container(server))(soon())
        credential_source(container(server, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=str(file)))(soon())
    assert found == Credentials("A1", "s1", "t1", NOON + 6 * 3600)
    heads = [head.decode().split("\r\n") for head, _ in server.requests]
    assert heads[0][0] == "GET /2021-04-23/credentials?x=1 HTTP/1.1"
    assert "authorization: let me" in heads[0]
    assert "authorization: of the file" in heads[1]


BAD: dict[str, Manner] = {
    "no JSON": sends(http(b"no")),
    "nothing": says({}),
    "a half": says({"AccessKeyId": "A", "SecretAccessKey": "", "Token": "t"}),
    "no instant": says({**SAID, "Expiration": "soon"}),
    "a refusal": says({"message": "who are you"}, 401),
    "no answer": lambda caller: caller.end(),
}


@pytest.mark.parametrize("fault", BAD)
def test_an_endpoint_that_answers_badly_is_a_failed_dependency(fault: str) -> None:
    """And what it said of secrets is not repeated."""
    with RoughServer(BAD[fault]) as server, pytest.raises(DependencyFailed, match="credentials") as failed:
        credential_source(container(server))(soon())
    assert "s1" not in str(failed.value)


@pytest.mark.parametrize("manner", [hang, drips(http(orjson.dumps(SAID)))])
def test_an_endpoint_that_keeps_us_waiting_is_given_up(manner: Manner) -> None:
    """The deadline is that of the call which needs them."""
    with RoughServer(manner) as server:
        started = time.monotonic()
        with pytest.raises(DeadlineExceeded):
            credential_source(container(server))(soon(0.1))
        assert time.monotonic() - started < 3  # a drip takes twice as long


@pytest.mark.parametrize(
    "url", ["http://example.com/x", "http://10.0.0.1/", "ftp://127.0.0.1/", "127.0.0.1", "http://"]
)
def test_strangers_are_not_asked(url: str) -> None:
    """Without TLS only the hosts that AWS names."""
    with pytest.raises(DependencyFailed):
        credential_source({"AWS_CONTAINER_CREDENTIALS_FULL_URI": url})(soon())


def test_a_token_of_two_lines_is_refused() -> None:
    """It would write headers of its own."""
    env = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:9/"}
    with pytest.raises(DependencyFailed, match="more than one line"):
        credential_source({**env, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "a\r\nb: c"})(soon())


class Wall:
    """A wall clock, by hand, and credentials that are good for an hour from when they are fetched."""

    def __init__(self) -> None:
        self.now = NOON
        self.fetched = 0
        self.is_down = False

    def fetch(self, ends_s: float) -> Credentials:
        self.fetched += 1
        if self.is_down:
            raise DependencyFailed("credentials", "down")
        return Credentials(f"A{self.fetched}", "s", "t", self.now + 3600)


@pytest.fixture
def wall() -> Wall:
    """A fresh one."""
    return Wall()


def source_of(wall: Wall) -> CredentialSource:
    """Credentials of the wall."""
    return RenewedCredentials(wall.fetch, lambda: wall.now)


def test_credentials_are_renewed_before_they_expire(wall: Wall) -> None:
    """Not at every call, and not too late."""
    source = source_of(wall)
    assert [source(soon()).access_key for _ in range(3)] == ["A1"] * 3
    wall.now += 3600 - RENEW_BEFORE_S
    assert source(soon()).access_key == "A2"


def test_old_credentials_go_on_while_there_are_no_new_ones(wall: Wall) -> None:
    """They are good until they expire; the endpoint is asked now and then, and after that it is an outage."""
    source = source_of(wall)
    source(soon())
    wall.now, wall.is_down = NOON + 3600 - RENEW_BEFORE_S, True
    assert [source(soon()).access_key for _ in range(3)] == ["A1"] * 3
    assert wall.fetched == 2
    wall.now += PAUSE_S
    assert source(soon()).access_key == "A1"
    assert wall.fetched == 3
    wall.now = NOON + 3600
    with pytest.raises(DependencyFailed):
        source(soon())
    wall.is_down = False
    assert source(soon()).access_key == "A5"


def test_profiles_are_botocores_business(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A laptop's files work, and having none says what to do."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    with pytest.raises(DependencyFailed, match="set AWS_PROFILE"):
        credential_source({})(soon())
    (tmp_path / "credentials").write_text("[default]\naws_access_key_id=P\naws_secret_access_key=q\n", "ascii")
    assert credential_source({})(soon()) == Credentials("P", "q")
