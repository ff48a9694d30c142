"""Attributes that only messages have: `variables: {name: {from: message.name, default: ...}}`, as all others.

They are known when a message is worded, so conditions cannot look at them.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from vitrine.api.message_money import day_text, money
from vitrine.catalog.items import Card
from vitrine.decisions.actions import Lookup, Payload
from vitrine.rules.conditions import Attribute
from vitrine.service.outlook import Occasion
from vitrine.types import ItemId
from vitrine.values import dataclass

OWN: Final = "message."
FENCE: Final = "message.fence"
TODAY: Final = "time.date"
MESSAGE_ATTRIBUTES: Final[Mapping[str, Attribute]] = {
    "message.name": Attribute("string", "what the person is called, as the shop's backend told"),
    "message.shop": Attribute("string", "how the store calls itself"),
    "message.goods": Attribute("strings", "titles of the goods it shows"),
    "message.goods_n": Attribute("number", "how many goods it shows"),
    "message.good": Attribute("string", "title of the first of the goods"),
    "message.price": Attribute("string", "its price, as people write it"),
    "message.was": Attribute("string", "what it cost before, where that was more"),
    "message.off": Attribute("number", "by how many percent it costs less, where it does"),
    "message.today": Attribute("string", "the person's date, as people write it"),
    FENCE: Attribute("string", "name of the fence that was entered or left"),
}


@dataclass(frozen=True, slots=True)
class NamedFences:
    """A payload in which FENCE, which is known as an id, is the fence's name in the payload's locale."""

    payload: Payload
    names: Mapping[str, Mapping[str, str]]

    def render(self, locale: str, lookup: Lookup) -> Any:  # noqa: ANN401 - any JSON
        """See decisions.actions.Payload."""

        def named(path: str) -> Any:  # noqa: ANN401 - any attribute
            return lookup(path) if path != FENCE else self.names.get(lookup(path) or "", {}).get(locale)

        return self.payload.render(locale, named)


def own_facts(occasion: Occasion, goods: Sequence[tuple[ItemId, Card]]) -> Mapping[str, Any]:
    """The values of MESSAGE_ATTRIBUTES, None for what is not known; `goods` are the occasion's, as they are shown."""
    found: dict[str, Any] = dict.fromkeys(MESSAGE_ATTRIBUTES)
    found["message.name"] = " ".join((occasion.person.name or "").split()) or None
    found["message.shop"] = occasion.outreach.policy.from_name or None
    found["message.goods"] = [card.title for _, card in goods] or None
    found["message.goods_n"] = len(goods)
    found["message.today"] = _today(occasion)
    if occasion.message.trigger.kind == "geofence":
        found[FENCE] = occasion.sending.subject
    return found | dict(_of_first(occasion, goods))


def price_before(item: ItemId, card: Card, occasion: Occasion) -> int | None:
    """What an item cost before in minor units, None where that was not more."""
    before = max(card.regular_price, occasion.was.get(item, 0))
    return before if before > card.price else None


def _of_first(occasion: Occasion, goods: Sequence[tuple[ItemId, Card]]) -> Iterator[tuple[str, Any]]:
    for item, card in goods[:1]:
        yield "message.good", card.title
        yield "message.price", money(card.price, card.currency, occasion.locale)
        before = price_before(item, card, occasion)
        if before is not None:
            yield "message.was", money(before, card.currency, occasion.locale)
            yield "message.off", (before - card.price) * 100 // before


def _today(occasion: Occasion) -> str | None:
    said = occasion.lookup(TODAY)
    try:
        return day_text(date.fromisoformat(said), occasion.locale) if isinstance(said, str) else None
    except ValueError:
        return None
