"""What outreach looks at: all that is known of a person, their world and the goods, through the eyes of page views.

A person's devices are one visitor to the decision's own machinery: their merged profile stands in for that of the
device they used last. So conditions of messages see the same facts as campaigns, and a message's placement is filled by
the same lists, model, rules and live cards as a page.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, Protocol, TypeAlias

from vitrine import keys
from vitrine.catalog.items import Card, card_in
from vitrine.decisions.actions import Lookup
from vitrine.decisions.claims import ClaimOutcome, Claims
from vitrine.decisions.context import Context, DecisionRequest, resolve_context
from vitrine.decisions.facts import Facts, Sources
from vitrine.decisions.findings import find_out
from vitrine.decisions.pipeline import decide
from vitrine.decisions.release import Release
from vitrine.errors import DamagedRow, DependencyFailed
from vitrine.outreach.arbitration import Candidate, Situation
from vitrine.outreach.channels import Channel
from vitrine.outreach.handing import Words
from vitrine.outreach.messages import Message, Outreach, Step
from vitrine.outreach.needs import Composed
from vitrine.outreach.opened import MessageLinks
from vitrine.outreach.person import Person, merged_profile
from vitrine.outreach.quiet_hours import zones_of
from vitrine.outreach.state import Sending, State
from vitrine.outreach.triggers import Good, items_of_interest
from vitrine.ports import NewId, PageTable
from vitrine.service.releases import Releases
from vitrine.types import Absent, ItemId, Key, Page, Row, Rows
from vitrine.values import dataclass
from vitrine.visitors.profile import Profile
from vitrine.visitors.stored import parse_profile

READ_TIMEOUT_S: Final = 3.0

Goods: TypeAlias = Sequence[tuple[ItemId, Card]]


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a message is written about: the winner's step to a person. `was` are earlier prices in minor units.

    `lookup` answers the store's attributes; `locale` is one of the store's.
    """

    message: Message
    step: Step
    sending: Sending
    person: Person
    locale: str
    lookup: Lookup
    goods: Goods
    was: Mapping[ItemId, int]
    outreach: Outreach
    links: MessageLinks


Write: TypeAlias = Callable[[Occasion], Words]
"""The words of a message for its channel. Always some: templates render with their defaults."""


class Find(Protocol):
    """The messages of a release."""

    def __call__(self, release: Release) -> Outreach:
        """Raises InvalidRelease or DependencyFailed when they cannot be had."""
        ...


@dataclass(frozen=True, slots=True)
class World:
    """What words are made of."""

    context: Context
    release: Release
    facts: Facts
    read: Callable[[Sequence[Key]], Rows]
    read_cards: Callable[[Sequence[ItemId]], Mapping[ItemId, Card | Absent]]


