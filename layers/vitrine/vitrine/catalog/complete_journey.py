"""The Complete Journey (84.51°) as a shop: pure mappers from its rows to items, regions and visitors.

The data names no article and no place, so titles are composed of type, size and brand, goods that would share a title
are numbered by sales, and regions are groups of stores that the same households visit. The tables of words are in
`journey_words`; reading and writing files is the importer's job.
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Final

from vitrine.catalog.journey_words import DEPARTMENTS, HEADS, PHRASES, QUALIFIERS, UNITS, WORDS
from vitrine.errors import InvalidSource

WEEK_MS: Final = 7 * 24 * 3600 * 1000
CUT_AT: Final = 30  # the data cuts types at this many characters

NOT_GOODS: Final = "not goods: coupons, deposits, supplies and till corrections"
SERVICE: Final = "a service or value card, not an article"
UNNAMED: Final = "no type: nothing to call it"

NOT_SOLD_DEPARTMENTS: Final = {
    "AUTOMOTIVE": NOT_GOODS,
    "CNTRL/STORE SUP": NOT_GOODS,
    "COUPON": NOT_GOODS,
    "ELECT &PLUMBING": NOT_GOODS,
    "FUEL": "fuel: sold at the pump, by quantity units of its own",
    "GM MERCH EXP": NOT_GOODS,
    "MISCELLANEOUS": NOT_GOODS,
    "PROD-WHS SALES": NOT_GOODS,
    "RESTAURANT": "restaurant: eaten on the spot",
}
"""Departments that an online store does not sell, with the reason."""

NOT_SOLD_CATEGORIES: Final = {
    "BOTTLE DEPOSITS": NOT_GOODS,
    "CIGARETTES": "tobacco: may not be advertised",
    "CIGARS": "tobacco: may not be advertised",
    "CONTINUITIES": NOT_GOODS,
    "COUPON": NOT_GOODS,
    "COUPON/MISC ITEMS": NOT_GOODS,
    "COUPONS/STORE & MFG": NOT_GOODS,
    "DELI SUPPLIES": NOT_GOODS,
    "IN-STORE PHOTOFINISHING": SERVICE,
    "LONG DISTANCE CALLING CARDS": SERVICE,
    "MEAT SUPPLIES": NOT_GOODS,
    "OVERNIGHT PHOTOFINISHING": SERVICE,
    "PREPAID WIRELESS&ACCESSORIES": SERVICE,
    "PROD SUPPLIES": NOT_GOODS,
    "TICKETS": SERVICE,
    "TOBACCO OTHER": "tobacco: may not be advertised",
}
"""Categories that an online store does not sell, with the reason."""

CASE_OF: Final = {"CT": 10.0, "LB": 10.0}  # from this many on, a loose good's size is a case that the store receives
UNBROKEN: Final = r"(?<!\bNON)(?<!\bPRE)(?<!MULTI)(?<!\bROLL)(?<!\bANTI)(?<!\bSELF)"  # keep their hyphen
LOOSE_DEPARTMENTS: Final = frozenset(
    {"PRODUCE", "MEAT", "DELI", "SEAFOOD", "SALAD BAR", "FROZEN GROCERY", "CHEF SHOPPE"}
)


def unsellable(department: str, category: str | None, kind: str | None) -> str | None:
    """Why the product is not offered, None when it is. `kind` is the data's product_type."""
    if department in NOT_SOLD_DEPARTMENTS:
        return NOT_SOLD_DEPARTMENTS[department]
    if department not in DEPARTMENTS:
        return f"department {department} is unknown"
    if category in NOT_SOLD_CATEGORIES:
        return NOT_SOLD_CATEGORIES[category]
    if kind is None or kind == "MISC SALES TRANS":
        return UNNAMED
    return None


def readable(text: str) -> str:
    """A type or category in lower-case words: abbreviations expanded, brackets and cut-off ends dropped."""
    if text in PHRASES:
        return PHRASES[text]
    bare = re.sub(r"\([^)]*\)?", " ", text)
    if len(text) >= CUT_AT and bare.strip()[-4:-3] in {" ", "/", "&"}:
        bare = bare.strip()[:-4]
    head, colon, tail = bare.partition(":")
    if colon and head.strip() in HEADS:
        bare = f"{HEADS[head.strip()].upper()}:{tail.replace(' BULK', '')}"
    bare = re.sub(rf"(?<=[A-Z]{{3}}){UNBROKEN}-(?=[A-Z]{{2}})", " - ", bare)
    parts = (_expand(part) for part in re.split(r"\s*[:/]\s*|\s+-\s*|-\s+", bare))
    return ", ".join(part for part in dict.fromkeys(parts) if part)


def _expand(part: str) -> str:
    words = re.findall(r"[A-Z0-9%][A-Z0-9%'-]*", part.replace("W/", "WITH ").replace("&", " AND ").upper())
    return " ".join(word for word in (WORDS.get(word, word.lower()) for word in words) if word).removesuffix(" and")


