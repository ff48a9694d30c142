"""Parsers of outreach: what providers tell, links that come back, subscriptions, stored words."""

from typing import Final

import orjson

from tests.abuse.fuzz import Parser
from tests.abuse.mutations import damaged, damaged_text, spoilt_json
from tests.contract.channels import WORDS, subscription
from tests.unit.feedbacks import ALL, ID, by_bus, by_topic, to_function
from vitrine.adapters.web_push_keys import parse_subscription, parse_vapid_key
from vitrine.api.feedback import InvalidFeedback, parse_feedback
from vitrine.errors import DependencyFailed, InvalidToken
from vitrine.outreach.handing import decode, encode
from vitrine.outreach.unsubscribe import Leaving, Opening, mint_leaving, mint_opening, verify_leaving, verify_opening
from vitrine.visitors.identity import TokenKeys

KEYS: Final = TokenKeys("k1", {"k1": b"a" * 32})
NOTIFICATIONS: Final = [*ALL, by_topic(ALL[0]), to_function(*ALL[:3]), by_bus(ALL[0])]
LINKS: Final = [mint_leaving(Leaving("p1", "mail", ID), KEYS), mint_opening(Opening("v:p1", ID), KEYS)]
SUBSCRIPTION: Final = orjson.loads(subscription("https://fcm.googleapis.com/fcm/send/a"))


def by_text(data: bytes) -> object:
    """A subscription, in whatever text the bytes are."""
    return parse_subscription(data.decode(errors="surrogateescape"))


def key_by_text(data: bytes) -> object:
    """A VAPID secret likewise."""
    return parse_vapid_key(data.decode(errors="surrogateescape"))


PARSERS: Final = (
    Parser("provider's feedback", parse_feedback, spoilt_json(NOTIFICATIONS), (InvalidFeedback,)),
    Parser("unsubscribe link", lambda text: verify_leaving(text, KEYS), damaged_text(LINKS), (InvalidToken,)),
    Parser("open link", lambda text: verify_opening(text, KEYS), damaged_text(LINKS), (InvalidToken,)),
    Parser("web push subscription", by_text, spoilt_json([SUBSCRIPTION]), (ValueError,)),
    Parser("web push secret", key_by_text, spoilt_json([{"key": "k" * 32}]), (DependencyFailed,)),
    Parser("stored words", decode, damaged([encode(words) for words in WORDS.values()]), (DependencyFailed,)),
)
