"""The record of a decision: what people read of it, and what comes back for a replay."""

import zlib
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrine import keys
from vitrine.catalog.items import Card
from vitrine.decisions.answers import Answer, Considered, Decision, Reason, Shelf, Slot
from vitrine.decisions.body import decision_body
from vitrine.decisions.context import Context, DecisionRequest, Options, Preview, Whereabouts
from vitrine.decisions.packing import pack, unpack
from vitrine.decisions.record import STEP_BYTES, digest_of_answer, parse_record, plain_record, record_of
from vitrine.decisions.tape import Tape
from vitrine.errors import InvalidRecord
from vitrine.types import CartLine, Geo, Key, Page, Session, Signals, Traffic, Viewer

NOW = datetime(2026, 11, 22, 12, 0, 0, 123_456, tzinfo=UTC)
RELEASE = "20261122T000000-00000000"

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
maybe = st.none() | texts
numbers = st.floats(allow_nan=False, allow_infinity=False)
places = st.builds(Geo, numbers, numbers)
pages = st.builds(Page, st.sampled_from(["home", "product", "search"]), maybe, maybe, maybe, maybe, maybe)
previews = st.builds(
    Preview,
    st.none() | st.datetimes(timezones=st.just(UTC)),
    maybe,
    st.dictionaries(texts, numbers | texts | st.booleans() | st.none() | st.lists(texts, max_size=2), max_size=3),
)
requests = st.builds(
    DecisionRequest,
    page=pages,
    visitor=maybe,
    is_first=st.booleans(),
    device_visitor=maybe,
    session=maybe,
    visit=st.builds(Session, st.integers(0, 9), numbers),
    traffic=st.builds(Traffic, maybe, maybe, maybe),
    device=st.sampled_from(["desktop", "mobile", "app"]),
    recent=st.lists(texts, max_size=3).map(tuple),
    cart=st.lists(st.builds(CartLine, texts, st.integers(1, 9), st.none() | st.integers(0, 99)), max_size=3).map(tuple),
    listing=st.lists(texts, max_size=3).map(tuple),
    signals=st.builds(Signals, st.booleans(), numbers, numbers, st.booleans(), maybe),
    viewer=st.builds(Viewer, maybe, maybe, maybe, st.none() | places),
    geo=st.none() | places,
    consent=st.frozensets(st.sampled_from(["personalization", "geo", "messages"])),
    placements=st.none() | st.lists(texts, max_size=2).map(tuple),
    preview=st.none() | previews,
    options=st.builds(Options, st.booleans(), st.integers(20, 3000), st.booleans()),
)
FULL = DecisionRequest(
    Page("product", item="jar", locale="en-GB"),
    visitor="v1",
    session="s1",
    recent=("milk",),
    cart=(CartLine("beer", 2, 120),),
    viewer=Viewer("US", "OH", "Columbus", Geo(40.0, -83.0)),
    geo=Geo(40.1, -82.9),
    consent=frozenset({"personalization", "geo"}),
)


def card(item: str) -> Card:
    """A card of the grocery."""
    return Card(f"{item} of good make", f"/shop/p/{item}", "/i/rolls.svg", 250, 260, "USD", 3, "grocery/bread/rolls")


def context(request: DecisionRequest = FULL, now: datetime = NOW) -> Context:
    """The circumstances of a page view in the north."""
    return Context("d1", now, request, "north", 0, "network", "en")


def answer(items: Sequence[Slot] = ()) -> Answer:
    """A campaign's row of products."""
    return Answer(
        "product.more",
        "products",
        {"title": "More"},
        items or [Slot("jar", 0, card("jar"), Reason("similar_page", "milk"), 1.5, ("boost",), "Brewers", "Ad", 0.05)],
        rows=[Shelf("Bread", [Slot("roll", 0, card("roll"), Reason("popular"))])],
        campaign="rain",
        variation="b",
        considered=[
            Considered("heat", "condition"),
            Considered("cold", "condition"),
            Considered("rain", "shown", "b", 0.25),
            Considered("late", "capped"),
        ],
        dropped={"out_of_stock": 2},
    )


def decision(*answers: Answer, region: str = "north", source: str = "network") -> Decision:
    """A decision with these answers."""
    return Decision("d1", RELEASE, "linear", region, source, answers or (answer(),), (), [("milk", "recent", 1.0)], 0.5)


