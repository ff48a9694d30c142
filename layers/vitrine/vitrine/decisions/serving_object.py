"""What serving needs of a release, in one object beside its parts: a cold environment asks the bucket once.

It holds copies: the manifest, whose digest the pointer has, and parts, whose digests the manifest has. So nothing of it
is believed that its parts would not be believed for by themselves, and releases without it are read part by part.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

import msgpack

from vitrine.catalog.packed_cards import CARDS
from vitrine.decisions.release import (
    BESTSELLERS,
    MODEL,
    NEXT_MODEL,
    NEXT_RANKER,
    RANKER,
    STORE,
    Manifest,
    parse_manifest,
)
from vitrine.errors import InvalidRelease
from vitrine.values import dataclass

SERVING: Final = "serving"
"""Its name, under `<release>/` in the releases bucket and under `release/` in the bundle."""

SERVED: Final = (STORE, MODEL, RANKER, BESTSELLERS, NEXT_MODEL, NEXT_RANKER, CARDS)
"""The parts that it holds, of those that the release has."""


@dataclass(frozen=True, slots=True)
class ServingObject:
    """A manifest and parts that it vouches for."""

    manifest: Manifest
    manifest_sha256: str
    parts: Mapping[str, bytes]


def pack_serving(manifest: bytes, parts: Mapping[str, bytes]) -> bytes:
    """The object of a release with this encoded manifest, out of all its parts."""
    packed: bytes = msgpack.packb([manifest, {name: parts[name] for name in SERVED if name in parts}])
    return packed


def parse_serving(data: bytes, digest: str | None = None) -> ServingObject:
    """The object in these bytes, every part verified; with `digest`, its manifest is the one of that SHA-256.

    Raises:
        InvalidRelease: it is damaged, or of another release; without a digest nobody vouches for the manifest.
    """
    try:
        unpacked = msgpack.unpackb(data)
    except (ValueError, msgpack.UnpackException) as error:
        raise InvalidRelease(f"the serving object is damaged: {error!r}") from error
    match unpacked:
        case [bytes(encoded), dict(parts)] if all(isinstance(part, bytes) for part in parts.values()):
            pass
        case _:
            raise InvalidRelease("the serving object is damaged: it is not a manifest and parts")
    found = sha256(encoded).hexdigest()
    manifest = parse_manifest(encoded, digest or found)
    verified = {name: manifest.verify(name, parts.get(name)) for name in SERVED if name in manifest.parts}
    return ServingObject(manifest, found, verified)
