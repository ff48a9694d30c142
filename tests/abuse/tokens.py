"""Forged and tampered tokens by the thousand, at the function that knows them and at the real handlers."""

import json
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import Final

from tests.abuse.api import Api
from tests.functional.test_forged_tokens import TWO_KEYS, forged
from vitrine.errors import InvalidToken
from vitrine.visitors.identity import keys_for, mint, verify

SEED: Final = 4711
REFUSED: Final = "invalid_token"
BODIES: Final = {
    "/v1/decide": {"page": {"type": "home"}, "consent": ["personalization"]},
    "/v1/events": {"consent": ["personalization"], "events": [{"id": "e", "kind": "exit_intent", "at_ms": 1}]},
    "/v1/explain": {"page": {"type": "home"}, "consent": ["personalization"]},
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many forged tokens were tried and taken; `words` are the distinct refusals, of which there is one."""

    n: int
    accepted: int
    words: frozenset[str]


def try_tokens(n: int) -> Verdict:
    """Forged tokens at the function itself."""
    accepted, words = 0, set()
    for token in islice(forged(Random(SEED)), n):
        keys = keys_for(token, lambda _: TWO_KEYS)
        assert keys is not None
        try:
            verify(token, keys)
            accepted += 1
        except InvalidToken as error:
            words.add(str(error))
    return Verdict(n, accepted, frozenset(words))


def try_routes(api: Api, n: int) -> Verdict:
    """Forged tokens at each route in turn; the API has to know TWO_KEYS."""
    accepted, words = 0, set()
    for number, token in enumerate(islice(forged(Random(SEED + 1)), n)):
        path = list(BODIES)[number % len(BODIES)]
        reply = api.send("POST", path, json.dumps({**BODIES[path], "visitor": token}).encode())
        accepted += reply.status != 401
        words.add(reply.body.decode())
    return Verdict(n, accepted, frozenset(words))


def good_tokens_pass(api: Api) -> bool:
    """The control: what the forgeries are made from is let in everywhere."""
    token = mint("plain", TWO_KEYS)
    return all(
        api.send("POST", path, json.dumps({**body, "visitor": token}).encode()).status == 200
        for path, body in BODIES.items()
    )
