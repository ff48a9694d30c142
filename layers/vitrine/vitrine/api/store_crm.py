"""crm.yaml: extracts of the store's other systems, and which of their columns says what."""

from typing import Annotated, Final, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints, model_validator

from vitrine.api.store_faults import Refuse, suggest
from vitrine.api.store_feeds import OBJECT, Fields, several
from vitrine.api.store_files import About, Name, Share, StoreFile, StrictFile, Timezone
from vitrine.catalog.feed_items import DecimalMark, FeedForm, StockRule
from vitrine.refresh.crm_rows import ATTRIBUTE, HASHED, Declared, ExtractForm, ExtractPlan
from vitrine.visitors.identifiers import KINDS

CRM_EXTRACTS: Final = "crm.yaml"
RESERVED: Final = frozenset({"purchases", "views"})
"""Files of the import, which lie where extracts leave purchases."""

Pattern = Annotated[str, StringConstraints(min_length=2, max_length=40)]
"""As of strptime: %d.%m.%Y."""


class DateFile(StrictFile):
    """A column that holds a date, and its form."""

    column: Fields
    date: Pattern = "%Y-%m-%d"


class IdentifyFile(StrictFile):
    """The columns that say who a row is about; those called `..._sha256` hold digests."""

    visitor: Fields | None = None
    """The id of a visitor, as the shop's own backend reads it from the token of who is logged in."""
    card: Fields | None = None
    email: Fields | None = None
    phone: Fields | None = None
    card_sha256: Fields | None = None
    email_sha256: Fields | None = None
    phone_sha256: Fields | None = None

    @model_validator(mode="after")
    def _at_least_one(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("names no column; give one of visitor, card, email and phone")
        return self


class OrdersFile(StrictFile):
    """The columns of an extract whose rows are lines of orders."""

    order: Fields
    at: Fields
    item: Fields
    quantity: Fields | None = None
    price: Fields | None = None
    """Of one."""
    amount: Fields | None = None
    """Of the whole line."""
    regular_price: Fields | None = None
    at_pattern: Pattern | None = None

    @model_validator(mode="after")
    def _has_a_price(self) -> Self:
        if (self.price is None) == (self.amount is None):
            raise ValueError("has no price, or two; give price (of one) or amount (of the line)")
        return self


class ExtractFile(StrictFile):
    """One extract."""

    about: About = ""
    lake: Annotated[str, StringConstraints(pattern=OBJECT, max_length=500)]
    """Name of the object in the lake's bucket; it is deleted when it has been taken."""
    format: Literal["csv", "jsonl"]
    separator: Literal[",", ";", "\t", "|"] = ","
    encoding: Literal["utf-8", "windows-1250", "windows-1251", "windows-1252", "iso-8859-1", "iso-8859-15"] = "utf-8"
    decimal_mark: DecimalMark = "auto"
    calling_code: Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,2}$")] = "1"
    """Of the country, for telephone numbers written as at home."""
    timezone: Timezone | None = None
    """Of instants without one; the store's by default."""
    identify: IdentifyFile
    region: Fields | None = None
    attributes: dict[str, Fields | DateFile] = Field(default_factory=dict)
    """Per attribute under `crm` in store.yaml, the column that tells it."""
    orders: OrdersFile | None = None
    faults: Share = 0.2
    """With more bad rows nothing of it is taken."""
    max_mb: int = Field(default=4_096, ge=1, le=65_536)

    def to_domain(self, name: str, store: StoreFile) -> ExtractPlan:
        """What to take and how to read it."""
        form = FeedForm(
            format=self.format,
            fields=dict(self._columns()),
            stock=StockRule(),
            separator=self.separator,
            encoding=self.encoding,
            decimal_mark=self.decimal_mark,
            max_bytes=self.max_mb << 20,
        )
        how = ExtractForm(
            form=form,
            attributes={one: _declared(one, told, store) for one, told in self.attributes.items()},
            currency=store.currency,
            regions=tuple(region.id for region in store.regions),
            calling_code=self.calling_code,
            zone=ZoneInfo(self.timezone or store.timezone),
            at_pattern=(self.orders.at_pattern or "") if self.orders else "",
        )
        return ExtractPlan(name, self.lake, how, store.default_region, self.faults)

    def _columns(self) -> list[tuple[str, tuple[str, ...]]]:
        parts = [(self.identify, ("visitor", *KINDS, *(f"{kind}{HASHED}" for kind in KINDS)))]
        told = [(name, getattr(part, name)) for part, names in parts for name in names]
        told.append(("region", self.region))
        if self.orders is not None:
            told += [(name, value) for name, value in self.orders if name != "at_pattern"]
        for name, value in self.attributes.items():
            told.append((f"{ATTRIBUTE}{name}", value.column if isinstance(value, DateFile) else value))
        return [(name, several(value)) for name, value in told if value is not None]


class CrmExtractsFile(StrictFile):
    """crm.yaml."""

    extracts: dict[Name, ExtractFile] = Field(min_length=1)


def check_extract(name: str, file: ExtractFile, store: StoreFile, refuse: Refuse) -> None:
    """Tell of attributes that store.yaml does not declare, and of dates that it declares otherwise."""
    if name in RESERVED:
        refuse(("extracts", name), f"{name!r} is a file of the import", "call the extract otherwise")
    for attribute, told in file.attributes.items():
        place = ("extracts", name, "attributes", attribute)
        declared = store.crm.get(attribute)
        if declared is None:
            refuse(
                place, f"store.yaml declares no {attribute!r} under crm", suggest(attribute, store.crm, "attributes")
            )
        elif isinstance(told, DateFile) and (declared.type != "string" or declared.values):
            refuse(place, "is a date, which is kept as text", f"declare {attribute} as {{type: string}} in store.yaml")


def _declared(name: str, told: Fields | DateFile, store: StoreFile) -> Declared:
    said = store.crm[name]
    return Declared(said.type, tuple(said.values), told.date if isinstance(told, DateFile) else "")
