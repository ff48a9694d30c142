"""Rows of extracts from CRM, tills and loyalty programmes: who it is about, what is known of them, what they bought.

What identifies a person leaves this module as a digest only. No fault repeats a value: where columns have shifted, an
address may stand in any of them. So the texts of faults are fixed here, also of what feeds are read with.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, time
from math import isfinite
from typing import Final
from zoneinfo import ZoneInfo

from vitrine.catalog.feed_items import BadValue, FeedFault, FeedForm, RawItem
from vitrine.catalog.feed_prices import parse_price
from vitrine.catalog.feed_values import is_available, one_line, parse_id
from vitrine.rules.attributes import Kind
from vitrine.types import RegionId, VisitorId
from vitrine.values import dataclass, field
from vitrine.visitors.identifiers import KINDS, Digest, IdKind, identify, parse_digest
from vitrine.visitors.identity import NAME

VISITOR: Final = "visitor"
HASHED: Final = "_sha256"
REGION: Final = "region"
ATTRIBUTE: Final = "crm."
MAX_TEXT: Final = 100
MAX_QUANTITY: Final = 9_999
NOON: Final = time(12)

Told = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Declared:
    """An attribute as store.yaml declares it. `date` is the pattern of a date that is kept in ISO form, '' for none."""

    kind: Kind
    values: tuple[str, ...] = ()
    date: str = ""


@dataclass(frozen=True, slots=True)
class ExtractForm:
    """How an extract is written. `form.fields` has its columns under `visitor`, `email`, `email_sha256` and so on,
    `region`, `crm.<attribute>`, and for lines of orders `order`, `at`, `item`, `quantity`, and `price` or `amount`.

    `at_pattern` is that of instants, '' for ISO; those without a zone are of `zone`.
    """

    form: FeedForm
    attributes: Mapping[str, Declared]
    currency: str
    regions: tuple[RegionId, ...]
    calling_code: str
    zone: ZoneInfo
    at_pattern: str = ""

    @property
    def has_orders(self) -> bool:
        """Whether its rows are lines of orders."""
        return "order" in self.form.fields


@dataclass(frozen=True, slots=True)
class ExtractPlan:
    """An extract that the store declares: its name, the object of the lake it comes as, and how it is written.

    With more than `faults` (a share) of bad rows nothing of it is taken.
    """

    name: str
    lake: str
    form: ExtractForm
    region: RegionId
    faults: float


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line of an order; prices are per unit in minor units."""

    order: str
    at_ms: int
    item: str
    quantity: int
    price: int
    regular_price: int


@dataclass(frozen=True, slots=True)
class ExtractRow:
    """One row that can be taken. An attribute of None is one that is not known of the person any more."""

    line: int
    ids: Mapping[IdKind, Digest]
    visitor: VisitorId | None
    region: RegionId | None
    attributes: Mapping[str, Told] = field(default_factory=dict)
    order: OrderLine | None = None


def parse_row(raw: RawItem, how: ExtractForm) -> ExtractRow | FeedFault:
    """The row, or the first thing that is wrong with it."""
    try:
        visitor = _visitor(raw, how)
        ids = _ids(raw, how, needed=visitor is None)
        return ExtractRow(
            line=raw.line,
            ids=ids,
            visitor=visitor,
            region=_region(raw, how),
            attributes={name: _attribute(raw, name, how) for name in how.attributes},
            order=_order(raw, how) if how.has_orders else None,
        )
    except BadValue as error:
        return FeedFault(raw.line, "", error.kind, error.message, error.hint)


def _ids(raw: RawItem, how: ExtractForm, *, needed: bool) -> dict[IdKind, Digest]:
    found: dict[IdKind, Digest] = {}
    for kind in KINDS:
        hashed, plain = how.form.text(raw.fields, f"{kind}{HASHED}"), how.form.text(raw.fields, kind)
        digest = parse_digest(hashed) if hashed else identify(kind, plain, how.calling_code) if plain else None
        if digest is not None:
            found[kind] = digest
        elif hashed:
            raise BadValue(f"the {kind} is no SHA-256", "64 hexadecimal digits")
    if needed and not found:
        raise BadValue("nothing in the row says who it is about", "an e-mail address, telephone or card number")
    return found


