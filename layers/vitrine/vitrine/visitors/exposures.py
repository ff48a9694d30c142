"""What campaigns showed one visitor: the counts behind caps, exclusive groups, sticky arms and sponsored places, and
when countdowns end for them.

A count that cannot be exact is too high, never too low: a cap that is forgotten is worse than a banner that is not
shown. Stored, exposures are MessagePack with a format version; how large they can get is arithmetic, see
tests/unit/test_exposures.py.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

import msgpack

from vitrine.errors import DependencyFailed
from vitrine.types import DAY_MS, Absent, Row, VisitorId
from vitrine.values import dataclass, field
from vitrine.visitors.trails import (
    DIGEST_BYTES,
    GAP_MS,
    MANY,
    SESSION_MS,
    Mark,
    Trail,
    Trails,
    binding,
    bounded,
    digest_of,
    earlier,
    ending,
    endings,
    has_room,
    pack_trails,
    session_digest,
    united,
    unpack_trails,
)

FORMAT_VERSION: Final = 1
MAX_CAMPAIGNS: Final = 128
MAX_GROUPS: Final = 16
MAX_RULES: Final = 32
MAX_ARMS: Final = 64
MAX_FOLDED: Final = 8
"""How many of each one row keeps: those that may be forgotten are dropped first, and for others there is no room."""

EVER_MS: Final = 400 * DAY_MS
"""A cap for ever holds as long as a visitor is remembered after its last showing (see visitors.stored)."""

KEPT_FOR: Final = timedelta(days=120)
HOLD_MS: Final = 5 * 60_000
"""Who holds a group already is noted again only after this, so that not every page view is a write."""

DAMAGE: Final = (ValueError, TypeError, IndexError, msgpack.UnpackException)

Per: TypeAlias = Literal["session", "period"]


@dataclass(frozen=True, slots=True)
class Showing:
    """What one page view showed of one campaign.

    `lasts_ms` is for how long it matters to the campaign's caps, 0 without caps; `in_detail` says that the instant
    matters, not only the number. `arm` is a sticky assignment to remember, `ends_ms` the end of a countdown.
    """

    campaign: str
    lasts_ms: int = 0
    in_detail: bool = True
    group: str | None = None
    arm: tuple[str, str] | None = None
    ends_ms: int | None = None

    @property
    def noted_as(self) -> tuple[str, ...]:
        """Names of the trails that it is noted in."""
        own = (self.campaign,) if self.lasts_ms > 0 else ()
        return own if self.ends_ms is None else (*own, ending(self.campaign))


@dataclass(frozen=True, slots=True)
class Exposures:
    """What one visitor was shown. `own_arms` are (experiment key, variation), the one that was longest not used first.

    `before` is what the device with the digest `device` was shown before a login: it counts along and is not stored.
    `folded` are the devices, oldest first, whose exposures have become part of these: such a device's are counted no
    second time, only where they have become more than these. `ends_s`, in epoch seconds, is when the stored row ends.
    """

    campaigns: Trails = field(default_factory=dict)
    groups: Trails = field(default_factory=dict)
    rules: Trails = field(default_factory=dict)
    own_arms: tuple[tuple[str, str], ...] = ()
    folded: tuple[bytes, ...] = ()
    before: "Exposures | None" = None
    device: bytes = b""
    ends_s: int | None = field(default=None, compare=False)

    @property
    def arms(self) -> Mapping[str, str]:
        """Sticky arms by experiment key; those of the login stand above those of the device."""
        return {**(self.before.arms if self.before else {}), **dict(self.own_arms)}

    def views(self, campaign: str, per: Per, period_ms: int | None, now_ms: int, session: str | None) -> int:
        """Page views that showed the campaign in the session, or in the period up to now (None: ever).

        Exact up to MAX_MARKS showings; beyond that, and where they were forgotten, MANY or more.
        """
        before = self.before.views(campaign, per, period_ms, now_ms, session) if self.before else 0
        trail = self.campaigns.get(campaign, Trail())
        if per == "session":
            return self._with_before(before, _n_in_session(trail, now_ms, session))
        return self._with_before(before, trail.total if period_ms is None else trail.since(now_ms - period_ms))

    def ends_ms(self, campaign: str) -> int | None:
        """When the campaign's countdown ends for the visitor, by device or login the earlier; None before it began."""
        before = self.before.ends_ms(campaign) if self.before else None
        return earlier(before, self.campaigns.get(ending(campaign), Trail()).ends_ms)

    def holders(self, group: str, now_ms: int, session: str | None) -> frozenset[str] | None:
        """Campaigns of the group that the session has met, None when that is not known any more."""
        before = self.before.holders(group, now_ms, session) if self.before else frozenset[str]()
        trail = self.groups.get(group, Trail())
        marks = trail.in_session(now_ms, session_digest(session), GAP_MS + HOLD_MS)
        return None if marks is None or before is None else before.union(mark.what for mark in marks)

    def sponsored(self, rule: str, session: str | None, now_ms: int) -> int:
        """Items that a sponsored rule has placed in the session, MANY when that is not known any more."""
        before = self.before.sponsored(rule, session, now_ms) if self.before else 0
        if not has_room(self.rules, {rule}, now_ms, MAX_RULES):
            return MANY
        return self._with_before(before, _n_in_session(self.rules.get(rule, Trail()), now_ms, session))

    def has_room(self, campaigns: Collection[str], groups: Collection[str], now_ms: int) -> bool:
        """Whether showings of these campaigns and groups can be noted without forgetting what still counts."""
        return has_room(self.campaigns, campaigns, now_ms, MAX_CAMPAIGNS) and has_room(
            self.groups, groups, now_ms, MAX_GROUPS
        )

    def after(
        self, showings: Iterable[Showing], sponsored: Mapping[str, int], now_ms: int, session: str | None
    ) -> "Exposures":
        """The exposures after one page view: the campaigns it showed, and how many items each sponsored rule placed.

        What binds of the device's becomes part of the login's now, so that it binds without the device, too.
        """
        showings = tuple(showings)
        start = self._folding(showings, sponsored, now_ms)
        campaigns, groups, rules = dict(start.campaigns), dict(start.groups), dict(start.rules)
        arms, digest, lapses_ms = dict(start.own_arms), session_digest(session), now_ms + SESSION_MS
        for showing in showings:
            name, group = showing.campaign, showing.group
            if showing.lasts_ms > 0:
                trail, until_ms = campaigns.get(name, Trail()), now_ms + showing.lasts_ms
                mark = Mark(now_ms, digest)
                campaigns[name] = trail.added(mark, until_ms) if showing.in_detail else trail.counted(until_ms)
            if group is not None and not _holds(groups.get(group, Trail()), name, now_ms, digest):
                groups[group] = groups.get(group, Trail()).joined(Mark(now_ms, digest, name), lapses_ms)
            if showing.arm is not None:
                _use(arms, *showing.arm)
            if showing.ends_ms is not None:
                campaigns[ending(name)] = campaigns.get(ending(name), Trail()).ending_at(showing.ends_ms, EVER_MS)
        for rule, n in sponsored.items():
            if n > 0:
                rules[rule] = rules.get(rule, Trail()).joined(Mark(now_ms, digest, n=n), lapses_ms)
        return replace(
            start,
            campaigns=bounded(campaigns, MAX_CAMPAIGNS),
            groups=bounded(groups, MAX_GROUPS),
            rules=bounded(rules, MAX_RULES),
            own_arms=tuple(arms.items())[-MAX_ARMS:],
        )

    def merged_under(self, before: "Exposures", device: VisitorId | None = None) -> "Exposures":
        """These, a login's, with what its device was shown before: all of it counts, and arms of the login win.

        With the device's id it becomes part of the login's at the next `after`, once.
        """
        return replace(self, before=before, device=digest_of(device) if device is not None else b"")

    def is_due(self, now: datetime) -> bool:
        """Whether less than half of the life of the stored row is left."""
        return self.ends_s is not None and self.ends_s < (now + KEPT_FOR / 2).timestamp()

    def encode(self) -> bytes:
        """The exposures as bytes, without those from before a login; equal ones give equal bytes."""
        trails = [pack_trails(trails) for trails in (self.campaigns, self.groups, self.rules)]
        folded = (b"".join(self.folded),) if self.folded else ()
        packed: bytes = msgpack.packb((FORMAT_VERSION, *trails, self.own_arms, *folded))
        return packed

    @classmethod
    def decode(cls, data: bytes, ends_s: int | None = None) -> "Exposures":
        """The exposures that `encode` wrote, and when their row ends.

        Raises:
            DependencyFailed: the bytes are damaged or of another format version.
        """
        try:
            version, *parts = msgpack.unpackb(data)
            if version != FORMAT_VERSION:
                raise DependencyFailed("table", f"exposures have format {version}, this code reads {FORMAT_VERSION}")
            campaigns, groups, rules = map(unpack_trails, parts[:3])
            arms, *folded = parts[3:]
            own_arms = tuple([(str(key), str(name)) for key, name in arms])
            return cls(campaigns, groups, rules, own_arms, _digests(*folded), ends_s=ends_s)
        except DAMAGE as error:
            raise DependencyFailed("table", "exposures are damaged") from error

    def _with_before(self, before: int, own: int) -> int:
        """A count with the device's: their sum, until the own one has it in it."""
        return max(before, own) if self.device in self.folded else before + own

    def _folding(self, showings: Sequence[Showing], sponsored: Mapping[str, int], now_ms: int) -> "Exposures":
        """These with what binds of the device's, if that is not in them yet and if there is room for it and for what is
        shown now; else these. Ends of countdowns, which no union makes later, may come with every page view."""
        before = self.before
        if before is None or not self.device:
            return self
        folded = self.folded
        if self.device in folded:
            before = Exposures(endings(before.campaigns))
        else:
            folded = (*folded, self.device)[-MAX_FOLDED:]
        theirs = [binding(trails, now_ms) for trails in (before.campaigns, before.groups, before.rules)]
        if not any(theirs) and not before.own_arms:
            return self
        own = (self.campaigns, self.groups, self.rules)
        campaigns, groups, rules = (united(trails, others) for trails, others in zip(own, theirs, strict=True))
        both = replace(self, campaigns=campaigns, groups=groups, rules=rules)
        names = {name for showing in showings for name in showing.noted_as}
        held = {showing.group for showing in showings if showing.group is not None}
        if not both.has_room(names, held, now_ms) or not has_room(rules, sponsored.keys(), now_ms, MAX_RULES):
            return self
        arms = {**dict(before.own_arms), **dict(self.own_arms)}
        return replace(both, own_arms=tuple(arms.items()), folded=folded)


