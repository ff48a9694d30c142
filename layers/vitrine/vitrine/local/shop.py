"""The demo shop, wired: a catalogue file, the live table, the storefront's templates and texts."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Final, Self

from vitrine.local.shop_build import SCHEMA, build_catalogue
from vitrine.local.shop_catalogue import Catalogue
from vitrine.local.shop_goods import LiveGoods
from vitrine.local.shop_names import NAMES, read_words
from vitrine.local.shop_orders import Ledger
from vitrine.local.shop_pages import Pages
from vitrine.local.shop_regions import Trade, read_trade
from vitrine.local.shop_till import Till
from vitrine.local.shop_views import Page, Views
from vitrine.local.shop_visit import Visit, read_visit
from vitrine.ports import PageTable
from vitrine.refresh.lake_files import ITEMS
from vitrine.values import dataclass

FILE: Final = "shop-{digest}.sqlite"


@dataclass(frozen=True, slots=True)
class Shop:
    """Everything that answers a request. `mint` makes the visitor token of a household, as the shop's server would."""

    trade: Trade
    catalogue: Catalogue
    views: Views
    pages: Pages
    till: Till
    mint: Callable[[str], str]

    @classmethod
    def wire(cls, folder: Path, trade: Trade, file: Path, table: PageTable, mint: Callable[[str], str]) -> Self:
        """The shop of a storefront folder and a catalogue file."""
        catalogue = Catalogue(file, trade.currency)
        goods = LiveGoods(table, catalogue)
        views = Views(folder, read_words(folder), trade)
        pages = Pages(catalogue, goods, views.words)
        return cls(trade, catalogue, views, pages, Till(catalogue, goods, views, Ledger()), mint)

    def render(self, visit: Visit, page: Page) -> str:
        """A page as HTML."""
        return self.views.render(visit, page, self.pages.departments(visit))


def open_shop(folder: Path, store: Path, lake: Path, state: Path, table: PageTable, mint: Callable[[str], str]) -> Shop:
    """The shop over a lake folder; its catalogue is made now unless `state` has it already.

    Raises:
        InvalidStore: a store file is wrong.
        InvalidSource: the lake is not what an import leaves.
    """
    trade = read_trade(store)
    file = state / FILE.format(digest=digest_of(lake, folder, trade))
    if not file.exists():
        for older in state.glob(FILE.format(digest="*")):
            older.unlink()
        names: dict[str, str] = {}
        for words in read_words(folder).values():
            for slug, name in words.names.items():
                names[slug] = f"{names.get(slug, '')} {name}"
        build_catalogue(lake, file, [region.id for region in trade.regions], names)
    shop = Shop.wire(folder, trade, file, table, mint)
    shop.pages.home(read_visit("/shop", {}, {}, "", trade))  # what all pages ask of the catalogue is kept from now on
    return shop


def digest_of(lake: Path, folder: Path, trade: Trade) -> str:
    """A digest of what a catalogue file is made from: the import, the names of categories, the regions, the code."""
    items = (lake / ITEMS).stat()
    parts = (SCHEMA, (folder / NAMES).read_text(encoding="utf-8"), [region.id for region in trade.regions])
    return hashlib.sha256(repr((items.st_mtime_ns, items.st_size, parts)).encode()).hexdigest()[:12]
