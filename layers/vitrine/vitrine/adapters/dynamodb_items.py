"""Rows as DynamoDB spells them, and what it costs to write one."""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from vitrine.types import Attribute, Key, Row

Item: TypeAlias = dict[str, dict[str, Any]]

UNIT_BYTES: Final = 1024  # a write unit, says DynamoDB's developer guide; a delete costs by the weight of its row


def to_item(key: Key, row: Row) -> Item:
    """The stored item of a row."""
    return {"pk": {"S": key.pk}, "sk": {"S": key.sk}} | {name: to_value(value) for name, value in row.items()}


def to_value(value: Attribute) -> dict[str, Any]:
    """The stored form of an attribute."""
    match value:
        case bool():
            return {"BOOL": value}
        case int():
            return {"N": str(value)}
        case str():
            return {"S": value}
        case bytes():
            return {"B": value}


def key_of(item: Item) -> Key:
    """Key of a stored item."""
    return Key(item["pk"]["S"], item["sk"]["S"])


def from_item(item: Item) -> tuple[Key, Row]:
    """Key and row of a stored item; raises KeyError or ValueError on a type that Vitrine never writes."""
    return key_of(item), {name: _from_value(value) for name, value in item.items() if name not in ("pk", "sk")}


def write_units(item: Mapping[str, Mapping[str, Any]]) -> int:
    """Write units that putting an item takes at least: one per begun kilobyte of names and values."""
    weight = sum(len(name) + _weight(value) for name, value in item.items())
    return max(1, -(-weight // UNIT_BYTES))


def _from_value(value: Mapping[str, Any]) -> Attribute:
    ((kind, raw),) = value.items()
    match kind:
        case "N":
            return int(raw)
        case "S" | "B" | "BOOL":
            attribute: Attribute = raw
            return attribute
    raise ValueError(kind)


def _weight(value: Mapping[str, Any]) -> int:
    """Bytes of a value; a number takes fewer than the digits counted here."""
    (raw,) = value.values()
    match raw:
        case bool():
            return 1
        case str():
            return len(raw.encode())
    return len(raw)
