"""From a page of the demo shop to HTML: the templates, and what every page has around it."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from vitrine.local.shop_goods import Good
from vitrine.local.shop_listing import Wish, near_pages
from vitrine.local.shop_names import LOCALES, Words
from vitrine.local.shop_regions import Trade
from vitrine.local.shop_visit import Visit, describe
from vitrine.types import ItemId
from vitrine.values import dataclass

TEMPLATES: Final = "templates"
WITH_OVERLAYS: Final = frozenset({"home", "category", "product", "cart", "favourites", "search", "order"})
N_DEPARTMENTS: Final = 15


@dataclass(frozen=True, slots=True)
class Page:
    """What a template shows. `about` is the page as Vitrine knows it, `listing` the ids that it lists, in order."""

    template: str
    title: str
    about: Mapping[str, str]
    values: Mapping[str, Any] = field(default_factory=dict)
    listing: tuple[ItemId, ...] = ()
    prices: Mapping[ItemId, int] = field(default_factory=dict)
    status: int = 200


class Views:
    """The templates of a folder, in all languages."""

    def __init__(self, folder: Path, words: Mapping[str, Words], trade: Trade) -> None:
        self._words = words
        self._trade = trade
        self._environment = Environment(
            loader=FileSystemLoader(folder / TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def words(self, visit: Visit) -> Words:
        """The words of the visit's language."""
        return self._words[visit.locale]

    def render(self, visit: Visit, page: Page, departments: Sequence[str] = ()) -> str:
        """The page as HTML. `departments` are the paths of the shop's navigation."""
        words = self.words(visit)
        return self._environment.get_template(f"{page.template}.html").render(
            page=page,
            visit=visit,
            trade=self._trade,
            locales=LOCALES,
            say=words.say,
            count=words.count,
            name=words.category,
            trail=words.trail,
            money=words.money,
            departments=departments,
            overlays=page.about["type"] in WITH_OVERLAYS,
            block=describe(visit, page.about, page.listing, page.prices),
            language=lambda locale: with_language(visit.path, locale),
            **page.values,
        )


def with_language(path: str, locale: str) -> str:
    """The address of the same page in another language."""
    place, _, query = path.partition("?")
    rest = [part for part in query.split("&") if part and not part.startswith("lang=")]
    return f"{place}?{'&'.join([*rest, f'lang={locale}'])}"


def pager(path: str, wish: Wish, page: int, last: int, **more: str) -> list[tuple[int, str]]:
    """Numbers and addresses of pages to link to; number 0 is a gap."""
    return [
        (number, Wish(wish.sort, wish.sale, wish.own, number).address(path, **more))
        for number in near_pages(page, last)
    ]


def row(goods: Sequence[Good], seen: set[ItemId], most: int = 12) -> list[Good]:
    """The first goods that are in stock and have not been seen further up; they are noted as seen."""
    fresh = [good for good in goods if good.in_stock and good.item not in seen][:most]
    seen.update(good.item for good in fresh)
    return fresh
