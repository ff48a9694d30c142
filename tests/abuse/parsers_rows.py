"""Parsers of what lies in the table, the buckets and the lake: rows, packed lists, records, releases, models."""

from collections.abc import Mapping
from contextlib import redirect_stdout
from hashlib import sha256
from io import StringIO
from typing import Any, Final

import msgpack
import numpy as np
import orjson

from tests.abuse.fuzz import Parser
from tests.abuse.mutations import damaged, damaged_text, spoilt, spoilt_json, spoilt_row
from tests.golden.example_world import QUIET, rows
from tests.golden.world import RELEASE, STORE
from tests.unit.rankers import make_network, make_ranker_files
from tests.unit.recorded import World
from tests.unit.tables import related, shelf
from vitrine import keys
from vitrine.adapters.onnx_graph import inspect
from vitrine.adapters.onnx_ranker import OnnxRanker
from vitrine.api.store_compiled import load_store
from vitrine.api.store_folder import compile_store
from vitrine.catalog.items import parse_card
from vitrine.catalog.packed import pack, unpack
from vitrine.catalog.session_rows import COLUMNS as SESSION_COLUMNS
from vitrine.catalog.session_rows import SessionRow, pack_session_row, unpack_session_row
from vitrine.decisions.context import DecisionRequest
from vitrine.decisions.model import parse_ranker_manifest
from vitrine.decisions.packing import pack as pack_inputs
from vitrine.decisions.packing import unpack as unpack_inputs
from vitrine.decisions.record import parse_record
from vitrine.decisions.release import parse_manifest, parse_pointer
from vitrine.decisions.rollout import parse_rollout
from vitrine.decisions.tape import Tape
from vitrine.errors import DependencyFailed, InvalidModel, InvalidRecord, InvalidRelease, InvalidStore
from vitrine.places.normals import parse_normals
from vitrine.places.weather import parse_weather
from vitrine.refresh.event_lines import read_lines
from vitrine.refresh.event_lines import unpack as unpack_lines
from vitrine.refresh.trial_lines import Reader
from vitrine.types import Event, Page
from vitrine.visitors.exposures import parse_exposures
from vitrine.visitors.profile import Profile
from vitrine.visitors.stored import Stored, parse_profile

ROWS: Final[Mapping[Any, Any]] = rows(QUIET, {"temperature_c": 20.0})
MODEL, MANIFEST = make_ranker_files(*make_network(1))
PLAIN_MANIFEST: Final = {
    "format": 2,
    "release": RELEASE,
    "lists": RELEASE,
    "built_at_ms": 1,
    "as_of_ms": 1,
    "rows": 3,
    "parts": {"model": {"sha256": "0" * 64, "size": 10}},
}
ROLLOUT: Final = {"model": "r-1", "manifest_sha256": "0" * 64, "stage": "canary", "share": 0.05, "since_ms": 1}
EVENT: Final = {"id": "e", "visitor": "v", "kind": "view", "at_ms": 1, "item": "i", "answers": {"a": "b"}, "slot": 0}
"""One raw event of the lake."""


WORLD: Final = World()
WORLD.decide("d-1", QUIET, DecisionRequest(Page("home"), visitor="h1", consent=frozenset({"personalization"})))
RECORD: Final = WORLD.records["d-1"]
SEEN: Final = Profile().apply(
    [
        Event("e1", "view", 1, "a"),
        Event("e2", "purchase", 2, "b", quantity=3, price=100),
        Event("e3", "survey", 3, placement="p", answers={"q": "a"}),
    ]
)
PROFILES: Final = [Stored(Profile(), None).successor(each, QUIET) for each in (Profile(), SEEN)]
INPUTS: Final = msgpack.packb(parse_record(RECORD).tape.to_plain(), default=list)


NEIGHBOURS: Final = SessionRow(["a", "b"], np.zeros(2, np.uint32), np.ones((len(SESSION_COLUMNS), 2), np.uint8))
SESSION_ROW: Final = pack_session_row(NEIGHBOURS)


