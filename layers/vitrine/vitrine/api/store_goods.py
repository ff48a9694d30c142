"""The goods that a store's files name: category paths and item ids, each with its place.

Files are checked without the catalogue, so a name with a typo is a right one to `vitrine validate`. Who can see a
catalogue asks here what to look up.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, TypeAlias

from vitrine.api.store_actions import ActionFile, RowFile, SelectorFile, StrategyFile
from vitrine.api.store_build import StoreParts
from vitrine.api.store_faults import Place
from vitrine.api.store_messages import MessageFile
from vitrine.api.store_rules import RuleFile
from vitrine.api.store_triggers import CategoryInterestFile
from vitrine.values import dataclass

Kind: TypeAlias = Literal["category", "item"]
ATTRIBUTES: Final[Mapping[str, Kind]] = {
    "affinity.categories": "category",
    "cart.categories": "category",
    "recent.categories": "category",
    "page.categories": "category",
    "page.item": "item",
    "signals.added_item": "item",
}
"""Attributes whose values are goods. page.category is none: a page names its category in the shop's own words."""
_COMBINING: Final = ("$and", "$or", "$nor")
_EQUAL: Final = ("$eq", "$ne", "$in", "$nin", "$ini", "$nini")
_NESTED: Final = ("$not", "$elemMatch")


@dataclass(frozen=True, slots=True)
class Named:
    """One mention of a category path or of an item's id. Places are those that faults have."""

    kind: Kind
    name: str
    place: Place


def goods_of(parts: StoreParts) -> Iterator[Named]:
    """Every mention in selectors, shelves of categories, covers, pins, triggers and conditions, in the order of the
    parts."""
    for name, placement in parts.placements.items():
        yield from () if placement is None else _of_action(placement, ("placements", name))
    for name, audience in parts.audiences.items():
        yield from () if audience is None else _of_condition(audience.when, ("audiences", name, "when"))
    for n, persona in enumerate(parts.personas):
        yield from () if persona is None else _of_condition(persona.when, ("personas", n, "when"))
    for name, campaign in parts.campaigns.items():
        at: Place = ("campaigns", name)
        yield from _of_condition(campaign.when, (*at, "when"))
        for variation, action in campaign.actions().items():
            yield from _of_action(action, (*at, "variations", variation) if variation else at)
    for name, rule in parts.rules.items():
        yield from _of_rule(rule, ("rules", name))
    for season, selector in ({} if parts.emphasis is None else parts.emphasis.seasons).items():
        yield from _of_selector(selector, ("seasons", season))
    for name, bundle in parts.bundles.items():
        yield from _of_selector(bundle.items, ("bundles", name, "items"))
    for name, message in parts.messages.items():
        yield from () if message is None else _of_message(message, ("messages", name))


def _of_action(file: ActionFile, at: Place) -> Iterator[Named]:
    if file.products is not None:
        yield from _of_row(file.products, (*at, "products"))
    yield from _of_covers(file.content, (*at, "content", "covers"))
    if file.overlay is not None:
        yield from _of_covers(file.overlay.content, (*at, "overlay", "content", "covers"))
        if file.overlay.products is not None:
            yield from _of_row(file.overlay.products, (*at, "overlay", "products"))
    if file.sort is not None:
        yield from _of_list(file.sort.order, (*at, "sort", "order"))


def _of_row(file: RowFile, at: Place) -> Iterator[Named]:
    for n, way in enumerate(file.strategies):
        yield from _of_strategy(way, (*at, "strategies", n))
    yield from _of_selector(file.items, (*at, "items"))


def _of_strategy(file: StrategyFile, at: Place) -> Iterator[Named]:
    for n, name in enumerate(file.lists):
        yield from _of_list(name, (*at, "from", n))
    yield from _of_list(file.order, (*at, "order"))
    yield from _of_selector(file.items, (*at, "items"))


def _of_list(name: str, at: Place) -> Iterator[Named]:
    """The category of a list such as popular@frozen/ice-cream; the others are of no category."""
    _, mark, path = name.partition("@")
    if mark:
        yield Named("category", path, at)


def _of_selector(file: SelectorFile | None, at: Place) -> Iterator[Named]:
    if file is None:
        return
    yield from _of_texts("item", file.ids or [], (*at, "ids"))
    yield from _of_texts("category", file.category or [], (*at, "category"))
    yield from _of_selector(file.but, (*at, "but"))


def _of_covers(content: Any, at: Place) -> Iterator[Named]:  # noqa: ANN401 - any YAML
    covers = content.get("covers") if isinstance(content, dict) else None
    for n, cover in enumerate(covers if isinstance(covers, list) else []):
        yield from _of_texts("category", cover.get("category"), (*at, n, "category"))


def _of_rule(file: RuleFile, at: Place) -> Iterator[Named]:
    yield from _of_condition(file.when, (*at, "when"))
    place = (*at, file.kind)
    if file.pin is not None:
        yield from _of_texts("item", file.pin.items, (*place, "items"))
    yield from _of_selector(file.only or file.exclude, place)
    for around in (file.boost, file.bury, file.slots, file.sponsored):
        yield from () if around is None else _of_selector(around.items, (*place, "items"))


def _of_message(file: MessageFile, at: Place) -> Iterator[Named]:
    if isinstance(file.trigger, CategoryInterestFile):
        yield from _of_texts("category", file.trigger.category, (*at, "trigger", "category"))
    yield from _of_condition(file.when, (*at, "when"))


def _of_condition(plain: Mapping[str, Any] | None, at: Place) -> Iterator[Named]:
    for key, operand in (plain or {}).items():
        place = (*at, key)
        if key in _COMBINING:
            for n, part in enumerate(operand):
                yield from _of_condition(part, (*place, n))
        elif key == "$not":
            yield from _of_condition(operand, place)
        elif key in ATTRIBUTES:
            yield from _of_operand(ATTRIBUTES[key], operand, place)


def _of_operand(kind: Kind, operand: Any, at: Place) -> Iterator[Named]:  # noqa: ANN401 - any YAML
    """What an attribute is compared with: a literal, or what stands under operators that compare with whole values."""
    if not isinstance(operand, dict):
        yield from _of_texts(kind, operand, at)
        return
    for name, inner in operand.items():
        if name == "$all":
            for n, part in enumerate(inner):
                yield from _of_operand(kind, part, (*at, name, n))
        elif name in _NESTED:
            yield from _of_operand(kind, inner, (*at, name))
        elif name in _EQUAL:
            yield from _of_texts(kind, inner, (*at, name))


def _of_texts(kind: Kind, plain: Any, at: Place) -> Iterator[Named]:  # noqa: ANN401 - any YAML
    """A text, or each text of a list; whatever else there is names nothing."""
    if isinstance(plain, str):
        yield Named(kind, plain, at)
    elif isinstance(plain, list):
        for n, text in enumerate(plain):
            yield from _of_texts(kind, text, (*at, n))
