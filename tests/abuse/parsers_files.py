"""Parsers of files and of other systems' answers: the store's YAML and GeoJSON, templates, feeds, extracts, weather."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, get_args

import orjson
import yaml
from hypothesis import strategies as st

from tests.abuse.fuzz import Parser
from tests.abuse.mutations import damaged, damaged_text, spoilt, spoilt_json
from tests.unit.feeds import NOW, NOW_MS, SHOP, form, offers, written
from tests.unit.store_folders import FILES, write, write_store
from tests.unit.test_crm import members
from vitrine.adapters.aws_service import NONSENSE
from vitrine.adapters.dynamodb_page import DynamoPageTable
from vitrine.adapters.http_answer import BrokenAnswer, Inflow
from vitrine.adapters.http_answer import read_answer as read_http
from vitrine.adapters.open_meteo_answers import CURRENT, InvalidAnswer, parse_current, parse_history
from vitrine.api.regex import compile_regex
from vitrine.api.store_folder import check_store
from vitrine.api.store_hours import parse_hours
from vitrine.api.store_yaml import read_yaml
from vitrine.api.templates import Template
from vitrine.catalog.feed_items import BadValue, Format
from vitrine.catalog.feed_prices import parse_price
from vitrine.catalog.feed_reading import FeedReading
from vitrine.decisions.facts import ATTRIBUTES
from vitrine.errors import DependencyFailed
from vitrine.ports import Spot
from vitrine.refresh.crm import read_extract
from vitrine.rules.attributes import lookup_in
from vitrine.rules.conditions import InvalidCondition, compile_condition
from vitrine.types import Key

CHUNK: Final = 57
"""Feeds come in pieces that end anywhere, also within a letter."""

SPOT: Final = Spot("c", 40.0, -74.0)
NOW_S: Final = NOW_MS // 1000
ANSWER: Final = {
    "latitude": 40.0,
    "longitude": -74.0,
    "current_units": {"time": "unixtime", **{name: unit or "" for name, unit in CURRENT.items()}},
    "current": {"time": NOW_S, **dict.fromkeys(CURRENT, 1)},
}
ARCHIVE: Final = {
    "hourly_units": {"time": "unixtime", "temperature_2m": "°C"},
    "hourly": {"time": [NOW_S, NOW_S + 3600], "temperature_2m": [3.5, None]},
}
CONDITIONS: Final = (
    {"weather.temperature_c": {"$gte": 28, "$lt": 40}, "page.type": "home"},
    {"$or": [{"page.category": {"$regex": "^grocery(/|$)"}}, {"visitor.visits": {"$exists": True}}]},
    {"$not": {"region": {"$in": ["north", "south"]}}, "$nor": [{"time.daypart": {"$ne": "evening"}}]},
    {"seen.categories": {"$elemMatch": {"$eq": "grocery"}, "$size": {"$gt": 2}, "$all": ["a"]}},
)
EXTRACT: Final = b"card,email,home,since,points,diet,news\nc-1,a@b.example,north,01.02.2020,12,vegan,yes\n"
HTTP: Final = (
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\n{}\r\n0\r\nT: x\r\n\r\n",
    b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
)
ITEMS: Final = {
    "Responses": {
        "T": [{"pk": {"S": "a"}, "sk": {"S": "b"}, "n": {"N": "1"}, "d": {"B": "AAE="}, "is": {"BOOL": True}}]
    },
    "UnprocessedKeys": {"T": {"Keys": [{"pk": {"S": "c"}, "sk": {"S": "d"}}]}},
}
GEOJSON: Final = Path("store/stores.geojson")


HOURS: Final = st.dictionaries(
    st.just("mon-fri") | damaged_text(["sat"]), st.just("20:00-02:00") | damaged_text(["09:00-18:30"]), max_size=3
)


def feed(format_: Format, data: bytes) -> object:
    """A whole feed: faults, never an exception."""
    return list(FeedReading(_chunks(data), form(format_), SHOP, NOW_MS))


def extract(data: bytes) -> object:
    """A whole extract: faults, never an exception."""
    return list(read_extract(_chunks(data), members().form))


def _chunks(data: bytes) -> list[bytes]:
    return [data[at : at + CHUNK] for at in range(0, len(data), CHUNK)]


def condition(plain: Any) -> object:
    """Compiled, and then asked: a condition is refused or total."""
    compiled = compile_condition(plain, ATTRIBUTES, compile_regex, lambda name: None)
    return [compiled.matches(lookup_in(facts)) for facts in ({}, {"page": {"type": "home"}}, {"region": float("nan")})]


def store(spoiled: tuple[str, bytes]) -> object:
    """A folder in which one file is damaged: faults, never an exception."""
    file, data = spoiled
    with TemporaryDirectory() as folder:
        root = write_store(Path(folder))
        write(root, file, "")
        (root / file).write_bytes(data)
        return check_store(root)


def spoilt_files() -> st.SearchStrategy[tuple[str, bytes]]:
    """Each kind of file, with odd values in its places or with other damage."""
    texts = {**FILES, "stores.geojson": GEOJSON.read_text("utf-8")}
    return st.sampled_from(sorted(texts)).flatmap(lambda file: st.tuples(st.just(file), _spoilt_file(texts[file])))


def _spoilt_file(text: str) -> st.SearchStrategy[bytes]:
    plain = yaml.load(text, yaml.BaseLoader)
    return spoilt([plain]).map(_as_yaml) | damaged([text.encode()])


def _as_yaml(plain: Any) -> bytes:
    """JSON is YAML, too, and says odd values more surely than a dumper."""
    try:
        return orjson.dumps(plain)
    except TypeError:
        return repr(plain).encode(errors="replace")


def template(source: str) -> object:
    """Rendered, whatever it is: a text comes out."""
    return Template(source).render({"t": 3, "name": "x" * 10}, {"t": 0, "name": ""})


def http(data: bytes) -> object:
    """An answer that arrives in pieces and then ends."""
    pieces = iter([*_chunks(data), b""])
    return read_http(Inflow(lambda: next(pieces, b"")), 1_000)


class Canned:
    """An AWS service that answers every request with the same body, read as aws_service.AwsService reads it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def service(self, *_: object) -> "Canned":
        """Itself, whatever the service."""
        return self

    def post(self, *_: object, read: Callable[[bytes], Any], **__: object) -> Any:
        """What `read` makes of the body."""
        try:
            return read(self._body)
        except NONSENSE as error:
            raise DependencyFailed("table", "its answer cannot be read") from error


