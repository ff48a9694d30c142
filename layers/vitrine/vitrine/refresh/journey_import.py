"""Write The Complete Journey as a lake folder: catalogue, purchases, visitors, offers, and what was left out.

What the data says of one article or store is decided by the pure mappers of `catalog.complete_journey`; the 1.47
million till lines go through SQL.

Prices: the median of what was paid per unit (`sales_value / quantity`) in the four weeks up to the item's last sale;
the regular price is the same median of what would have been paid without loyalty discount and coupon match. Stock: a
region has an item when one of its stores sold it in the last STOCK_WEEKS weeks of the data. With eight weeks that
covers 84 % of the next week's purchases, and each region lacks nearly half of what the shop has.

Views: the data has none, so those of the last VIEW_WEEKS weeks are simulated from the baskets and say so: their ids
begin with `sim-`, and the report counts them apart. They show what the code does with views, not what visitors do.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import orjson

from vitrine.catalog.complete_journey import (
    category_path,
    compose_title,
    crm_attributes,
    group_stores,
    unsellable,
    weeks_forward_ms,
)
from vitrine.catalog.items import ITEM_URL
from vitrine.catalog.pictures import MEDIA, SUFFIX
from vitrine.ports import Progress
from vitrine.refresh.engine import ITEMS, PURCHASES, VISITORS, WEEK_MS, Engine, Limits, Value
from vitrine.values import dataclass

STOCK_WEEKS: Final = 8
PRICE_WEEKS: Final = 4
VIEW_WEEKS: Final = 8
VIEWS: Final = "events/import/views.parquet"
VIEW_RULES: Final[Mapping[str, Value]] = {
    "views_ms": VIEW_WEEKS * WEEK_MS,
    "view_ms": 20_000,  # from one page to the next
    "max_views": 60,  # pages of one session at most
    "seen": "b",  # bought items whose hash begins with at most this digit were looked at before: 12 of 16
    "passed": "7",  # bought items whose hash begins so had a rival that was looked at and left: 8 of 16
}
MONTH_MS: Final = WEEK_MS * 52 // 12
OFFERS: Final = "offers/offers.parquet"
REDEMPTIONS: Final = "offers/redemptions.parquet"
TARGETS: Final = "offers/targets.parquet"
REPORT: Final = "import_report.json"
SOURCES: Final = {
    "journey_transactions": "transactions.parquet",
    "journey_products": "products.parquet",
    "journey_demographics": "demographics.parquet",
    "journey_coupons": "coupons.parquet",
    "journey_campaigns": "campaign_descriptions.parquet",
    "journey_targets_file": "campaigns.parquet",
    "journey_redemptions_file": "coupon_redemptions.parquet",
}
DEMOGRAPHICS: Final = (
    "age",
    "income",
    "home_ownership",
    "marital_status",
    "household_size",
    "household_comp",
    "kids_count",
)
HABITS: Final = ("discount_share", "basket_value", "visits_per_month", "private_share")
WRITTEN: Final = {
    "items": ("item", ITEMS),
    "purchases": ("at_ms, id", PURCHASES),
    "views": ("at_ms, id", VIEWS),
    "visitors": ("visitor", VISITORS),
    "offers": ("campaign, coupon", OFFERS),
    "redemptions": ("at_ms, visitor, coupon", REDEMPTIONS),
    "targets": ("campaign, visitor", TARGETS),
}
STAGES: Final = 6

Report = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shop:
    """What the store's files say of the shop the data is imported into. `margins` is by brand, a share of the price."""

    regions: Sequence[str]
    margins: Mapping[str, float]


