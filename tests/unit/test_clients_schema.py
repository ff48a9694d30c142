"""The clients' types are those of openapi.json: every class, field and enum, and what is required."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.unit.client_types import (
    CLIENTS,
    Class,
    load_package,
    of_numbers,
    python_classes,
    schema_classes,
    typescript_classes,
)

TYPES = CLIENTS / "javascript" / "vitrine-client.d.ts"
OWN = {"Outcome", "ClientOptions"}
"""Interfaces of the JavaScript client's own."""


NARROWED = {("Item", "sponsored")}
"""The document leaves this one open; stores declare a text."""


def differences(ours: Mapping[str, Class], theirs: Mapping[str, Class]) -> list[str]:
    """Fields that are not the same in both, as `Class.field`."""
    names = {(name, field) for classes in (ours, theirs) for name, fields in classes.items() for field in fields}
    kept = sorted(names - NARROWED)
    return [f"{name}.{one}" for name, one in kept if ours.get(name, {}).get(one) != theirs.get(name, {}).get(one)]


def interfaces(path: Path) -> dict[str, Class]:
    """The classes of the API that a .d.ts declares."""
    return {name: fields for name, fields in typescript_classes(path).items() if name not in OWN}


def test_there_is_something_to_compare() -> None:
    """What the calls of a page and of its events are made of."""
    classes = schema_classes()
    assert {"DecideRequest", "Decision", "Placement", "EventsRequest", "EventsAnswer", "Fault"} <= classes.keys()
    assert classes["Page"]["type"].is_required
    assert "'exit_intent'" in classes["Event"]["kind"].kind
    assert classes["Item"]["sponsored"].kind == {"any"}


def test_python_has_the_types_of_the_document() -> None:
    """Field by field."""
    assert differences(python_classes(), schema_classes()) == []


def test_typescript_has_the_types_of_the_document() -> None:
    """Field by field; it has one kind of number."""
    assert differences(interfaces(TYPES), of_numbers(schema_classes())) == []


@pytest.mark.parametrize(
    ("before", "after", "differs"),
    [
        ('| "wheel"', "", "Placement.mechanic"),
        ("  query?: string | null;\n", "", "Event.query Page.query"),
        ("  ends_at_ms: number;", "  ends_at_ms: string;", "Countdown.ends_at_ms"),
        ("  region: string;", "  region?: string;", "Decision.region"),
        ("  recent?: string[];", "  recent?: number[];", "DecideRequest.recent"),
        ("  outcome: string;", "  outcome: string;\n  more: string;", "Wheel.more"),
        ("export interface Geo {", "export interface Place {", "Geo.lat Geo.lon Place.lat Place.lon"),
    ],
)
def test_a_difference_is_seen(tmp_path: Path, before: str, after: str, differs: str) -> None:
    """One word of the types is enough."""
    changed = tmp_path / "changed.d.ts"
    changed.write_text(TYPES.read_text("utf-8").replace(before, after), "utf-8")
    assert differences(interfaces(changed), of_numbers(schema_classes())) == differs.split()


def test_nothing_known_of_a_placement_has_every_field() -> None:
    """Templates need not ask whether a field is there."""
    package = load_package()
    nothing = package.Decided(None, None, "late").placement("home.recs")
    assert nothing.keys() == python_classes()["Placement"].keys()
    assert nothing["kind"] == "none"
