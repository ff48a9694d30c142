"""What the fields of requests are for, by model and name: the models themselves are read at every cold start.

A test asks for a text of every field.
"""

from collections.abc import Mapping
from typing import Final

from vitrine.api.openapi_geofence import FIELDS as GEOFENCE
from vitrine.api.openapi_people import FIELDS as PEOPLE

ABOUT: Final = """\
Vitrine decides, once per page view, what one visitor of an online store sees.

**Identity.** Who a visitor is, only their token says. A first call has none and gets one, if the visitor agreed to be
recognised; every later call sends it. Nobody can read or change another visitor's profile.

**Requests** are strict JSON in UTF-8 of at most 16 KB: no unknown field, no repeated key, no NaN. Ids are texts of at
most 128 bytes without white space and control characters. Amounts are whole numbers of the currency's minor units.

**Answers.** A valid page view is always answered with 200 within its `deadline_ms`. Errors have one form,
`{"error": {"code", "message", "field"}}`; what API Gateway refuses by itself has `{"message"}`.
"""

_WHO: Final = "The visitor's token from an earlier answer; null or left out on the first call."
_SESSION: Final = "Id of the session, made by the page."
_CONSENT: Final = "What the visitor agreed to. Without `personalization` they are not recognised and nothing is kept."

_DECIDE: Final = {
    "visitor": _WHO,
    "session": _SESSION,
    "page": "The page that is being shown.",
    "device": "What it is shown on.",
    "traffic": "Where the session came from.",
    "visit": "What the page knows of the session.",
    "recent": "Items seen in this session, newest first.",
    "cart": "The cart as the storefront holds it.",
    "listing": "The items of the page in the order in which it would show them, for placements that sort.",
    "signals": "What the page observed of the visitor's behaviour.",
    "geo": "Where the device says it is; used with consent to `geo`, rounded to 0.1 degree.",
    "consent": _CONSENT,
    "placements": "Names of the placements to fill; null or left out for all of the page's type.",
    "options": "How to answer.",
}

FIELDS: Final[Mapping[str, Mapping[str, str]]] = {
    "DecideBody": _DECIDE,
    "ExplainBody": {**_DECIDE, "preview": "Circumstances to suppose instead of the real ones."},
    "PageBody": {
        "type": "A `product` page needs its `item`, a `category` page its `category`.",
        "item": "The item that the page is about.",
        "category": "Path of the category that the page is about, levels separated by `/`.",
        "query": "What was searched for.",
        "locale": "Locale of the page's texts, such as en or ru-RU; the store's first one where it has no such.",
        "referrer": "Address of the page before; query and fragment are dropped.",
    },
    "DeviceBody": {
        "kind": "The kind of device.",
        "visitor": "The token that the device had before a login, if it had another one.",
    },
    "TrafficBody": {"source": "utm_source.", "medium": "utm_medium.", "campaign": "utm_campaign."},
    "VisitBody": {
        "views": "Pages seen in the session before this one.",
        "seconds": "Seconds since the session began.",
    },
    "CartLineBody": {
        "item": "Id of the item.",
        "quantity": "How many of it.",
        "price": "Price of one, in minor units.",
    },
    "SignalsBody": {
        "exit_intent": "The pointer is on its way out of the page.",
        "idle_s": "Seconds without a sign of life.",
        "scroll": "Share of the page that was seen.",
        "tab_return": "The visitor just came back to the tab.",
        "added_to_cart": "The item whose addition to the cart made the page ask.",
    },
    "GeoBody": {"lat": "Degrees north.", "lon": "Degrees east."},
    "OptionsBody": {
        "explain": "Refused here: explanations are for operators, at /v1/explain.",
        "deadline_ms": "Milliseconds after which the answer is due, with what there is by then.",
        "dry_run": "Count and record nothing.",
    },
    "PreviewBody": {
        "at": "An instant in ISO 8601 with its zone, in the years 2000 to 2100.",
        "region": "One of the store's regions.",
        "attributes": "Values by attribute, as `vitrine attributes` lists them; null is unknown.",
    },
    "EventsBody": {
        "visitor": _WHO,
        "session": _SESSION,
        "consent": _CONSENT,
        "events": "What happened, in any order.",
    },
    "GeofenceBody": GEOFENCE,
    **PEOPLE,
    "EventBody": {
        "id": "Id of the event, made by the page: the same event may be sent twice.",
        "kind": "What happened. Views, cart, favourite and purchase events need `item`, a search its `query`,"
        " impressions, clicks and dismissals their `placement`, a survey its `answers`.",
        "at_ms": "When it happened, in milliseconds since the Unix epoch; at most 10 minutes ahead, a year back.",
        "item": "The item it was about.",
        "quantity": "How many; 0 takes a favourite back.",
        "price": "Price of one, in minor units.",
        "query": "What was searched for, at most 200 bytes.",
        "decision": "Id of the decision that showed what was seen or clicked.",
        "placement": "Name of the placement that showed it, at most 64 bytes.",
        "slot": "Place in the placement, 0 is the first.",
        "answers": "Answers of a survey by question, each of at most 128 bytes.",
    },
}