def import_complete_journey(
    source: Path, lake: Path, shop: Shop, until: datetime | None, progress: Progress, threads: int = 2
) -> Report:
    """Read the data set's Parquet files in `source`, write a lake folder; what was read, written and left out, and why.

    With `until` all instants move forward by whole weeks, so that weekday and hour stay and the data ends at most a
    week before it.

    Raises:
        InvalidSource: a file is missing, or the data ends after `until`.
    """
    with Engine(Limits(threads, 2000)) as engine:
        for name, file in SOURCES.items():
            engine.view_parquet(name, source / file)
        engine.put("margins", {"brand": list(shop.margins), "margin": list(shop.margins.values())})
        engine.put("region_index", {"r": list(range(len(shop.regions))), "region": list(shop.regions)})
        progress("import", 0, STAGES)
        _name_products(engine)
        progress("import", 1, STAGES)
        shift_ms = _shift(engine, until)
        engine.materialise("journey_lines", shift_ms=shift_ms)
        progress("import", 2, STAGES)
        _assign_stores(engine, shop.regions)
        engine.materialise("journey_purchases")
        progress("import", 3, STAGES)
        _describe_households(engine)
        windows = {"price_ms": PRICE_WEEKS * WEEK_MS, "stock_ms": STOCK_WEEKS * WEEK_MS}
        engine.materialise("journey_items", url=ITEM_URL, media=MEDIA, suffix=SUFFIX, **windows)
        engine.materialise("journey_views", **VIEW_RULES)
        for name in ("journey_visitors", "journey_offers", "journey_redemptions", "journey_targets"):
            engine.materialise(name, shift_ms=shift_ms)
        progress("import", 4, STAGES)
        written = _write(engine, lake)
        progress("import", 5, STAGES)
        report = {"data": "The Complete Journey", "shift_days": shift_ms // (WEEK_MS // 7), "written": written}
        report |= {"simulated": {"views": written["views"]}} | _account(engine)
        (lake / REPORT).write_bytes(orjson.dumps(report, option=orjson.OPT_INDENT_2))
        progress("import", STAGES, STAGES)
        return report


def _name_products(engine: Engine) -> None:
    """Table of title, category and reason for each distinct description of a product."""
    rows = engine.execute(
        "select distinct department, product_category, product_type, package_size, brand from journey_products "
        "where department is not null and brand is not null"
    )
    names = ("department", "product_category", "product_type", "package_size", "brand", "title", "category", "reason")
    columns: dict[str, list[object]] = {name: [] for name in names}
    for department, category, kind, size, brand in rows:
        reason = unsellable(department, category, kind)
        offered = reason is None
        title = compose_title(department, category, kind, size, brand) if offered else None
        path = category_path(department, category, kind) if offered else None
        values = (department, category, kind, size, brand, title, path, reason)
        for column, value in zip(columns.values(), values, strict=True):
            column.append(value)
    engine.put("journey_names", columns)


def _shift(engine: Engine, until: datetime | None) -> int:
    if until is None:
        return 0
    [[last_ms]] = engine.execute("select max(epoch_ms(transaction_timestamp)) from journey_transactions")
    return weeks_forward_ms(last_ms, int(until.timestamp() * 1000))


def _assign_stores(engine: Engine, regions: Sequence[str]) -> None:
    """Table of the region of each store."""
    sales = engine.execute("select store_id, count(*) from journey_lines where reason is null group by store_id")
    shared = engine.execute(
        "with visits as (select distinct household_id, store_id from journey_lines where reason is null) "
        "select x.store_id, y.store_id, count(*) from visits as x join visits as y "
        "on y.household_id = x.household_id and y.store_id > x.store_id group by x.store_id, y.store_id"
    )
    grouped = group_stores(dict(sales), {(a, b): n for a, b, n in shared}, regions)
    engine.put("store_regions", {"store_id": list(grouped), "region": list(grouped.values())})


def _describe_households(engine: Engine) -> None:
    """Table of CRM attributes per household that shops: how it does, and what some have told."""
    engine.materialise("journey_habits", month_ms=MONTH_MS)
    rows = engine.execute(
        "select habits.household_id, discount_share, basket_value, visits_per_month, private_share, "
        "age, income, home_ownership, marital_status, household_size, household_comp, kids_count "
        "from journey_habits as habits "
        "left join journey_demographics as told on told.household_id = habits.household_id"
    )
    names = (*HABITS, *DEMOGRAPHICS)
    visitors = [f"h{household}" for household, *_ in rows]
    crm = [orjson.dumps(crm_attributes(dict(zip(names, known, strict=True)))).decode() for _, *known in rows]
    engine.put("crm", {"visitor": visitors, "crm": crm})


def _write(engine: Engine, lake: Path) -> dict[str, int]:
    return {
        name: engine.write_parquet(f"journey_{name}", order, lake / path) for name, (order, path) in WRITTEN.items()
    }


def _account(engine: Engine) -> Report:
    """Rows read and left out, by reason; the shop's regions; first and last instant."""
    lines = dict(engine.execute("select reason, count(*) from journey_lines group by reason order by count(*) desc"))
    [[first_ms, last_ms]] = engine.execute("select min(at_ms), max(at_ms) from journey_purchases")
    regions = engine.execute(
        "select region, count(distinct store_id), count(*) from journey_lines join store_regions using (store_id) "
        "where reason is null group by region order by region"
    )
    stocked = dict(
        engine.execute("select region, count(*) from (select unnest(regions) as region from journey_items) group by 1")
    )
    return {
        "first_event_ms": first_ms,
        "last_event_ms": last_ms,
        "read": {name: engine.count(f"journey_{name}") for name in ("products", "transactions", "coupons")},
        "left_out": {
            "transactions": {reason: n for reason, n in lines.items() if reason is not None},
            "products": _left_out_products(engine),
            "households": _left_out_households(engine),
            "coupon rows": {"not for an item of the catalogue": _left_out_coupons(engine)},
        },
        "regions": {
            name: {"stores": stores, "purchases": n, "items": stocked.get(name, 0)} for name, stores, n in regions
        },
    }


def _left_out_products(engine: Engine) -> dict[str, int]:
    [[sold]] = engine.execute("select count(*) from journey_products semi join journey_lines using (product_id)")
    return {
        "never sold": engine.count("journey_products") - sold,
        "no line that counts, or no price": sold - engine.count("journey_items"),
    }


def _left_out_households(engine: Engine) -> dict[str, int]:
    [[households]] = engine.execute("select count(distinct household_id) from journey_lines")
    return {"no line that counts": households - engine.count("journey_visitors")}


def _left_out_coupons(engine: Engine) -> int:
    [[kept]] = engine.execute(
        "select count(*) from journey_coupons as coupons "
        "semi join journey_items as items on items.item = cast(coupons.product_id as varchar)"
    )
    return engine.count("journey_coupons") - int(kept)
