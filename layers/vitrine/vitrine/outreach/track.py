"""What is remembered of a person's devices at fences, for a day: the last fence of each, never where exactly.

And which fences have called for a message, so that none does so more often than it may. One row under optimistic
locking: of two crossings that are judged at once, the second is judged again.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import msgpack

from vitrine.errors import DamagedRow, DependencyFailed
from vitrine.outreach.messages import FenceAction
from vitrine.types import DAY_MS, Absent, Row
from vitrine.values import dataclass, field

FORMAT_VERSION: Final = 1
KEPT_FOR_S: Final = 86_400
MAX_DEVICES: Final = 20
MAX_IDS: Final = 16
"""Ids of the last crossings of a device. An older one sent again has an instant before the last one's."""

MAX_WITHIN: Final = 8
"""Fences that a device is in at once, or has left without a word."""

MAX_TOLD: Final = 10
"""Fences may call for so many messages to a person within a day, all together."""

DAMAGE: Final = (ValueError, TypeError, LookupError, msgpack.UnpackException)


@dataclass(frozen=True, slots=True)
class Track:
    """A device (8 bytes for its visitor): its last fence, what it did there and when; ids of its last crossings.

    `entered` are the fences that it is in, with the instant of its entry. Instants are by the device's clock.
    """

    device: bytes = b""
    fence: str = ""
    action: FenceAction = "exit"
    at_ms: int = 0
    ids: tuple[bytes, ...] = ()
    entered: tuple[tuple[str, int], ...] = ()

    def since_ms(self, fence: str) -> int | None:
        """Since when the device has been in a fence, None if it is not."""
        return dict(self.entered).get(fence)

    def with_id(self, digest: bytes) -> "Track":
        """The track with the id of one more crossing."""
        return replace(self, ids=(digest, *self.ids)[:MAX_IDS])

    def within(self, fence: str, since_ms: int | None) -> "Track":
        """The track of a device that is in the fence since an instant, or (None) has left it."""
        others = tuple(one for one in self.entered if one[0] != fence)
        entered = others if since_ms is None else ((fence, since_ms), *others)[:MAX_WITHIN]
        return replace(self, entered=entered)


@dataclass(frozen=True, slots=True)
class Told:
    """A crossing that called for a message."""

    fence: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Tracks:
    """All devices of a person, the one that moved last first, and what fences called for, the newest first."""

    devices: tuple[Track, ...] = ()
    told: tuple[Told, ...] = ()

    def of(self, device: bytes) -> Track:
        """The track of a device, an empty one for a new one."""
        return next((track for track in self.devices if track.device == device), Track(device))

    def with_track(self, track: Track) -> "Tracks":
        """The tracks with that one as the newest."""
        others = (one for one in self.devices if one.device != track.device)
        return replace(self, devices=(track, *others)[:MAX_DEVICES])

    def may_tell(self, fence: str, per_person: int, at_ms: int) -> bool:
        """Whether the fence may call for one more message within the day before an instant."""
        lately = [one.fence for one in self.told if one.at_ms > at_ms - DAY_MS]
        return lately.count(fence) < per_person and len(lately) < MAX_TOLD

    def telling(self, fence: str, at_ms: int) -> "Tracks":
        """The tracks after the fence has called for a message."""
        lately = (one for one in self.told if one.at_ms > at_ms - DAY_MS)
        newest = sorted((Told(fence, at_ms), *lately), key=lambda one: (-one.at_ms, one.fence))
        return replace(self, told=tuple(newest[:MAX_TOLD]))

    def encode(self) -> bytes:
        """The tracks as bytes; equal tracks give equal bytes."""
        devices = [[getattr(track, name) for name in Track.__match_args__] for track in self.devices]
        packed: bytes = msgpack.packb((FORMAT_VERSION, devices, [(one.fence, one.at_ms) for one in self.told]))
        return packed

    @classmethod
    def decode(cls, data: bytes) -> "Tracks":
        """The tracks that `encode` wrote.

        Raises:
            DamagedRow: the bytes are damaged or of another format version.
        """
        try:
            version, devices, told = msgpack.unpackb(data, use_list=False)
            if version != FORMAT_VERSION:
                raise DamagedRow("table", f"tracks have format {version}, this code reads {FORMAT_VERSION}")
            return cls(tuple(_track(*one) for one in devices), tuple(_told(*one) for one in told))
        except DAMAGE as error:
            raise DamagedRow("table", "a person's tracks are damaged") from error


@dataclass(frozen=True, slots=True)
class StoredTracks:
    """Tracks and the revision of their row; `rev` is None when there is no row yet."""

    tracks: Tracks = field(default_factory=Tracks)
    rev: int | None = None

    def successor(self, tracks: Tracks, now_ms: int) -> Row:
        """The row that takes this one's place."""
        rev = 1 if self.rev is None else self.rev + 1
        return {"tracks": tracks.encode(), "rev": rev, "ttl": now_ms // 1000 + KEPT_FOR_S}


def parse_tracks(row: Row | Absent, now_ms: int) -> StoredTracks:
    """The stored tracks, empty ones when there are none or their time is over (the table deletes expired rows late).

    Raises:
        DependencyFailed: the row was not read.
        DamagedRow: it cannot be.
    """
    if row is Absent.MISSING:
        return StoredTracks()
    if row is Absent.NOT_READ:
        raise DependencyFailed("table", "a person's tracks were not read")
    match row:
        case {"tracks": bytes(data), "rev": int(rev), "ttl": int(ttl)}:
            return StoredTracks(Tracks() if ttl * 1000 <= now_ms else Tracks.decode(data), rev)
    raise DamagedRow("table", "the row of a person's tracks is damaged")


def _track(
    device: bytes,
    fence: str,
    action: FenceAction,
    at_ms: int,
    ids: Sequence[bytes],
    entered: Sequence[Sequence[object]],
) -> Track:
    if not (type(device) is bytes and type(fence) is str and type(at_ms) is int):
        raise TypeError("a track of other types")
    if action not in ("enter", "exit", "dwell") or not all(type(one) is bytes for one in ids):
        raise ValueError("a track of other words")
    return Track(device, fence, action, at_ms, tuple(ids), tuple(_entered(*one) for one in entered))


def _entered(fence: object, since_ms: object) -> tuple[str, int]:
    if type(fence) is not str or type(since_ms) is not int:
        raise TypeError("an entry of other types")
    return fence, since_ms


def _told(fence: object, at_ms: object) -> Told:
    return Told(*_entered(fence, at_ms))