def _visitor(raw: RawItem, how: ExtractForm) -> VisitorId | None:
    """The visitor's id, where the shop's own backend tells it."""
    text = how.form.text(raw.fields, VISITOR)
    if text and NAME.fullmatch(text) is None:
        raise BadValue("the visitor is no visitor's id", "it is the third part of a visitor token")
    return text or None


def _region(raw: RawItem, how: ExtractForm) -> RegionId | None:
    text = how.form.text(raw.fields, REGION)
    if text and text not in how.regions:
        raise BadValue("there is no such region", f"the store's regions: {', '.join(how.regions)}")
    return text or None


def _attribute(raw: RawItem, name: str, how: ExtractForm) -> Told:
    declared, text = how.attributes[name], how.form.text(raw.fields, f"{ATTRIBUTE}{name}")
    if not text:
        return None
    match declared.kind:
        case "number":
            return _number(text, name)
        case "boolean":
            with _told(f"{name} is neither yes nor no", "write yes or no, true or false, 1 or 0"):
                return is_available(text, sells_preorders=False)
        case _:
            return _date(text, declared.date, name) if declared.date else _word(text, declared.values, name)


def _number(text: str, name: str) -> int | float:
    try:
        value = float(text.replace(" ", "").replace("\xa0", "").replace(",", "."))
    except ValueError as error:
        raise BadValue(f"{name} is no number", "write it like 1250 or 0.5") from error
    if not isfinite(value):
        raise BadValue(f"{name} is no number", "write it like 1250 or 0.5")
    return int(value) if value.is_integer() else value


def _date(text: str, pattern: str, name: str) -> str:
    try:
        return datetime.strptime(text, pattern).date().isoformat()  # noqa: DTZ007 - a day has no zone
    except ValueError as error:
        raise BadValue(f"{name} is no date of the form {pattern}", "declare the form that the extract has") from error


def _word(text: str, values: tuple[str, ...], name: str) -> str:
    word = one_line(text)[:MAX_TEXT]
    if values and word not in values:
        raise BadValue(f"{name} is none of the values that store.yaml declares", f"they are {', '.join(values)[:200]}")
    return word


def _order(raw: RawItem, how: ExtractForm) -> OrderLine:
    text = {name: how.form.text(raw.fields, name) for name in ("order", "at", "quantity", "price", "amount")}
    quantity = _number(text["quantity"] or "1", "quantity")
    if not isinstance(quantity, int) or not 0 < quantity <= MAX_QUANTITY:
        raise BadValue("the quantity is no whole number from 1 on", "leave out what came back")
    price = _price(text["price"], how) if text["price"] else round(_price(text["amount"], how) / quantity)
    regular = how.form.text(raw.fields, "regular_price")
    with _told("the line's item has no id that an item can have", "it is that of the catalogue"):
        item = parse_id(how.form.text(raw.fields, "item"))
    order = one_line(text["order"])[:MAX_TEXT]
    if not order:
        raise BadValue("the row names no order", "its lines belong together by the order's number")
    return OrderLine(
        order=order,
        at_ms=_instant(text["at"], how),
        item=item,
        quantity=quantity,
        price=price,
        regular_price=max(price, _price(regular, how) if regular else 0),
    )


def _price(text: str, how: ExtractForm) -> int:
    with _told(f"the price is none in {how.currency}", "write it like 12.99 and declare decimal_mark: '.' or ','"):
        return parse_price(text, how.currency, how.form.decimal_mark)


@contextmanager
def _told(message: str, hint: str) -> Iterator[None]:
    """Tell a fault in words that hold nothing of the value."""
    try:
        yield
    except BadValue as error:
        raise BadValue(message, hint, error.kind) from None


def _instant(text: str, how: ExtractForm) -> int:
    """Milliseconds since the epoch; a day without a time is its noon."""
    try:
        at = datetime.strptime(text, how.at_pattern) if how.at_pattern else datetime.fromisoformat(text)  # noqa: DTZ007
    except ValueError as error:
        raise BadValue("the time of the order cannot be read", "write it in ISO form or declare at_pattern") from error
    is_day = at.time() == time() and len(text) <= len("2026-11-22")
    at = datetime.combine(at.date(), NOON) if is_day else at
    return int((at if at.tzinfo else at.replace(tzinfo=how.zone)).timestamp() * 1000)
