"""Forged visitor tokens at both routes: thousands, none accepted, and no answer tells who exists."""

import string
from collections.abc import Iterator
from random import Random

import pytest

from tests.functional.collect_rig import FIRST, FIRST_TOKEN, KEYS, NOW_MS, Rig, batch, event
from tests.functional.handlers import call, recorded_event, with_body
from tests.golden.world import KEYS as WORLD_KEYS
from tests.golden.world import World
from vitrine.errors import InvalidToken
from vitrine.visitors.identity import TokenKeys, keys_for, mint, verify

N_FORGED = 2_000
TWO_KEYS = TokenKeys("k2", {"k1": b"1" * 64, "k2": b"2" * 64})
LETTERS = string.ascii_letters + string.digits + "-_.=~ "


def forged(random: Random) -> Iterator[str]:
    """Tokens that are nearly good, in turn: flipped, of another key, audience or key id, cut, spliced, re-lettered."""
    while True:
        visitor, other = (f"{random.getrandbits(128):032x}" for _ in range(2))
        good = mint(visitor, TWO_KEYS)
        at = random.randrange(len(good))
        yield good[:at] + chr(ord(good[at]) ^ (1 << random.randrange(7))) + good[at + 1 :]
        yield mint(visitor, TokenKeys("k2", {"k2": random.randbytes(64)}))
        yield mint(visitor, TWO_KEYS, audience="console")
        yield good.replace("v1.k2.", "v1.k1.")
        yield good[:at]
        yield good.replace(visitor, other)
        yield good.rsplit(".", 1)[0] + "." + mint(other, TWO_KEYS).rsplit(".", 1)[1]
        yield good[:at] + random.choice(LETTERS.replace(good[at], "")) + good[at + 1 :]


def test_no_forged_token_is_accepted() -> None:
    """The control comes first: the token they are all made from is good."""
    assert verify(mint("h1", TWO_KEYS), TWO_KEYS) == "h1"
    for _, token in zip(range(N_FORGED), forged(Random(4711)), strict=False):
        keys = keys_for(token, lambda _: TWO_KEYS)
        assert keys is not None
        with pytest.raises(InvalidToken) as caught:
            verify(token, keys)
        assert (caught.value.message, caught.value.field) == ("the visitor token is not one of ours", "visitor")


def test_a_forged_token_is_refused(rig: Rig) -> None:
    """Another visitor's id under one's own MAC changes nobody's profile."""
    status, answer = rig.post(batch(event(), visitor=FIRST_TOKEN.replace(FIRST, "f" * 32)))
    assert status == 401
    assert answer == {
        "error": {"code": "invalid_token", "message": "the visitor token is not one of ours", "field": "visitor"}
    }
    assert rig.table.rows == {}


def test_collect_does_not_tell_who_exists(rig: Rig) -> None:
    """Whether the visitor is stored or not, the answer to a forged token is the same to the byte."""
    rig.post(batch(event()))
    n_reads = rig.table.reads
    answers = []
    for visitor in (FIRST, "f" * 32):
        token = mint(visitor, TokenKeys(KEYS.current, {KEYS.current: b"x" * 64}))
        sent = with_body(recorded_event("collect"), batch(event(at_ms=NOW_MS), visitor=token))
        answers.append(rig.module.handler(sent, None))
    assert answers[0] == answers[1]
    assert answers[0]["statusCode"] == 401
    assert rig.table.reads == n_reads


def test_decide_does_not_tell_who_exists() -> None:
    """As above, for the page view."""
    world = World()
    answers = []
    for visitor in ("h1", "nobody"):
        token = mint(visitor, TokenKeys(WORLD_KEYS.current, {WORLD_KEYS.current: b"x" * 64}))
        body = {"page": {"type": "home"}, "consent": ["personalization"], "visitor": token}
        answers.append(call(world.app, with_body(recorded_event("decide"), body)))
    assert answers[0] == answers[1]
    assert answers[0][0] == 401
    assert world.records.records == []
