"""Token keys that follow the secret: rotation, outage, and how often the secret is asked."""

import json
import time
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest

from tests.contract.local_stack import account, maker
from tests.contract.slow_server import Server
from vitrine.adapters.rotating_keys import PAUSE, PAUSE_WITHOUT_KEYS, TTL, RotatingKeys
from vitrine.adapters.secrets_manager import Secret
from vitrine.errors import DependencyFailed, InvalidToken
from vitrine.visitors.identity import keys_for, mint, parse_keys, verify

K1 = json.dumps({"kid": "k1", "key": "a" * 64})
K2 = json.dumps({"kid": "k2", "key": "b" * 64, "old": {"k1": "a" * 64}})
TOKEN_1, TOKEN_2 = mint("h1", parse_keys(K1)), mint("h1", parse_keys(K2))
DOWN = "InternalServiceError"


class Watch:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 2, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def turn(self, by: timedelta) -> None:
        """Let time pass."""
        self.now += by


def source(watch: Watch, *answers: str) -> RotatingKeys:
    """Keys from a secret that says these things in this order; DOWN is an outage. One call more is a failure."""
    said = iter(answers)

    def read(timeout_s: float) -> str:
        text = next(said)
        if text == DOWN:
            raise DependencyFailed("secret", DOWN)
        return text

    return RotatingKeys(read, watch, wait_s=5.0)


def current(keys: RotatingKeys, unknown_kid: str | None = None) -> str | None:
    """The id of the key that signs."""
    found = keys(unknown_kid)
    return None if found is None else found.current


def test_the_secret_is_read_once_within_its_time() -> None:
    """Requests wait for no reading while what is known is fresh."""
    watch = Watch()
    keys = source(watch, K1)
    keys.begin()
    keys.wait()
    for _ in range(3):
        assert current(keys) == "k1"
        watch.turn(TTL / 4)


def test_a_rotation_is_seen_when_the_time_is_over() -> None:
    """Without a deployment, also in an environment restored from an old snapshot."""
    watch = Watch()
    keys = source(watch, K1, K2)
    assert current(keys) == "k1"
    watch.turn(TTL)
    assert current(keys) == "k2"


def test_a_token_of_a_key_just_made_is_known_at_once() -> None:
    """Another function has seen the rotation first and minted with the new key."""
    watch = Watch()
    keys = source(watch, K1, K2)
    assert current(keys) == "k1"
    watch.turn(PAUSE)
    found = keys_for(TOKEN_2, keys)
    assert found is not None
    assert verify(TOKEN_2, found) == "h1"
    assert verify(TOKEN_1, found) == "h1"


def test_invented_key_ids_read_the_secret_once_in_a_while() -> None:
    """A flood of forged tokens makes one reading per pause; all are refused in the usual words."""
    watch = Watch()
    keys = source(watch, K1, K1)
    assert current(keys) == "k1"
    watch.turn(PAUSE)
    for n in range(50):
        found = keys_for(f"v1.x{n}.h1.mac", keys)
        assert found is not None
        with pytest.raises(InvalidToken, match="not one of ours"):
            verify(f"v1.x{n}.h1.mac", found)


@pytest.mark.parametrize("token", ["v1.k1.h1.forged", "v1.k 9.h1.mac", "v2.k9.h1.mac", "v1.k9.mac", "", "k9"])
def test_other_forged_tokens_read_nothing(token: str) -> None:
    """Only a well-formed token of an unknown key can be one of a rotation."""
    watch = Watch()
    keys = source(watch, K1)
    assert current(keys) == "k1"
    watch.turn(PAUSE)
    assert keys_for(token, keys) is not None


def test_the_last_good_keys_outlive_an_outage() -> None:
    """Nobody becomes a stranger because Secrets Manager is down; it is asked again after a pause."""
    watch = Watch()
    keys = source(watch, K1, DOWN, "not a secret", K2)
    assert current(keys) == "k1"
    watch.turn(TTL)
    assert [current(keys), current(keys)] == ["k1", "k1"]
    watch.turn(PAUSE)
    assert current(keys) == "k1"
    watch.turn(PAUSE)
    assert current(keys) == "k2"


def test_no_keys_are_none_until_there_are_some() -> None:
    """An environment that starts in an outage says so, and recovers by itself within a second."""
    watch = Watch()
    keys = source(watch, DOWN, K1)
    keys.begin()
    keys.wait()
    assert keys_for(TOKEN_1, keys) is None
    watch.turn(PAUSE_WITHOUT_KEYS)
    assert current(keys) == "k1"


def test_a_clock_set_back_does_not_keep_old_keys() -> None:
    """What was read "in the future" is as old as it can be."""
    watch = Watch()
    keys = source(watch, K1, K2)
    assert current(keys) == "k1"
    watch.turn(-timedelta(days=1))
    assert current(keys) == "k2"


def test_a_restore_reads_anew_and_keeps_the_keys_meanwhile() -> None:
    """What a restored snapshot does first: its first request knows the keys of a rotation that happened meanwhile."""
    keys = source(Watch(), K1, DOWN, K2)
    assert current(keys) == "k1"
    keys.begin()
    assert current(keys) == "k1"
    keys.begin()
    assert current(keys) == "k2"


def test_a_secret_that_hangs_costs_no_more_than_the_wait(slow_server: Server) -> None:
    """Whoever comes first waits its share and gets None; nobody behind waits again within the pause."""
    slow_server.manner = "drip"
    keys = RotatingKeys(Secret("tokens", account(slow_server.address)).read, Watch(), wait_s=0.05)
    assert keys(None) is None
    assert keys(None) is None
    assert slow_server.asked <= 1


def test_an_answer_after_the_wait_serves_the_next_call() -> None:
    """Nobody waits for it, and it is not lost."""
    go, done = Event(), Event()

    def read(timeout_s: float) -> str:
        go.wait(5.0)
        try:
            return K1
        finally:
            done.set()

    keys = RotatingKeys(read, Watch(), wait_s=0.01)
    assert keys(None) is None
    go.set()
    done.wait(5.0)
    for _ in range(100):
        if current(keys) == "k1":
            return
        time.sleep(0.01)
    pytest.fail("the late answer was lost")


@pytest.mark.stack
def test_a_rotated_secret_on_the_stack_is_followed(stack: str) -> None:
    """The real call and the real answer."""
    client, watch = maker("secretsmanager", stack)(), Watch()
    client.create_secret(Name="rotating", SecretString=K1)
    keys = RotatingKeys(Secret("rotating", account(stack)).read, watch, wait_s=5.0)
    assert current(keys) == "k1"
    client.put_secret_value(SecretId="rotating", SecretString=K2)
    watch.turn(PAUSE)
    assert current(keys, "k2") == "k2"