def line(request: DecisionRequest = FULL, now: datetime = NOW, tape: Tape | None = None, **made_of: str) -> bytes:
    """The record of the decision."""
    made = decision(**made_of)
    digest = digest_of_answer(decision_body(made))
    return record_of(context(request, now), made, request.visitor, tape or Tape(), digest)


@given(requests)
def test_any_request_comes_back_exactly(request: DecisionRequest) -> None:
    """Every field with its type: what is decided again is what was asked."""
    told = line(request)
    assert parse_record(told).request == request


@given(st.integers(0, 10**15))
def test_the_instant_comes_back_to_the_microsecond(us: int) -> None:
    """Scores depend on the age of a release, and that on every digit of now."""
    now = datetime(1990, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)
    told = line(now=now)
    assert parse_record(told).now == now
    assert orjson.loads(told)["at_ms"] == (now - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def test_people_read_what_was_shown_and_why() -> None:
    """Items with list, seed, price, propensity, perhaps rules and a sponsor; who wanted the place and who got it."""
    told = orjson.loads(line())
    shown = told["placements"]["product.more"]
    assert (told["decision"], told["visitor"], told["returning"]) == ("d1", "v1", True)
    assert shown["items"] == [
        {
            "item": "jar",
            "list": "similar_page",
            "seed": "milk",
            "price": 250,
            "propensity": 0.05,
            "sponsor": "Brewers",
            "rules": ["boost"],
        }
    ]
    assert shown["rows"][0]["items"] == [{"item": "roll", "list": "popular", "price": 250}]
    assert (shown["campaign"], shown["variation"]) == ("rain", "b")
    assert (shown["considered"], shown["ruled_out"]) == ({"shown": ["rain"], "capped": ["late"]}, {"condition": 2})
    assert shown["dropped"] == {"out_of_stock": 2}
    assert not shown.keys() & {"control", "mechanic", "fallback", "reasons"}


def test_the_readable_part_tells_no_more_of_a_place_than_it_must() -> None:
    """A country and rounded coordinates that were consented to; neither city nor where the network puts the caller."""
    told = orjson.loads(line())
    assert (told["country"], told["request"]["geo"]) == ("US", {"lat": 40.1, "lon": -82.9})
    assert b"Columbus" not in line()
    assert "viewer" not in told["request"]


@pytest.mark.parametrize(("region", "source"), [("north", "network"), ("north", "profile"), ("south", "profile")])
def test_the_region_says_where_it_is_from(region: str, source: str) -> None:
    """As the decision has it, also where the home region is the one that the network names."""
    told = orjson.loads(line(region=region, source=source))
    assert (told["region"], told["region_source"]) == (region, source)


def test_a_first_call_is_no_return() -> None:
    """The visitor has an id already, but nobody knew them before."""
    told = orjson.loads(line(replace(FULL, is_first=True)))
    assert (told["visitor"], told["returning"]) == ("v1", False)


def test_inputs_come_back_with_the_record() -> None:
    """Beside the request: where it was found to be, and the tape."""
    tape = Tape()
    told = {keys.profile("v1"): {"rev": 1}}
    tape.reading(lambda wanted: {key: told[key] for key in wanted})(list(told))
    recorded = parse_record(line(tape=tape))
    assert recorded.tape == tape
    assert recorded.whereabouts == Whereabouts("north", "network")
    assert (recorded.decision, recorded.release) == ("d1", RELEASE)
    assert recorded.answer_sha256 == digest_of_answer(decision_body(decision()))
    assert "inputs" not in recorded.plain


def repacked(told: dict[str, Any], **changes: object) -> dict[str, Any]:
    """The record with other inputs."""
    return told | {"inputs": b64encode(pack(unpack(b64decode(told["inputs"])) | changes)).decode()}


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda told: told | {"format": 3}, "format 3"),
        (lambda told: repacked(told, whereabouts=None), "whereabouts"),
        (lambda told: repacked(told, whereabouts=["north", "hearsay"]), "source"),
        (lambda told: repacked(told, whereabouts=["north"]), "whereabouts"),
        (lambda told: repacked(told, request=None), "lacks the request"),
        (lambda told: repacked(told, request={"device": "lamp"}), "device"),
        (lambda told: told | {"request": None}, "lacks the request"),
        (lambda told: told | {"request": {"page": {"type": "home"}, "shoe_size": 44}}, "declared form"),
        (lambda told: {name: value for name, value in told.items() if name != "format"}, "format None"),
        (lambda told: told | {"inputs": told["inputs"][:-8]}, "inputs"),
        (lambda told: told | {"inputs": None}, "no inputs"),
        (lambda told: told | {"inputs": "?" + told["inputs"][1:]}, "inputs"),
        (lambda told: told | {"at_ms": "now"}, "instant"),
        (lambda told: told | {"at_ms": 10**15}, "in no calendar"),
        (lambda told: told | {"at_ms": -(10**18)}, "in no calendar"),
        (lambda told: told | {"release": None}, "release"),
    ],
)
def test_a_spoiled_record_is_one_clear_error(spoil, said: str) -> None:
    """Of another version, cut off, or not ours."""
    with pytest.raises(InvalidRecord, match=said):
        parse_record(orjson.dumps(spoil(orjson.loads(line()))))


