"""What a visit is about, from this visit alone: the part of a prediction that no refresh can know.

Three classes and declared rules, no score: the data that this store learns from has no page views, so a number would
be made up. A condition joins it with what is predicted, such as {visit.intent: buying, predicted.p_buy_7d: {$lt: 0.3}}.
"""

from collections import Counter
from typing import Final, Literal

from vitrine.decisions.facts_sources import Sources

Intent = Literal["looking", "comparing", "buying"]
INTENTS: Final[tuple[Intent, ...]] = ("looking", "comparing", "buying")

BUYING_PAGES: Final = ("cart", "checkout")
COMPARED: Final = 3
"""From so many goods of one leaf category on, the page's own among them, a visitor compares."""
LEAF: Final = "leaf"


def intent(known: Sources) -> Intent | None:
    """`buying` at the cart and the checkout or with something in the cart, `comparing` after several goods of one kind,
    else `looking`; None where neither the cart nor what was seen could be read.
    """
    request = known.context.request
    if request.page.type in BUYING_PAGES or request.signals.added_to_cart is not None or known.lines:
        return "buying"
    if known.lines is None and not known.visit.recent:
        return None
    return "comparing" if _most_of_a_kind(known) >= COMPARED else "looking"


def _most_of_a_kind(known: Sources) -> int:
    """Of the goods that this page request says were seen, how many share a leaf category, as far as lists tell it."""
    request = known.context.request
    seen = dict.fromkeys([*([request.page.item] if request.page.item is not None else []), *request.recent])
    places = [known.rows[item] for item in seen if item in known.rows]
    kinds = Counter(int(table.columns[LEAF][at]) for table, at in places)
    return max(kinds.values(), default=0)
