"""A release: the immutable set of lists, model and store files that one decision pins.

A release is a folder of parts in the releases bucket plus rows of the table. Its manifest holds the SHA-256 of every
part; the pointer row holds the SHA-256 of the manifest. Whoever follows the pointer can therefore verify everything it
loads, and a flipped byte anywhere is refused rather than served.

The rows carry in `sk` the id of the release that brought them, and a release says whose rows it reads: its own, or
those of an earlier release where only the store's files are new. So a campaign is published without copying a list.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Final

import orjson

from vitrine.catalog.card_stamp import STAMP
from vitrine.catalog.items import Card
from vitrine.catalog.packed_cards import NO_CARDS, PackedCards
from vitrine.decisions.placements import Store
from vitrine.decisions.rollout import Rollout, parse_rollout
from vitrine.decisions.session_features import SummedTransitions
from vitrine.errors import InvalidRelease
from vitrine.ports import Ranker
from vitrine.types import ItemId, RegionId, ReleaseId, Row
from vitrine.values import dataclass, field

MANIFEST_FORMAT: Final = 2
OWN_LISTS_FORMAT: Final = 1
"""Manifests of this format are read as well: each release had lists of its own then."""

MANIFEST: Final = "manifest.json"
MODEL = "model.onnx"
RANKER = "ranker.json"
STORE = "store.json"
BESTSELLERS = "bestsellers.json"
MODELS: Final = "models/"
"""Rankers that are in no release, or not only there, lie under `models/<id>/`: champions, and challengers on trial."""

PARTS: Final = (MODEL, RANKER, STORE, BESTSELLERS)
"""Objects every release has under `<release>/` in the releases bucket, beside the manifest."""

NEXT_MODEL: Final = "next_item.onnx"
NEXT_RANKER: Final = "next_item.json"
"""The ranker of next items and its manifest, in releases of stores that have enough page views to train one."""


@dataclass(frozen=True, slots=True)
class Part:
    """Digest and size of one part."""

    sha256: str
    size: int

    @classmethod
    def of(cls, data: bytes) -> "Part":
        """The part that these bytes are."""
        return cls(sha256(data).hexdigest(), len(data))


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a release consists of. `as_of_ms` is the instant its lists look back from; `rows` counts their table rows.

    `lists` is the release that brought those rows; '' says that it is this one.
    """

    release: ReleaseId
    built_at_ms: int
    as_of_ms: int
    rows: int
    parts: Mapping[str, Part]
    lists: ReleaseId = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "lists", self.lists or self.release)

    def to_bytes(self) -> bytes:
        """Canonical bytes: what the pointer's digest is taken of."""
        return orjson.dumps({"format": MANIFEST_FORMAT, **_plain(self)}, option=orjson.OPT_SORT_KEYS)

    def verify(self, name: str, data: bytes | None) -> bytes:
        """The data, when it is the part of that name.

        Raises:
            InvalidRelease: the part is missing, unknown, or its bytes are not those that were published.
        """
        part = self.parts.get(name)
        if part is None:
            raise InvalidRelease(f"release {self.release} has no part {name!r}")
        if data is None:
            raise InvalidRelease(f"part {name!r} of release {self.release} is not in the bucket")
        if Part.of(data) != part:
            raise InvalidRelease(f"part {name!r} of release {self.release} is not what was published (sha256 differs)")
        return data


def _plain(manifest: Manifest) -> dict[str, object]:
    return {
        "release": manifest.release,
        "lists": manifest.lists,
        "built_at_ms": manifest.built_at_ms,
        "as_of_ms": manifest.as_of_ms,
        "rows": manifest.rows,
        "parts": {name: {"sha256": part.sha256, "size": part.size} for name, part in manifest.parts.items()},
    }


def parse_manifest(data: bytes | None, digest: str) -> Manifest:
    """The manifest in these bytes, when their SHA-256 is `digest`.

    Raises:
        InvalidRelease: missing, altered, or of another format.
    """
    if data is None:
        raise InvalidRelease("the release has no manifest")
    if sha256(data).hexdigest() != digest:
        raise InvalidRelease("the manifest is not the one that the pointer names (sha256 differs)")
    try:
        plain = orjson.loads(data)
        if plain["format"] not in (MANIFEST_FORMAT, OWN_LISTS_FORMAT):
            raise InvalidRelease(f"the manifest is of format {plain['format']!r}, this code reads {MANIFEST_FORMAT}")
        return Manifest(
            release=plain["release"],
            built_at_ms=plain["built_at_ms"],
            as_of_ms=plain["as_of_ms"],
            rows=plain["rows"],
            parts={name: Part(part["sha256"], part["size"]) for name, part in plain["parts"].items()},
            lists=plain["release"] if plain["format"] == OWN_LISTS_FORMAT else plain["lists"],
        )
    except (orjson.JSONDecodeError, LookupError, TypeError, AttributeError) as error:
        raise InvalidRelease(f"the manifest is damaged: {error!r}") from error


