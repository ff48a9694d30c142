"""Parsers of what callers send: bodies, tokens, headers, paths, and what the network answers us."""

import json
from typing import Any, Final

import orjson

from tests.abuse.bombs import BODIES
from tests.abuse.fuzz import Parser
from tests.abuse.good import GOOD
from tests.abuse.mutations import damaged, damaged_text, spoilt_json
from tests.golden.world import KEYS
from vitrine.adapters.clock import instant_of
from vitrine.api.decide import DecideBody, address_of
from vitrine.api.events import EventsBody
from vitrine.api.explain import ExplainBody
from vitrine.api.http import read_body
from vitrine.api.regex import compile_regex
from vitrine.api.strict_json import MAX_BODY_BYTES, parse_object
from vitrine.api.viewer import viewer_of
from vitrine.catalog.pictures import draw_picture
from vitrine.errors import DependencyFailed, InvalidRequest, InvalidToken
from vitrine.local.http_payload import MalformedResult, read_answer
from vitrine.visitors.identifiers import identify, parse_digest
from vitrine.visitors.identity import keys_for, mint, parse_keys, verify

GOOD_TOKEN: Final = mint("plain", KEYS)
SECRET: Final = json.dumps({"kid": "k2", "key": "a" * 40, "old": {"k1": "b" * 40}})
DEEP: Final = 200
PLACES: Final = ("US", "OH", "Columbus", "S%C3%A3o Paulo", "39.96", "-83.0")


def agree(body: bytes) -> None:
    """What parse_object takes is what the standard library's parser reads, which shows every key; nearly all of what
    that one takes is taken."""
    expected = _by_the_book(body)
    try:
        found: Any = parse_object(body)
    except InvalidRequest:
        found = None
    is_deep = body.count(b"[") + body.count(b"{") > DEEP  # how deep is too deep depends on who calls
    assert found == expected or (found is None and is_deep), f"{found!r} is not {expected!r}"


def _by_the_book(body: bytes) -> Any:
    """The object, None for what is none or what orjson refuses. Integers beyond 64 bits are floats, as it has them."""
    try:
        orjson.loads(body)
        plain = json.loads(body, object_pairs_hook=_distinct, parse_int=_integer)
    except (ValueError, RecursionError):
        return None
    return plain if isinstance(plain, dict) and len(body) <= MAX_BODY_BYTES else None


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return dict(pairs)


def _integer(digits: str) -> int | float:
    return int(digits) if -(2**63) <= float(digits) < 2**64 and len(digits) < 21 else float(digits)


def decide(body: bytes) -> object:
    """As POST /v1/decide reads it."""
    return DecideBody.from_body(body).to_domain("h1", "h2")


def explain(body: bytes) -> object:
    """As POST /v1/explain reads it."""
    return ExplainBody.from_body(body).to_domain("h1", "h2")


def collect(body: bytes) -> object:
    """As POST /v1/events reads it; events that are refused one by one do not raise."""
    return EventsBody.from_body(body).to_domain("h1")


def recognise(token: str) -> object:
    """A token that is taken is the good one: nobody can make another."""
    keys = keys_for(token, lambda _: KEYS)
    assert keys is not None
    visitor = verify(token, keys)
    assert token == GOOD_TOKEN, "a forged token is accepted"
    return visitor


def look_around(text: str) -> object:
    """The text in each of the headers that tell a place."""
    names = ("country", "country-region", "city", "latitude", "longitude")
    return viewer_of({f"CloudFront-Viewer-{name}": text for name in names})


def search(pattern: str) -> object:
    """Compiled, and then looked for where careless engines count for hours."""
    return compile_regex(pattern)("a" * 4000 + "!")


def identifiers(text: str) -> object:
    """The text as each kind of identifier."""
    return identify("email", text, "49"), identify("phone", text, "49"), parse_digest(text)


def transport(body: str) -> object:
    """The body as base64 and as text."""
    return read_body({"body": body, "isBase64Encoded": True}), read_body({"body": body, "isBase64Encoded": False})


_BODIES: Final = {name: spoilt_json([body]) | damaged(list(BODIES.values())) for name, body in GOOD.items()}

PARSERS: Final = (
    Parser("strict JSON", agree, damaged([*BODIES.values(), *(json.dumps(one).encode() for one in GOOD.values())])),
    Parser("body of decide", decide, _BODIES["POST /v1/decide"], (InvalidRequest,)),
    Parser("body of explain", explain, _BODIES["POST /v1/explain"], (InvalidRequest,)),
    Parser("body of events", collect, _BODIES["POST /v1/events"], (InvalidRequest,)),
    Parser("body in transport", transport, damaged_text(["eyJhIjoxfQ==", '{"a":1}']), (InvalidRequest,)),
    Parser("visitor token", recognise, damaged_text([GOOD_TOKEN]), (InvalidToken,)),
    Parser("token secret", parse_keys, damaged_text([SECRET]), (DependencyFailed,)),
    Parser("viewer headers", look_around, damaged_text(PLACES)),
    Parser("referrer", address_of, damaged_text(["https://u:p@search.example:8080/a?b#c", "/shop", "//[::1]/a"])),
    Parser("decision id", instant_of, damaged_text(["01m80mre83gycs2cjnw2872rm8"]), (ValueError,)),
    Parser("picture path", draw_picture, damaged_text(["/media/grocery/milk.svg"]), (InvalidRequest,)),
    Parser("regular expression", search, damaged_text(["^a(b|c)*$", "(a+)+$", "[a-z]{1,3}\\p{L}"]), (ValueError,)),
    Parser("e-mail and phone", identifiers, damaged_text(["Ann@Example.com", "+49 170 1234567", "a" * 64])),
    Parser(
        "a function's result",
        read_answer,
        damaged([b'{"statusCode":200,"headers":{"a":1},"body":"b"}']),
        (MalformedResult,),
    ),
)
