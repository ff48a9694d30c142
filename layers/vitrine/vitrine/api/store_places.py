"""Read store/stores.geojson: regions, shops and fences, every fault named with its line, feature and remedy."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from vitrine.api.store_faults import Fault, invalid_parts
from vitrine.api.store_features import FeatureReader
from vitrine.api.store_geojson import Collection, Feature
from vitrine.api.store_places_compiled import PlacesFile
from vitrine.errors import InvalidStore
from vitrine.types import RegionId

__all__ = ["PlacesFile", "check_places", "read_places"]

TAGS: Final = frozenset({"region", "shop", "fence", "Point", "Polygon", "MultiPolygon"})
"""What pydantic puts into the place of a fault to say which of several models it means."""


def read_places(path: Path, regions: Sequence[RegionId], locales: Sequence[str], years: Sequence[int]) -> PlacesFile:
    """Regions, shops and fences of a file, with public holidays of the years; no years, none (serving needs none).

    Raises:
        InvalidStore: names file, line, feature and remedy of everything that is wrong.
    """
    places, faults = check_places(path, regions, locales, years)
    if faults:
        raise InvalidStore("\n".join(f"{fault}; {fault.hint}" if fault.hint else str(fault) for fault in faults))
    return places


def check_places(
    path: Path, regions: Sequence[RegionId], locales: Sequence[str], years: Sequence[int]
) -> tuple[PlacesFile, list[Fault]]:
    """What of a file is right, as `read_places` has it, and everything that is wrong with it, in order of lines."""
    try:
        text = path.read_text("utf-8")
        plain = _features(text)
    except FileNotFoundError:
        return PlacesFile(), [Fault(str(path), 1, "", "is missing", "describe each region of store.yaml in it")]
    except json.JSONDecodeError as error:
        return PlacesFile(), [Fault(str(path), error.lineno, "", f"is not JSON: {error.msg}")]
    except (ValueError, RecursionError) as error:
        return PlacesFile(), [Fault(str(path), 1, "", f"is not GeoJSON: {error}")]
    lines, faults = list(_lines(text)), list[Fault]()

    def refuse(index: int | None, place: str, message: str, hint: str) -> None:
        line = 1 if index is None else lines[index]
        named = "" if index is None else f"features.{index}{_id_of(plain[index])}"
        faults.append(Fault(str(path), line, ".".join(filter(None, (named, place))), message, hint))

    reader = FeatureReader(regions, locales, years, refuse)
    for index, feature in enumerate(plain):
        try:
            reader.add(index, Feature.model_validate_json(json.dumps(feature)))  # strict tuples: JSON only
        except ValidationError as error:
            for place, message, hint in invalid_parts(error, Feature):
                refuse(index, ".".join(str(step) for step in place if step not in TAGS), message, hint)
    return reader.places(), sorted(faults)


def _features(text: str) -> list[Any]:
    """The features as plain values.

    Raises:
        ValueError: the text is not JSON, or no collection of features.
    """
    plain = json.loads(text, object_pairs_hook=_without_repeats, parse_constant=_refuse_constant)
    try:
        return Collection.model_validate(plain).features
    except ValidationError as error:
        said = (f"{'.'.join(map(str, at))} {message}" for at, message, _ in invalid_parts(error, Collection))
        raise ValueError("; ".join(said)) from error


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError(f"a key stands twice among {sorted(found)}")
    return found


def _refuse_constant(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _lines(text: str) -> Iterator[int]:
    """The line in which each feature begins, counted from 1. The text has been parsed before."""
    decoder = json.JSONDecoder()
    at = text.index("[", text.index('"features"')) + 1
    while True:
        while text[at] in " \t\r\n,":
            at += 1
        if text[at] == "]":
            return
        yield text.count("\n", 0, at) + 1
        _, at = decoder.raw_decode(text, at)


def _id_of(feature: object) -> str:
    """The feature's id in brackets, as far as it has one."""
    properties = feature.get("properties") if isinstance(feature, dict) else None
    name = properties.get("id") if isinstance(properties, dict) else None
    return f"({name})" if isinstance(name, str) else ""