@dataclass(frozen=True, slots=True)
class Pointer:
    """Which release is current, which one was before it, and which challenger is on trial. `rev` counts the flips.

    `lists` and `previous_lists` are the releases that brought the rows these two read; '' says that it is themselves.
    `cards` is the stamp of the cards (catalog.card_stamp), which goes on across releases; empty where there is none.
    """

    release: ReleaseId
    manifest_sha256: str
    previous: ReleaseId | None
    rev: int
    lists: ReleaseId = ""
    previous_lists: ReleaseId | None = None
    rollout: Rollout | None = None
    cards: bytes = b""

    def __post_init__(self) -> None:
        object.__setattr__(self, "lists", self.lists or self.release)
        object.__setattr__(self, "previous_lists", self.previous_lists or self.previous)

    def keeps(self, lists: ReleaseId) -> bool:
        """Whether the rows of these lists are still there: only what the current or the previous release reads is."""
        return lists in (self.lists, self.previous_lists)

    def followed_by(self, manifest: Manifest, digest: str) -> "Pointer":
        """The pointer that makes another release current and this one its previous. A trial goes on across it."""
        return Pointer(
            release=manifest.release,
            manifest_sha256=digest,
            previous=self.release,
            rev=self.rev + 1,
            lists=manifest.lists,
            previous_lists=self.lists,
            rollout=self.rollout,
            cards=self.cards,
        )

    def with_rollout(self, rollout: Rollout | None) -> "Pointer":
        """The pointer that leaves the release and begins, changes or ends a trial."""
        return replace(self, rollout=rollout, rev=self.rev + 1)

    def with_cards(self, cards: bytes) -> "Pointer":
        """The pointer that leaves all but the stamp of the cards."""
        return replace(self, cards=cards, rev=self.rev + 1)

    def differs_in_cards_alone(self, other: "Pointer") -> bool:
        """Whether the other one is this one but for the stamp of the cards, and so for `rev`."""
        return replace(self, cards=other.cards, rev=other.rev) == other

    def names_the_release_of(self, other: "Pointer | None") -> bool:
        """Whether both name the same release, so that at most the trial is another."""
        return other is not None and (self.release, self.manifest_sha256) == (other.release, other.manifest_sha256)

    def to_row(self) -> Row:
        """The row under keys.RELEASE_POINTER."""
        trial = {} if self.rollout is None else {"rollout": self.rollout.to_text()}
        stamp = {STAMP: self.cards} if self.cards else {}
        return {
            "release": self.release,
            "manifest_sha256": self.manifest_sha256,
            "previous": self.previous or "",
            "rev": self.rev,
            "lists": self.lists,
            "previous_lists": self.previous_lists or "",
            **trial,
            **stamp,
        }


def parse_pointer(row: Row) -> Pointer:
    """The pointer in a row. One that says nothing of lists is of a time when each release had its own.

    Raises:
        InvalidRelease: the row is not a pointer. A trial that cannot be read is no trial.
    """
    match {"lists": "", "previous_lists": "", "rollout": None, STAMP: b"", **row}:
        case {
            "release": str(release),
            "manifest_sha256": str(digest),
            "previous": str(previous),
            "rev": int(rev),
            "lists": str(lists),
            "previous_lists": str(previous_lists),
            "rollout": rollout,
            "cards": cards,
        }:
            trial = parse_rollout(rollout) if isinstance(rollout, str) else None
            stamp = cards if isinstance(cards, bytes) else b""
            return Pointer(release, digest, previous or None, rev, lists, previous_lists or None, trial, stamp)
    raise InvalidRelease("the release pointer is damaged")


@dataclass(frozen=True, slots=True)
class Release:
    """A release in memory, verified. `bestsellers` per region serve when lists cannot be read.

    `lists` is the release whose rows it reads: keys of lists are built with it. '' says that it is this one.
    `next_ranker` scores what a visit may look at next; plain counts where no model could be trained. `cards` are those
    of the goods that are shown most, as they were when it was made.
    """

    id: ReleaseId
    as_of_ms: int
    store: Store
    ranker: Ranker | None
    bestsellers: Mapping[RegionId, Sequence[tuple[ItemId, Card]]]
    lists: ReleaseId = ""
    next_ranker: Ranker = field(default_factory=SummedTransitions)
    cards: PackedCards = NO_CARDS

    def __post_init__(self) -> None:
        object.__setattr__(self, "lists", self.lists or self.id)
