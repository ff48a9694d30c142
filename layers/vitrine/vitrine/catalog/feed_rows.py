"""Raw items to items of the catalogue: every field checked, what a shop's rules add (stock, margin) worked out."""

from vitrine.catalog.feed_items import (
    LIST_SEPARATOR,
    BadValue,
    FeedFault,
    FeedForm,
    FeedItem,
    RawItem,
    Shop,
    StockRule,
)
from vitrine.catalog.feed_prices import parse_price
from vitrine.catalog.feed_values import (
    MAX_BRAND,
    category_path,
    is_available,
    is_within,
    one_line,
    parse_address,
    parse_id,
    parse_title,
)
from vitrine.catalog.pictures import picture_path
from vitrine.types import RegionId
from vitrine.values import dataclass


@dataclass(frozen=True, slots=True)
class Rows:
    """Reads raw items of a form for a shop, at an instant (of which only the dates of sales take notice)."""

    form: FeedForm
    shop: Shop
    now_ms: int

    def item(self, raw: RawItem) -> FeedItem | FeedFault:
        """The item, or the first thing that is wrong with it."""
        try:
            return self._item(raw)
        except BadValue as error:
            return FeedFault(raw.line, self._whose(raw), error.kind, error.message, error.hint)

    def _whose(self, raw: RawItem) -> str:
        """The id of an item at fault, '' when that is the fault."""
        try:
            return parse_id(self._text(raw, "item"))
        except BadValue:
            return ""

    def _item(self, raw: RawItem) -> FeedItem:
        item = parse_id(self._text(raw, "item"))
        price, regular_price = self._prices(raw)
        category = category_path(self._text(raw, "category"), self.form.category_separator)
        brand = one_line(self._text(raw, "brand"))[:MAX_BRAND]
        url = parse_address(self._text(raw, "url"), "link")
        if not url:
            raise BadValue("the item has no link", "a card leads to the item's page")
        return FeedItem(
            line=raw.line,
            item=item,
            title=parse_title(self._text(raw, "title")),
            category=category,
            brand=brand,
            price=price,
            regular_price=regular_price,
            margin=self._margin(raw, price, brand),
            url=url,
            image=parse_address(self._text(raw, "image").partition(LIST_SEPARATOR)[0], "image")
            or picture_path(category),
            regions=self._regions(raw),
        )

    def _text(self, raw: RawItem, name: str) -> str:
        return self.form.text(raw.fields, name)

    def _image(self, raw: RawItem) -> str:
        return parse_address(self._text(raw, "image").partition(LIST_SEPARATOR)[0], "image")

    def _prices(self, raw: RawItem) -> tuple[int, int]:
        """Price and regular price: a sale price that counts now comes before the price, which then is the regular."""
        price = self._price(raw, "price")
        if price is None:
            raise BadValue("the item has no price", "write it like 12.99 USD")
        sale = self._price(raw, "sale_price")
        dates = self._text(raw, "sale_dates")
        if sale is not None and (not dates or is_within(dates, self.now_ms)):
            return min(sale, price), price
        return price, max(price, self._price(raw, "regular_price") or 0)

    def _price(self, raw: RawItem, name: str) -> int | None:
        text = self._text(raw, name)
        if not text:
            return None
        currency = self._text(raw, "currency")
        return parse_price(f"{text} {currency}".strip(), self.shop.currency, self.form.decimal_mark)

    def _margin(self, raw: RawItem, price: int, brand: str) -> float:
        """What is left of the price after the cost, where the feed tells that; else what the store declares."""
        cost = self._price(raw, "cost")
        if cost is None or price == 0:
            return self.shop.margins.get(brand, self.shop.other_margin)
        return round(min(max(1.0 - cost / price, 0.0), 1.0), 4)

    def _regions(self, raw: RawItem) -> tuple[RegionId, ...]:
        rule = self.form.stock
        said = self._text(raw, "available")
        if said and not is_available(said, sells_preorders=rule.sells_preorders):
            return ()
        if rule.fields:
            return tuple(sorted(region for region, names in rule.fields.items() if _is_in_one(names, raw, rule)))
        if rule.listed:
            return self._listed(raw.fields.get(rule.listed, ""), rule)
        return tuple(sorted(rule.everywhere))

    def _listed(self, text: str, rule: StockRule) -> tuple[RegionId, ...]:
        parts = text.replace(LIST_SEPARATOR, rule.separator).split(rule.separator)
        named = {part.strip() for part in parts} - {""}
        unknown = sorted(named.difference(self.shop.regions))
        if unknown:
            known = ", ".join(self.shop.regions)
            raise BadValue(f"there is no region {unknown[0][:40]!r}", f"the store's regions: {known}")
        return tuple(sorted(named))


def _is_in_one(names: tuple[str, ...], raw: RawItem, rule: StockRule) -> bool:
    said = [raw.fields[name] for name in names if raw.fields.get(name, "").strip()]
    return any(is_available(text, sells_preorders=rule.sells_preorders) for text in said)
