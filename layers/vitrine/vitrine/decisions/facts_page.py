"""Facts of the page view itself: page, device, traffic, session, signals, consent."""

from collections.abc import Mapping
from typing import Final, get_args

from vitrine.decisions.facts_sources import Fact, Sources, boolean, codes, number, path_codes, string
from vitrine.decisions.facts_traffic import REFERRERS, referrer_class
from vitrine.types import DeviceKind, PageType


def _page_categories(known: Sources) -> tuple[int, ...] | None:
    page = known.context.request.page
    named = path_codes(page.category) if page.category else ()
    of_item = known.categories_of([page.item]) if page.item is not None else ()
    if of_item is None:
        return named or None
    return tuple(dict.fromkeys((*named, *of_item)))


def _referrer(known: Sources) -> str | None:
    request = known.context.request
    return referrer_class(request.page.referrer, request.traffic, known.store.hosts)


PAGE_FACTS: Final[Mapping[str, Fact]] = {
    "page.type": string("type of the page", lambda known: known.context.request.page.type, get_args(PageType)),
    "page.item": string("the item that the page is about", lambda known: known.context.request.page.item),
    "page.category": string("category path that the page named", lambda known: known.context.request.page.category),
    "page.categories": codes("categories of the page and of its item, with all above them", _page_categories),
    "page.query": string("what was searched for", lambda known: known.context.request.page.query),
    "page.locale": string("the store's locale that is served", lambda known: known.context.locale),
    "row.category": string(
        "category of a row by habit; known to the titles of such rows, and to nothing else", lambda known: None
    ),
    "device.kind": string(
        "what the page is shown on", lambda known: known.context.request.device, get_args(DeviceKind)
    ),
    "device.app": boolean("whether that is the app", lambda known: known.context.request.device == "app"),
    "traffic.source": string("UTM source of the session", lambda known: known.context.request.traffic.source),
    "traffic.medium": string("UTM medium of the session", lambda known: known.context.request.traffic.medium),
    "traffic.campaign": string("UTM campaign of the session", lambda known: known.context.request.traffic.campaign),
    "traffic.referrer": string("where the session came from, by UTM parameters or referrer", _referrer, REFERRERS),
    "session.views": number("pages of the session before this one", lambda known: known.context.request.visit.views),
    "session.seconds": number("seconds since it began", lambda known: known.context.request.visit.seconds),
    "signals.exit_intent": boolean(
        "whether the visitor is about to leave", lambda known: known.context.request.signals.exit_intent
    ),
    "signals.idle_s": number("seconds without a move", lambda known: known.context.request.signals.idle_s),
    "signals.scroll": number("share of the page seen, 0 to 1", lambda known: known.context.request.signals.scroll),
    "signals.tab_return": boolean(
        "whether the visitor just came back to the tab", lambda known: known.context.request.signals.tab_return
    ),
    "signals.added_to_cart": boolean(
        "whether something was just put into the cart",
        lambda known: known.context.request.signals.added_to_cart is not None,
    ),
    "signals.added_item": string(
        "the item just put into the cart", lambda known: known.context.request.signals.added_to_cart
    ),
    "consent.personalization": boolean(
        "whether the visitor may be recognised", lambda known: "personalization" in known.context.request.consent
    ),
    "consent.geo": boolean(
        "whether their coordinates may be used", lambda known: "geo" in known.context.request.consent
    ),
    "consent.messages": boolean(
        "whether they may be written to", lambda known: "messages" in known.context.request.consent
    ),
}
