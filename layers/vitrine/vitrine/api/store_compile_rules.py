"""Merchandising rules and offers of the files compiled."""

from typing import Any, get_args

from vitrine.api.store_actions import SelectorFile
from vitrine.api.store_compile_rows import compile_selector
from vitrine.api.store_fairness import check_rule_fairness
from vitrine.api.store_faults import Place, suggest
from vitrine.api.store_offers import BundleFile
from vitrine.api.store_rules import EmphasisFile, RuleFile
from vitrine.api.store_scope import Scope, compile_schedule
from vitrine.api.store_templates import check_templates
from vitrine.api.templates import compile_payload
from vitrine.decisions.bundles import BundleOffer
from vitrine.decisions.merchandising import Rule, RuleKind
from vitrine.decisions.selection import Selector
from vitrine.rules.conditions import Condition


def compile_rule(name: str, file: RuleFile, scope: Scope) -> Rule:
    """The rule."""
    at: Place = ("rules", name)
    span = compile_schedule(file.schedule, scope, (*at, "schedule"))
    condition = scope.conditions.of_one(file.audience, file.when, at)
    if scope.checking:
        _check(file, condition, scope, at)
    placements = file.placements
    return Rule(
        name=name,
        kind=next(kind for kind in get_args(RuleKind) if kind == file.kind),
        placements=None if placements is None else scope.known_placements(placements, (*at, "placements")),
        condition=condition,
        starts_ms=span.starts_ms,
        ends_ms=span.ends_ms,
        **_effect(file, scope, at),
    )


def compile_seasons(file: EmphasisFile, scope: Scope) -> dict[str, Selector]:
    """The goods of each season that has some."""
    return {name: compile_selector(selector, scope, ("seasons", name)) for name, selector in file.seasons.items()}


def compile_warehouses(file: EmphasisFile, scope: Scope) -> tuple[float, ...]:
    """The priority of each region, in the order of their stock bits; () when none has one."""
    regions = [region.id for region in scope.store.regions]
    for name in file.warehouses.keys() - set(regions):
        scope.refuse(("warehouses", name), f"there is no region {name!r}", suggest(name, regions, "regions"))
    return tuple(file.warehouses.get(region, 0.0) for region in regions) if file.warehouses else ()


def compile_bundle(name: str, file: BundleFile, scope: Scope) -> BundleOffer:
    """An offer for sets."""
    items = None if file.items is None else compile_selector(file.items, scope, ("bundles", name, "items"))
    return BundleOffer(name, file.discount, items)


def _effect(file: RuleFile, scope: Scope, at: Place) -> dict[str, Any]:
    """The fields of the rule that its kind uses."""
    place = (*at, file.kind)
    if file.pin is not None:
        slots = file.pin.slots or range(len(file.pin.items))
        return {"pinned": tuple(file.pin.items), "slots": tuple(slots)}
    selector = _selector(file)
    selects = {} if selector is None else {"items": compile_selector(selector, scope, (*place, *_inner(file)))}
    weighted = file.boost or file.bury
    if weighted is not None:
        return {**selects, "weight": weighted.by}
    if file.slots is not None:
        return {**selects, "slots": tuple(file.slots.slots)}
    if file.sponsored is not None:
        said = file.sponsored
        label = compile_payload(said.label, scope.locales, {}, scope.refuse, (*place, "label"))
        return {
            **selects,
            "slots": tuple(said.slots),
            "per_row": said.per_row,
            "per_session": said.per_session,
            "label": label,
            "sponsor": said.sponsor,
        }
    return selects


def _selector(file: RuleFile) -> SelectorFile | None:
    direct = file.only or file.exclude
    around = file.boost or file.bury or file.slots or file.sponsored
    return direct if direct is not None else around.items if around is not None else None


def _inner(file: RuleFile) -> Place:
    return () if file.only or file.exclude else ("items",)


def _check(file: RuleFile, condition: Condition | None, scope: Scope, at: Place) -> None:
    """Refuse what only a check has to find."""
    check_rule_fairness(_selector(file), condition, scope, at)
    if file.pin is not None and file.pin.slots is not None and len(file.pin.slots) < len(file.pin.items):
        said = f"pins {len(file.pin.items)} items into {len(file.pin.slots)} slots"
        scope.refuse((*at, "pin", "slots"), said, "give every item a slot")
    if file.sponsored is not None:
        place = (*at, "sponsored", "label")
        check_templates({place: file.sponsored.label}, {}, scope.refuse, at)
    for n, name in enumerate(file.placements or ()):
        placement = scope.placements.get(name)
        if placement is not None and not (placement.rows() or placement.none):
            said = f"{name} shows {placement.kinds[0]}, which has no row of products"
            scope.refuse((*at, "placements", n), said, "rules are for placements with products")