@dataclass(frozen=True, slots=True)
class StoreOutlook:
    """outreach.needs.Outlook over the table and the release that is served.

    `shop_url` is where links to the shop lead, "" for where the store's files say.
    """

    table: PageTable
    releases: Releases
    find: Find
    write: Write
    new_id: NewId
    shop_url: str = ""

    def situation(self, person: Person, state: State, now: datetime, at_once: frozenset[Channel]) -> Situation:
        """See outreach.needs.Outlook."""
        profiles = [keys.profile(visitor) for visitor in person.visitors]
        rows = self._rows([keys.RELEASE_POINTER, keys.OUTREACH_SWITCHES, *profiles])
        self.releases.notice(rows[keys.RELEASE_POINTER])
        release = self.releases.pinned()
        outreach = self.find(release)
        profile = merged_profile(_profile(rows[key], now) for key in profiles)
        read = self._reading(person, profile, now)
        context = resolve_context(self.new_id(now), now, _request(person, profile), release.store)
        found = find_out(context, release, (), read)
        parts = (found.context, found.visit, found.profile, found.lists, release.store, found.weather, found.predicted)
        facts = Facts(Sources(*parts))
        cards = self._cards(items_of_interest(profile, state.notes))
        bit = 1 << found.context.region_bit
        return Situation(
            outreach=outreach,
            person=person,
            profile=profile,
            state=state,
            goods={item: _good(card, bit) for item, card in cards.items() if isinstance(card, Card)},
            zones=_zones(person, profile, outreach),
            suits=lambda message: message.when is None or message.when.matches(facts),
            now_ms=int(now.timestamp() * 1000),
            off=switched_off(rows[keys.OUTREACH_SWITCHES]),
            at_once=at_once,
            world=World(found.context, release, facts, read, self._cards),
        )

    def compose(self, winner: Candidate, sending: Sending, situation: Situation) -> Composed:
        """See outreach.needs.Outlook."""
        world = situation.world
        assert isinstance(world, World)  # noqa: S101 - `situation` made it
        step = winner.message.steps[winner.step]
        goods = self._goods(winner, step, world)
        links = MessageLinks(
            shop=self.shop_url or situation.outreach.policy.link,
            message=winner.message.name,
            channel=sending.channel,
            region_bit=world.context.region_bit,
            items=tuple(item for item, _ in goods),
            n_shown=min(step.n_items, len(goods)),
        )
        was = {note.subject: note.value for note in situation.state.notes if note.kind == "price_drop"}
        words = self.write(
            Occasion(
                message=winner.message,
                step=step,
                sending=sending,
                person=situation.person,
                locale=world.context.locale,
                lookup=world.facts,
                goods=goods[: step.n_items],
                was=was,
                outreach=situation.outreach,
                links=links,
            )
        )
        return Composed(words, links.row())

    def _goods(self, winner: Candidate, step: Step, world: World) -> Goods:
        """What the message is about; where it names a placement, what that would show beside it. Those beyond what
        the step shows take the places of what is sold out when the message is opened."""
        if not step.n_items:
            return ()
        bit = 1 << world.context.region_bit
        about: Mapping[ItemId, Card | Absent] = {}
        if winner.message.trigger.kind != "post_purchase" or step.placement is None:
            about = self._cards(winner.call.items)
        found = {item: card for item, card in about.items() if isinstance(card, Card) and card.regions & bit}
        if step.placement is not None:
            for item, card in _placed(step.placement, winner, world):
                found.setdefault(item, card)
        return tuple(found.items())

    def _reading(self, person: Person, profile: Profile, now: datetime) -> Callable[[Sequence[Key]], Rows]:
        """Rows as page views read them, with the merged profile in the place of the newest device's."""
        stand_in: dict[Key, Row] = {}
        if person.visitors:
            ttl = int(now.timestamp()) + 86_400
            stand_in[keys.profile(person.visitors[0])] = {"profile": profile.encode(), "rev": 1, "ttl": ttl}

        def read(wanted: Sequence[Key]) -> Rows:
            asked = [key for key in wanted if key not in stand_in]
            rows = self.table.read(asked, READ_TIMEOUT_S) if asked else {}
            return {key: stand_in.get(key) or rows.get(key, Absent.NOT_READ) for key in wanted}

        return read

    def _cards(self, items: Sequence[ItemId]) -> Mapping[ItemId, Card | Absent]:
        """Cards as they are now.

        Raises:
            DependencyFailed: some were not read: a message must not go because its goods were not seen.
        """
        rows = self._rows([keys.card(item) for item in items]) if items else {}
        return {item: card_in(rows[keys.card(item)]) for item in items}

    def _rows(self, wanted: Sequence[Key]) -> Rows:
        rows = self.table.read(wanted, READ_TIMEOUT_S, latest=True)
        if Absent.NOT_READ in rows.values():
            raise DependencyFailed("table", "a person's world was not read")
        return rows


def switched_off(row: Row | Absent) -> frozenset[str]:
    """What operators have switched off: names of messages, channels, or `all`, separated by commas."""
    said = "" if isinstance(row, Absent) else row.get("off", "")
    return frozenset(name for name in str(said).split(",") if name)


def _profile(row: Row | Absent, now: datetime) -> Profile:
    try:
        return parse_profile(row, now).profile
    except DependencyFailed as error:
        raise DamagedRow("table", error.reason) from error


def _request(person: Person, profile: Profile) -> DecisionRequest:
    """A page view of nothing in particular by the device that was used last."""
    return DecisionRequest(
        page=Page("other", locale=person.locale),
        visitor=person.visitors[0] if person.visitors else None,
        cart=profile.cart(),
        consent=profile.consent.purposes,
    )


def _placed(name: str, winner: Candidate, world: World) -> Goods:
    """The goods that a placement shows the person now; nothing is counted and nothing recorded.

    It is asked as a page of what the message is about: of its first item, or of its category.
    """
    placement = world.release.store.placements.get(name)
    if placement is None:
        return ()
    request = world.context.request
    item = next(iter(winner.call.items), None)
    category = winner.call.subject if winner.message.trigger.kind == "category_interest" else None
    fitting = "category" if category else "product" if item else "other"
    kind = fitting if fitting in placement.pages else min(placement.pages)
    page = replace(request.page, type=kind, item=item, category=category)
    context = replace(world.context, request=replace(request, page=page, placements=(name,)))
    decision = decide(context, world.release, world.read, world.read_cards, _granted, _untimed)
    slots = (slot for answer in decision.placements for slot in answer.items)
    return [(slot.item, slot.card) for slot in slots if slot.card is not None]


def _granted(_: Claims) -> ClaimOutcome:
    return ClaimOutcome()


def _untimed(_: str) -> None:
    pass


def _good(card: Card, bit: int) -> Good:
    return Good(card.price, card.regular_price, card.category, bool(card.regions & bit))


def _zones(person: Person, profile: Profile, outreach: Outreach) -> Sequence[Any]:
    """The person's zone; else that of their home region; else all where they may be."""
    told = (person.zone, outreach.zone_of_region.get(profile.region or ""))
    known = zones_of([zone for zone in told if zone])
    return known[:1] or zones_of(outreach.zones)
