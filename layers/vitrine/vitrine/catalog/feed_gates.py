"""Gates that a feed has to pass before it takes the place of the catalogue that there is.

An export that broke over night looks like a feed: half of the goods gone, prices in cents instead of dollars, all sold
out. Single oddities are held back item by item; many of them say that the feed itself is wrong, and then nothing of it
is taken. A store declares its own bounds; the defaults for goods gone and price jumps are requirements, the others
judgement.
"""

from collections.abc import Iterator
from typing import Final

from vitrine.values import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much may be odd. Shares are of what they are named for, and are passed when they are not above.

    `price_jump` and `factor` say when an item's price is odd: a change by more than that share of the old price, and
    one by that factor or more in either direction, which is a mistake of units (cents for dollars), not a price.
    """

    price_jump: float = 0.5
    factor: float = 20.0
    gone: float = 0.2
    sold_out: float = 0.5
    jumps: float = 0.01
    misprints: float = 0.001
    zero_prices: float = 0.001
    duplicates: float = 0.001
    currencies: float = 0.001
    faults: float = 0.05


@dataclass(frozen=True, slots=True)
class Tally:
    """What was counted in a feed. `rows` are all of it, good or bad; `listed` are the items of the catalogue before, of
    which `compared` are in the feed with a price, and `stocked` were in stock somewhere. `damage` says why the feed
    could not be read to its end, '' when it could."""

    rows: int
    items: int
    listed: int
    compared: int
    stocked: int
    gone: int
    sold_out: int
    jumps: int
    misprints: int
    zero_prices: int
    duplicates: int
    currencies: int
    faults: int
    damage: str = ""


@dataclass(frozen=True, slots=True)
class Gate:
    """One check: `found` of `whole`, and the share that is allowed. A hard one no operator can overrule."""

    name: str
    found: int
    whole: int
    bound: float
    says: str
    is_hard: bool = False

    @property
    def share(self) -> float:
        """0 of nothing is nothing."""
        return self.found / self.whole if self.whole else 0.0

    @property
    def is_passed(self) -> bool:
        """Whether the share is within the bound."""
        return self.share <= self.bound


ANY: Final = 0.0


def judge(tally: Tally, bounds: Bounds) -> list[Gate]:
    """All gates, passed or not, in the order in which people want to hear of them."""
    return list(_gates(tally, bounds))


def _gates(tally: Tally, bounds: Bounds) -> Iterator[Gate]:
    rows = tally.rows
    damage = tally.damage or "it can be read to its end"
    yield Gate("damaged", int(bool(tally.damage)), 1, ANY, damage, is_hard=True)
    yield Gate("empty", int(tally.items == 0), 1, ANY, "no item of it can be taken", is_hard=True)
    yield Gate("gone", tally.gone, tally.listed, bounds.gone, "items of the catalogue are not in the feed")
    sold_out = "items in stock are now sold out everywhere"
    yield Gate("sold_out", tally.sold_out, tally.stocked, bounds.sold_out, sold_out)
    jumps = f"prices changed by more than {bounds.price_jump:.0%}"
    yield Gate("jumps", tally.jumps, tally.compared, bounds.jumps, jumps)
    misprints = f"prices changed {bounds.factor:g} times or more: is the unit right?"
    yield Gate("misprints", tally.misprints, tally.compared, bounds.misprints, misprints)
    yield Gate("zero_prices", tally.zero_prices, rows, bounds.zero_prices, "prices are zero")
    yield Gate("duplicates", tally.duplicates, rows, bounds.duplicates, "ids stand twice and say different things")
    yield Gate(
        "currencies", tally.currencies, rows, bounds.currencies, "prices are in another currency than the store's"
    )
    yield Gate("faults", tally.faults, rows, bounds.faults, "rows cannot be read")