@pytest.mark.parametrize("noise", [b"", b"{", b"[]", b"null", b"{}", b"\xff"])
def test_noise_is_no_record(noise: bytes) -> None:
    """Bytes of anywhere."""
    with pytest.raises(InvalidRecord):
        parse_record(noise)


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_flipped_byte_in_the_inputs_is_noticed(at: int, flip: int) -> None:
    """Either the record is refused, or the bits that flipped stood for nothing."""
    told = orjson.loads(line())
    text = bytearray(told["inputs"].encode())
    text[at % len(text)] ^= flip
    told["inputs"] = text.decode("latin-1")
    try:
        recorded = parse_record(orjson.dumps(told))
    except InvalidRecord:
        return
    assert (recorded.request, recorded.tape) == (FULL, Tape())
    assert text.rstrip(b"=")[:-1] == orjson.loads(line())["inputs"].encode().rstrip(b"=")[:-1]


def long_line() -> bytes:
    """The record of a page of many rows."""
    slots = [Slot(f"item{n}", n, card(f"item{n}"), Reason("popular")) for n in range(120)]
    made = decision(answer(slots))
    return record_of(context(), made, "v1", Tape(), digest_of_answer(decision_body(made)))


def test_a_long_record_is_one_step_of_the_stream_and_says_the_same() -> None:
    """What finds it, and when it was, stays as it is; the rest of the readable part is opened by who reads it."""
    long = long_line()
    plain = plain_record(long)
    assert len(orjson.dumps(plain)) > STEP_BYTES > len(long)
    assert long.startswith(b'{"format":5,"decision":"d1","at_ms":')
    assert len(plain["placements"]["product.more"]["items"]) == 120
    assert parse_record(long).request == parse_record(orjson.dumps(plain)).request == FULL
    assert parse_record(long).plain == parse_record(orjson.dumps(plain)).plain


def test_records_of_the_format_before_are_read() -> None:
    """Nothing of them is packed."""
    before = orjson.dumps(orjson.loads(line()) | {"format": 4})
    assert parse_record(before).request == FULL


@pytest.mark.parametrize("packed", [None, 7, "?", "", "AAAA", b64encode(zlib.compress(b"[]")).decode()])
def test_a_spoiled_packed_part_is_one_clear_error(packed: object) -> None:
    """Cut off, or not ours."""
    with pytest.raises(InvalidRecord, match="packed"):
        parse_record(orjson.dumps(orjson.loads(long_line()) | {"packed": packed}))


def test_a_typical_record_is_small() -> None:
    """A product page: 12 rows of lists, a profile of 4 KB, 48 cards, 30 items shown."""
    tape, items = Tape(), [f"{n}" for n in range(1_000_000, 1_000_048)]
    told = {Key(f"I#{item}", f"R#{RELEASE}"): {"table": bytes(3000)} for item in items[:12]}
    profile = {"profile": b"".join(n.to_bytes(4, "big") for n in range(1000)), "rev": 9, "ttl": 1_800_000_000}
    told |= {keys.profile("v1"): profile}
    tape.reading(lambda wanted: {key: told[key] for key in wanted})(list(told))
    tape.reading_cards(lambda wanted: {item: card(item) for item in wanted})(items)
    shown = [Slot(item, slot, card(item), Reason("similar_page", items[0])) for slot, item in enumerate(items[:30])]
    record = record_of(context(), decision(answer(shown)), "v1", tape, "0" * 64)
    assert len(record) < 12_000