def of_kind(*prefixes: str) -> list[Any]:
    """Rows of the world whose keys begin so."""
    return [row for key, row in ROWS.items() if key.pk.startswith(prefixes)][:4]


def tables() -> list[bytes]:
    """Packed lists of several widths."""
    return [
        pack(shelf(["a", "b", "c"])),
        pack(related("a", ["b"], ["c", "d"])),
        pack(shelf([f"i{n}" for n in range(40)])),
    ]


def manifest(data: bytes) -> object:
    """With the digest that it has: only its own checks are left."""
    return parse_manifest(data, sha256(data).hexdigest())


def tape(data: bytes) -> object:
    """A tape whose packing is sound, as after a checksum that holds."""
    try:
        plain = msgpack.unpackb(data, strict_map_key=False)
    except (ValueError, TypeError, msgpack.UnpackException):
        return None
    return Tape.from_plain(plain)


def lake(data: bytes) -> object:
    """Lines of an object of raw events."""
    lines, _ = unpack_lines(data)
    return list(read_lines(lines))


def trial(data: bytes) -> object:
    """Lines as views and as rewards."""
    reader = Reader()
    return list(reader.views(data.split(b"\n"), 0, 2**53)), list(reader.rewards(data.split(b"\n")))


def ranker(data: bytes) -> object:
    """A model with a manifest that vouches for it: only its own checks are left."""
    vouched = orjson.dumps(orjson.loads(MANIFEST) | {"sha256": sha256(data).hexdigest()})
    with redirect_stdout(StringIO()):  # onnxruntime tells there of each model that it tries twice
        return OnnxRanker(data, vouched)


PARSERS: Final = (
    Parser("packed list", unpack, damaged(tables()), (InvalidRelease,)),
    Parser("session row", unpack_session_row, damaged([SESSION_ROW]), (InvalidRelease,)),
    Parser("profile row", lambda row: parse_profile(row, QUIET), spoilt_row(PROFILES), (DependencyFailed,)),
    Parser(
        "exposure row",
        lambda row: parse_exposures(row, QUIET),
        spoilt_row([WORLD.table.rows[keys.shown("h1")]]),
        (DependencyFailed,),
    ),
    Parser("card row", parse_card, spoilt_row(of_kind("I#")), (InvalidRelease,)),
    Parser("weather row", lambda row: parse_weather(row, QUIET), spoilt_row(of_kind("W#"))),
    Parser("normals row", parse_normals, spoilt_row([{"format": 1, "means_c": b"\x00" * 1152, "computed_ms": 1}])),
    Parser("release pointer", parse_pointer, spoilt_row([ROWS[keys.RELEASE_POINTER]]), (InvalidRelease,)),
    Parser("trial of a pointer", parse_rollout, damaged_text([orjson.dumps(ROLLOUT).decode()])),
    Parser("release manifest", manifest, spoilt_json([PLAIN_MANIFEST]), (InvalidRelease,)),
    Parser("compiled store", load_store, damaged([compile_store(STORE)]), (InvalidStore,)),
    Parser("decision record", parse_record, spoilt_json([orjson.loads(RECORD)]), (InvalidRecord,)),
    Parser("recorded inputs", unpack_inputs, damaged([pack_inputs({"at_us": 1, "request": b"{}"})]), (InvalidRecord,)),
    Parser("tape", tape, damaged([INPUTS]), (InvalidRecord,)),
    Parser("tape of plain values", Tape.from_plain, spoilt([msgpack.unpackb(INPUTS)]), (InvalidRecord,)),
    Parser("events in the lake", lake, spoilt_json([EVENT])),
    Parser("records of a trial", trial, spoilt_json([orjson.loads(RECORD), EVENT])),
    Parser("ranker's manifest", parse_ranker_manifest, spoilt_json([orjson.loads(MANIFEST)]), (InvalidModel,)),
    Parser("ONNX graph", inspect, damaged([MODEL]), (InvalidModel,)),
    Parser("ONNX ranker", ranker, damaged([MODEL]), (InvalidModel,)),
)