@dataclass(frozen=True, slots=True)
class StoredExposures:
    """Exposures and the revision of their row; `rev` is None when there is no row yet."""

    exposures: Exposures
    rev: int | None


def row_of(exposures: Exposures, rev: int | None, now: datetime) -> Row:
    """The row that takes the place of the one with this revision. It lives as long as one of its caps may bind."""
    lapses_s = max((trail.until_ms // 1000 for trail in exposures.campaigns.values()), default=0)
    return {
        "shown": exposures.encode(),
        "rev": 1 if rev is None else rev + 1,
        "ttl": max(int((now + KEPT_FOR).timestamp()), lapses_s + 1),
    }


def parse_exposures(row: Row | Absent, now: datetime) -> StoredExposures:
    """The stored exposures, empty when there are none or their time is over (the table deletes expired rows late).

    Raises:
        DependencyFailed: the row was not read, or is damaged.
    """
    if row is Absent.MISSING:
        return StoredExposures(Exposures(), None)
    if row is Absent.NOT_READ:
        raise DependencyFailed("table", "the exposures were not read")
    match row:
        case {"shown": bytes(data), "rev": int(rev), "ttl": int(ttl)}:
            is_over = ttl <= now.timestamp()
            return StoredExposures(Exposures() if is_over else Exposures.decode(data, ttl), rev)
    raise DependencyFailed("table", "a row of exposures is damaged")


def _use(arms: dict[str, str], experiment: str, variation: str) -> None:
    """Note an arm that is used. It becomes the newest, unless it is among the newest half of what a row can hold: who
    meets two experiments by turns is not written at each turn."""
    if experiment in tuple(arms)[: -MAX_ARMS // 2]:
        del arms[experiment]
    arms[experiment] = variation


def _digests(packed: bytes = b"") -> tuple[bytes, ...]:
    """The digests that were joined to one string; ValueError or TypeError when they are damaged."""
    if not isinstance(packed, bytes) or len(packed) % DIGEST_BYTES:
        raise ValueError("digests are of another form")
    return tuple(packed[at : at + DIGEST_BYTES] for at in range(0, len(packed), DIGEST_BYTES))


def _n_in_session(trail: Trail, now_ms: int, session: str | None) -> int:
    marks = trail.in_session(now_ms, session_digest(session))
    return MANY if marks is None else sum(mark.n for mark in marks)


def _holds(trail: Trail, campaign: str, now_ms: int, digest: bytes) -> bool:
    """Whether the group has been noted as this campaign's in this session a moment ago."""
    return any(
        mark.what == campaign and mark.session == digest and now_ms - HOLD_MS < mark.at_ms <= now_ms
        for mark in trail.marks
    )
