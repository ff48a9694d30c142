"""Actions of the files compiled: selectors to codes, rows, content, overlays, listings."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitrine.api.store_actions import ActionFile, RowFile, SelectorFile, StrategyFile
from vitrine.api.store_compile_overlays import compile_countdown, compile_wheel, sectors_of
from vitrine.api.store_faults import Place, suggest
from vitrine.api.store_scope import Scope, check_locales
from vitrine.api.templates import Variable, compile_payload
from vitrine.catalog.packed import SHELF_COLUMNS, code, item_key, region_mask
from vitrine.decisions.actions import (
    BY_MODEL,
    NOTHING,
    SECTORS,
    Action,
    Content,
    Cover,
    Explore,
    Floor,
    Payload,
    ProductRow,
    Sort,
    Strategy,
)
from vitrine.decisions.candidates import LISTS
from vitrine.decisions.merchandising import BLEND
from vitrine.decisions.selection import Selector

Variables = Mapping[str, Variable]


def compile_action(file: ActionFile, variables: Variables, scope: Scope, at: Place) -> Action:
    """The action that a placement, a campaign or a variation has."""
    if file.products is not None:
        return Action("products", row=compile_row(file.products, variables, scope, (*at, "products")))
    if file.overlay is not None:
        place = (*at, "overlay")
        row = file.overlay.products
        return Action(
            "overlay",
            row=None if row is None else compile_row(row, variables, scope, (*place, "products")),
            content=_content(file.overlay.content, variables, scope, (*place, "content")),
            mechanic=file.overlay.mechanic,
            countdown=compile_countdown(file.overlay.countdown, scope),
            wheel=compile_wheel(file.overlay.wheel, variables, scope, (*place, "wheel")),
        )
    if file.sort is not None:
        if file.sort.order != BY_MODEL:
            _known_list(file.sort.order, scope, (*at, "sort", "order"))
        return Action("sort", sort=Sort(file.sort.order, file.sort.position_weight))
    if file.content is not None:
        return Action("content", content=_content(file.content, variables, scope, (*at, "content")))
    return NOTHING


def payloads_of(file: ActionFile, at: Place) -> dict[Place, Any]:
    """Everything in an action that may hold templates, by its place."""
    found: dict[Place, Any] = {(*at, "content"): file.content}
    if file.products is not None:
        found[(*at, "products", "title")] = file.products.title
    if file.overlay is not None:
        found[(*at, "overlay", "content")] = file.overlay.content
        if file.overlay.wheel is not None:
            found[(*at, "overlay", "wheel", SECTORS)] = sectors_of(file.overlay.wheel)
        if file.overlay.products is not None:
            found[(*at, "overlay", "products", "title")] = file.overlay.products.title
    return found


def compile_row(file: RowFile, variables: Variables, scope: Scope, at: Place) -> ProductRow:
    """A row of products."""
    _check_blend(file, scope, (*at, "blend"))
    _check_floor(file, scope, (*at, "floor"))
    return ProductRow(
        size=file.size,
        title=_title(file.title, variables, scope, (*at, "title")),
        strategies=tuple(
            _strategy(way, file.size, scope, (*at, "strategies", index)) for index, way in enumerate(file.strategies)
        ),
        hide_bought_days=file.hide_bought_days,
        max_per_kind=file.max_per_kind,
        max_per_category=file.max_per_category,
        max_per_brand=file.max_per_brand,
        items=_optional_selector(file.items, scope, (*at, "items")),
        floor=Floor(file.floor.min_items, file.floor.min_score),
        blend=dict(file.blend),
        explore=None if file.explore is None else Explore(file.explore.share, file.explore.pool),
        rows=file.rows,
    )


def _check_blend(file: RowFile, scope: Scope, at: Place) -> None:
    """Refuse terms that do not exist, and those for which the store declares nothing."""
    for name in file.blend.keys() - set(BLEND):
        said = f"there is no feature {name!r} to blend in"
        scope.refuse((*at, name), said, suggest(name, BLEND, "features"))
    declared = scope.emphasis
    if declared is not None and "season" in file.blend and not declared.seasons:
        said, hint = "the store declares no goods of any season", "seasons: {summer: {category: [PATH]}}"
        scope.refuse((*at, "season"), said, f"write {hint} in merchandising.yaml")
    if declared is not None and "warehouse" in file.blend and not declared.warehouses:
        said, hint = "the store declares no priority of any region", "warehouses: {REGION: 1.0}"
        scope.refuse((*at, "warehouse"), said, f"write {hint} in merchandising.yaml")


def _check_floor(file: RowFile, scope: Scope, at: Place) -> None:
    """Refuse a floor that nothing gets over, and one that binds nothing."""
    if file.floor.min_items > file.size:
        said = f"min_items {file.floor.min_items} is more than the row's size {file.size}"
        scope.refuse(at, said, "it would never be shown")
    by_model = all(way.order == BY_MODEL for way in file.strategies)
    if scope.checking and by_model and file.floor.min_score is not None:
        said = "binds nothing: the model orders every strategy, and its scores only compare the items of one page"
        scope.refuse((*at, "min_score"), said, "use min_items, or order a strategy by a list")


def compile_selector(file: SelectorFile, scope: Scope, at: Place) -> Selector:
    """A selector in the codes of packed lists."""
    unknown = [region for region in file.stocked_in or () if region not in _regions(scope)]
    for region in unknown:
        said = f"there is no region {region!r}"
        scope.refuse((*at, "stocked_in"), said, suggest(region, _regions(scope), "regions"))
    paths = file.category or []
    levels = [[path for path in paths if path.count("/") == level] for level in range(3)]
    regions = [_regions(scope).index(region) for region in file.stocked_in or () if region not in unknown]
    return Selector(
        keys=None if file.ids is None else np.array([item_key(item) for item in file.ids], np.uint64),
        departments=_codes(levels[0]),
        categories=_codes(levels[1]),
        leaves=_codes(levels[2]),
        brands=_codes(file.brand or ()),
        ranges={name: _bounds(bounds.gte, bounds.lte) for name, bounds in file.ranges().items()},
        stocked_in=region_mask(regions),
        but=_optional_selector(file.but, scope, (*at, "but")),
    )


def _optional_selector(file: SelectorFile | None, scope: Scope, at: Place) -> Selector | None:
    return None if file is None else compile_selector(file, scope, at)


def _strategy(file: StrategyFile, size: int, scope: Scope, at: Place) -> Strategy:
    for index, name in enumerate(file.lists):
        _known_list(name, scope, (*at, "from", index))
    if file.order != BY_MODEL and file.order not in file.lists:
        hint = f"use {BY_MODEL!r} or one of the lists in 'from'"
        scope.refuse((*at, "order"), f"order is {file.order!r}, which the strategy does not draw from", hint)
    for index, slot in enumerate(file.slots or ()):
        if slot >= size:
            said = f"slot {slot} is outside a row of {size}"
            scope.refuse((*at, "slots", index), said, f"slots are 0 to {size - 1}")
    return Strategy(
        audience=file.audience,
        lists=tuple(file.lists),
        order=file.order,
        other_category=file.other_category,
        price=file.price,
        items=_optional_selector(file.items, scope, (*at, "items")),
        slots=tuple(file.slots or ()),
    )


def _title(texts: dict[str, str], variables: Variables, scope: Scope, at: Place) -> Payload:
    check_locales(texts, scope, at)
    known = {locale: texts[locale] for locale in scope.locales if locale in texts}
    return compile_payload(known, scope.locales, variables, lambda *_: None, at)


def _known_list(name: str, scope: Scope, at: Place) -> None:
    shelf, mark, path = name.partition("@")
    if mark:
        if shelf not in SHELF_COLUMNS or not 1 <= len(path.split("/")) <= 3 or not all(path.split("/")):
            hint = f"write {'@PATH, '.join(SHELF_COLUMNS)}@PATH with a category path of one to three levels"
            scope.refuse(at, f"{name!r} is no shelf of a category", hint)
    elif name not in LISTS:
        scope.refuse(at, f"there is no list {name!r}", suggest(name, LISTS, "lists"))


def _content(plain: Any, variables: Variables, scope: Scope, at: Place) -> Content:  # noqa: ANN401 - any JSON
    """A payload and its covers, which a mapping has under that key."""
    if not isinstance(plain, dict) or "covers" not in plain:
        return Content(compile_payload(plain, scope.locales, variables, scope.refuse, at))
    rest = {key: value for key, value in plain.items() if key != "covers"}
    payload = compile_payload(rest, scope.locales, variables, scope.refuse, at)
    place = (*at, "covers")
    covers = plain["covers"]
    if not isinstance(covers, list) or not covers or not all(isinstance(cover, dict) for cover in covers):
        scope.refuse(place, "covers is no list of mappings", "write - {category: PATH, image: ...}")
        return Content(payload)
    if [cover.get("category") for cover in covers].count(None) != 1:
        scope.refuse(place, "covers need exactly one without a category", "it is for everybody else")
    return Content(payload, tuple(_cover(cover, variables, scope, (*place, n)) for n, cover in enumerate(covers)))


def _cover(plain: dict[str, Any], variables: Variables, scope: Scope, at: Place) -> Cover:
    category = plain.get("category")
    if category is not None and (not isinstance(category, str) or not all(category.split("/"))):
        scope.refuse((*at, "category"), f"{category!r} is no category path", "write department/category/type")
    rest = {key: value for key, value in plain.items() if key != "category"}
    return Cover(category, compile_payload(rest, scope.locales, variables, scope.refuse, at))


def _regions(scope: Scope) -> list[str]:
    return [region.id for region in scope.store.regions]


def _codes(texts: Iterable[str]) -> NDArray[np.uint32] | None:
    found = [code(text) for text in texts]
    return np.array(found, np.uint32) if found else None


def _bounds(low: float | None, high: float | None) -> tuple[float, float]:
    return (-np.inf if low is None else low, np.inf if high is None else high)