def size_text(size: str | None, department: str) -> str:
    """A package size as a shopper writes it, '' when the data's says nothing to a shopper."""
    if size is None:
        return ""
    text = re.sub(r"\(.*?\)|^[A-Z]\s+(?=[\d.])", " ", size.upper()).strip()
    text = re.sub(r"(\d+) (\d)/([2-9])\b", lambda m: f"{int(m[1]) + int(m[2]) / int(m[3]):g}", text)
    text = re.sub(r"^1/2 (?=GAL|PT|LB|L$)", "0.5 ", text)
    text = re.sub(r"([\d.]+ OZ)/(\d+) (?:PK|CT)", r"\2/\1", text)
    if pack := re.fullmatch(r"(\d+)\s*(?:PK|CT|P)?\s*/\s*([\d.]+)\s*([A-Z]+)", text):
        count, amount, unit = pack.groups()
        return f"{count} x {_number(amount)} {UNITS[unit]}" if unit in UNITS and int(count) > 1 else ""
    if single := re.fullmatch(
        r"([\d.]+(?:\s*-\s*[\d.]+)?)?\s*([A-Z]+(?: FT)?)\.?(?: (?:BAG|CAN|BTL|PET|NR|REFIL))?", text
    ):
        amount, unit = single.groups()
        is_case = department in LOOSE_DEPARTMENTS and _largest(amount) >= CASE_OF.get(unit, math.inf)
        return "" if unit not in UNITS or is_case else f"{_number(amount or '1')} {UNITS[unit]}"
    return ""


def _number(text: str) -> str:
    """The amount without needless zeros, a range joined by a hyphen; what is not a number stays as it is."""
    parts = (part.strip() for part in text.split("-"))
    return "-".join(f"{float(part):g}" if re.fullmatch(r"\d*\.?\d+|\d+\.", part) else part for part in parts)


def _largest(amount: str | None) -> float:
    return max((float(part) for part in re.findall(r"\d+(?:\.\d+)?", amount or "")), default=0.0)


def compose_title(department: str, category: str | None, kind: str, size: str | None, brand: str) -> str:
    """What to call a product, such as 'Baby food, beginner 4 oz' or 'Milk 1 gal, own brand'."""
    name = readable(kind)
    if category is not None and (not name or set(re.findall(r"[\w-]+", name)) <= QUALIFIERS):
        family = readable(category)
        name = name if family in name.split(", ")[-1].split() else ", ".join(part for part in (family, name) if part)
    measure = size_text(size, department)
    title = f"{name} {measure}" if measure else name
    return title[:1].upper() + title[1:] + (", own brand" if brand == "Private" else "")


def slug(text: str) -> str:
    """Lower-case ASCII letters and digits joined by hyphens; 'other' for a text that has none."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "other"


def category_path(department: str, category: str | None, kind: str) -> str:
    """Path `department/category/type` of slugs."""
    middle = readable(category) if category is not None else "other"
    return "/".join(slug(level) for level in (DEPARTMENTS[department], middle, readable(kind)))


def group_stores(
    sales: Mapping[int, int], shared: Mapping[tuple[int, int], int], regions: Sequence[str]
) -> dict[int, str]:
    """A region for every store: regions of about equal sales whose stores share customers.

    Largest store first, each joins the region with which it shares most households among those that stay within
    their equal part of all sales; with none it opens or fills the smallest region. `shared` counts households per
    ordered pair of stores (small, large).
    """
    part = sum(sales.values()) / len(regions)
    filled = dict.fromkeys(regions, 0)
    members: dict[str, list[int]] = {region: [] for region in regions}
    for store in sorted(sales, key=lambda store: (-sales[store], store)):
        empty = [region for region in regions if not members[region]]
        room = empty or [region for region in regions if filled[region] + sales[store] <= part] or list(regions)
        ties = {r: sum(shared.get((min(store, m), max(store, m)), 0) for m in members[r]) for r in room}
        best = min(room, key=lambda region: (-ties[region], filled[region], regions.index(region)))
        members[best].append(store)
        filled[best] += sales[store]
    return {store: region for region, stores in members.items() for store in stores}


def weeks_forward_ms(last_event_ms: int, until_ms: int) -> int:
    """Whole weeks, in milliseconds, that bring the last event to at most a week before `until_ms`.

    Raises:
        InvalidSource: `until_ms` is before the last event; data is never moved into the past.
    """
    if until_ms < last_event_ms:
        raise InvalidSource("the data ends after the date it should be moved to; choose a later date")
    return (until_ms - last_event_ms) // WEEK_MS * WEEK_MS


def crm_attributes(known: Mapping[str, str | int | float | None]) -> dict[str, str | int | float]:
    """What is known of a household as CRM attributes, by name; what it did not tell is left out."""
    return {name: value for name, value in sorted(known.items()) if value is not None}