def table(body: bytes) -> object:
    """A batched read that is answered so, however often it asks."""
    read = DynamoPageTable("T", Canned(body), pause=lambda _: None).read  # type: ignore[arg-type]
    return read([Key("a", "b"), Key("c", "d")], 0.002)


TEMPLATES: Final = ("It is {{ t }} degrees", "{% if t > 3 %}{{ name|upper }}{% else %}{{ name[:3] }}{% endif %}")

PARSERS: Final = (
    Parser("YAML", read_yaml, damaged([text.encode() for text in FILES.values()])),
    Parser("store folder", store, spoilt_files()),
    Parser("condition", condition, spoilt(CONDITIONS), (InvalidCondition,)),
    Parser(
        "opening hours",
        parse_hours,
        HOURS,
        (ValueError,),
    ),
    Parser("template", template, damaged_text(TEMPLATES)),
    *(
        Parser(
            f"feed {name}", partial(feed, name), damaged([written(name, offers(3)), written(name, offers(1, was="12"))])
        )
        for name in get_args(Format)
    ),
    Parser(
        "price", lambda text: parse_price(text, "USD"), damaged_text(["1 234,50 USD", "$1,234.5", "0.99"]), (BadValue,)
    ),
    Parser("CRM extract", extract, damaged([EXTRACT])),
    Parser("weather now", lambda body: parse_current(body, [SPOT], NOW), spoilt_json([ANSWER]), (InvalidAnswer,)),
    Parser("weather archive", parse_history, spoilt_json([ARCHIVE]), (InvalidAnswer,)),
    Parser("DynamoDB answer", table, spoilt_json([ITEMS]), (DependencyFailed,)),
    Parser("HTTP answer", http, damaged(HTTP), (BrokenAnswer,)),
)
