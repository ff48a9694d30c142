"""What campaigns showed one visitor: the counts behind caps, exclusive groups, sticky arms and sponsored places.

A count that cannot be exact is too high, never too low: a cap that is forgotten is worse than a banner that is not
shown. Stored, exposures are MessagePack with a format version; how large they can get is arithmetic, see
tests/unit/test_exposures.py.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

import msgpack

from vitrine.errors import DependencyFailed
from vitrine.types import DAY_MS, Absent, Row
from vitrine.visitors.trails import (
    GAP_MS,
    MANY,
    SESSION_MS,
    Mark,
    Trail,
    Trails,
    bounded,
    has_room,
    pack_trails,
    session_digest,
    unpack_trails,
)

FORMAT_VERSION: Final = 1
MAX_CAMPAIGNS: Final = 128
MAX_GROUPS: Final = 16
MAX_RULES: Final = 32
MAX_ARMS: Final = 64
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
    matters, not only the number. `arm` is a sticky assignment to remember.
    """

    campaign: str
    lasts_ms: int = 0
    in_detail: bool = True
    group: str | None = None
    arm: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Exposures:
    """What one visitor was shown. `own_arms` are (experiment key, variation), the oldest first.

    `before` is what the device was shown before a login: it counts along and is not stored.
    """

    campaigns: Trails = field(default_factory=dict)
    groups: Trails = field(default_factory=dict)
    rules: Trails = field(default_factory=dict)
    own_arms: tuple[tuple[str, str], ...] = ()
    before: "Exposures | None" = None

    @property
    def arms(self) -> Mapping[str, str]:
        """Sticky arms by experiment key; those of the login stand above those of the device."""
        return {**(self.before.arms if self.before else {}), **dict(self.own_arms)}

    def views(self, campaign: str, per: Per, period_ms: int | None, now_ms: int, session: str | None) -> int:
        """Page views that showed the campaign in the session, or in the period up to now (None: ever).

        Exact up to MAX_MARKS showings; beyond that, and where they were forgotten, MANY or more.
        """
        before = self.before.views(campaign, per, period_ms, now_ms, session) if self.before else 0
        trail = self.campaigns.get(campaign)
        if trail is None:
            return before
        if per == "session":
            return before + _n_in_session(trail, now_ms, session)
        return before + (trail.total if period_ms is None else trail.since(now_ms - period_ms))

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
        return before + _n_in_session(self.rules.get(rule, Trail()), now_ms, session)

    def has_room(self, campaigns: Collection[str], groups: Collection[str], now_ms: int) -> bool:
        """Whether showings of these campaigns and groups can be noted without forgetting what still counts."""
        return has_room(self.campaigns, campaigns, now_ms, MAX_CAMPAIGNS) and has_room(
            self.groups, groups, now_ms, MAX_GROUPS
        )

    def after(
        self, showings: Iterable[Showing], sponsored: Mapping[str, int], now_ms: int, session: str | None
    ) -> "Exposures":
        """The exposures after one page view: the campaigns it showed, and how many items each sponsored rule placed."""
        campaigns, groups, rules = dict(self.campaigns), dict(self.groups), dict(self.rules)
        arms, digest, lapses_ms = dict(self.own_arms), session_digest(session), now_ms + SESSION_MS
        for showing in showings:
            name, group = showing.campaign, showing.group
            if showing.lasts_ms > 0:
                trail, until_ms = campaigns.get(name, Trail()), now_ms + showing.lasts_ms
                mark = Mark(now_ms, digest)
                campaigns[name] = trail.added(mark, until_ms) if showing.in_detail else trail.counted(until_ms)
            if group is not None and not _holds(groups.get(group, Trail()), name, now_ms, digest):
                groups[group] = groups.get(group, Trail()).joined(Mark(now_ms, digest, name), lapses_ms)
            if showing.arm is not None:
                arms[showing.arm[0]] = showing.arm[1]
        for rule, n in sponsored.items():
            if n > 0:
                rules[rule] = rules.get(rule, Trail()).joined(Mark(now_ms, digest, n=n), lapses_ms)
        return replace(
            self,
            campaigns=bounded(campaigns, MAX_CAMPAIGNS),
            groups=bounded(groups, MAX_GROUPS),
            rules=bounded(rules, MAX_RULES),
            own_arms=tuple(arms.items())[-MAX_ARMS:],
        )

    def merged_under(self, before: "Exposures") -> "Exposures":
        """These, a login's, with what its device was shown before: all of it counts, and arms of the login win."""
        return replace(self, before=before)

    def encode(self) -> bytes:
        """The exposures as bytes, without those from before a login; equal ones give equal bytes."""
        trails = [pack_trails(trails) for trails in (self.campaigns, self.groups, self.rules)]
        packed: bytes = msgpack.packb((FORMAT_VERSION, *trails, self.own_arms))
        return packed

    @classmethod
    def decode(cls, data: bytes) -> "Exposures":
        """The exposures that `encode` wrote.

        Raises:
            DependencyFailed: the bytes are damaged or of another format version.
        """
        try:
            version, *trails, arms = msgpack.unpackb(data)
            if version != FORMAT_VERSION:
                raise DependencyFailed("table", f"exposures have format {version}, this code reads {FORMAT_VERSION}")
            campaigns, groups, rules = map(unpack_trails, trails)
            return cls(campaigns, groups, rules, tuple((str(key), str(name)) for key, name in arms))
        except DAMAGE as error:
            raise DependencyFailed("table", "exposures are damaged") from error


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
            return StoredExposures(Exposures() if ttl <= now.timestamp() else Exposures.decode(data), rev)
    raise DependencyFailed("table", "a row of exposures is damaged")


def _n_in_session(trail: Trail, now_ms: int, session: str | None) -> int:
    marks = trail.in_session(now_ms, session_digest(session))
    return MANY if marks is None else sum(mark.n for mark in marks)


def _holds(trail: Trail, campaign: str, now_ms: int, digest: bytes) -> bool:
    """Whether the group has been noted as this campaign's in this session a moment ago."""
    return any(
        mark.what == campaign and mark.session == digest and now_ms - HOLD_MS < mark.at_ms <= now_ms
        for mark in trail.marks
    )
