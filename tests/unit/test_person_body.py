"""What the shop's backend may say of a person: whatever it sends is taken whole or refused by name."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrine.api.people import PersonBody, is_zone, person_body, person_id
from vitrine.api.web_push import Subscription
from vitrine.errors import InvalidField, InvalidRequest
from vitrine.outreach.person import Person
from vitrine.outreach.state import State
from vitrine.outreach.telling import Told, merged

TEXTS = st.text(max_size=40)
CHANNELS = st.sampled_from(["mail", "sms", "push", "web_push", "webhook", "app"])
ENDPOINTS = st.one_of(
    TEXTS, TEXTS.map("https://{}".format), st.sampled_from(["https://[", "https://a.b:99999/", "//x.y"])
)
SUBSCRIPTIONS = st.fixed_dictionaries(
    {"endpoint": ENDPOINTS, "keys": st.fixed_dictionaries({"p256dh": TEXTS, "auth": TEXTS})}
)
BODIES = st.fixed_dictionaries(
    {},
    optional={
        "addresses": st.dictionaries(CHANNELS, st.one_of(TEXTS, SUBSCRIPTIONS), max_size=3),
        "allowed": st.lists(CHANNELS, max_size=6),
        "forget": st.lists(CHANNELS, max_size=6),
        "zone": TEXTS,
        "locale": TEXTS,
        "name": TEXTS,
    },
)
ADDRESSES = {"mail": "a@example.com", "sms": "+4930123456"}
TOLD = st.builds(
    Told,
    visitors=st.lists(st.sampled_from("xyz"), unique=True).map(tuple),
    addresses=st.dictionaries(st.sampled_from(["mail", "sms"]), st.sampled_from(["old", "new"])),
    allowed=st.frozensets(CHANNELS),
    forget=st.frozensets(CHANNELS),
    zone=st.sampled_from([None, "UTC"]),
)


@given(BODIES)
def test_any_body_is_taken_or_refused_by_name(body: dict[str, object]) -> None:
    """No other error, and what is taken can be kept, read again and shown."""
    try:
        told = PersonBody.from_body(orjson.dumps(body)).to_domain(str)
    except InvalidRequest:
        return
    person = Person.decode(merged(Person("ann"), told).encode())
    assert orjson.loads(person_body(person, State()))["person"] == "ann"


@given(SUBSCRIPTIONS)
def test_a_subscription_is_a_public_https_address_or_none(body: dict[str, object]) -> None:
    """Whatever stands there."""
    try:
        kept = Subscription.checked(body).to_json("at")
    except InvalidField:
        return
    assert orjson.loads(kept)["endpoint"].startswith("https://")


@given(TOLD, TOLD)
def test_telling_again_changes_nothing(first: Told, second: Told) -> None:
    """A backend repeats what it said at each login; channels that are forgotten and told anew excepted."""
    once = merged(merged(Person("ann"), first), second)
    assert merged(once, second) == once
    assert once.allowed == ((first.allowed - second.forget) | second.allowed)
    assert set(once.visitors) == {*first.visitors, *second.visitors}


@given(st.sampled_from(["unsubscribed by a link", "complained", "bounced: no such box"]), TOLD)
def test_a_suppression_is_lifted_by_the_agreement_of_a_channel_alone(reason: str, told: Told) -> None:
    """Or, where the address failed, by another address."""
    before = Person("ann", (), {"mail": "old"}, frozenset({"mail"}), {"mail": reason})
    lifted = "mail" not in merged(before, told).suppressed
    is_new_agreement = "mail" in told.allowed and "mail" in told.forget
    is_new_address = told.addresses.get("mail", "old") != "old" and reason.startswith("bounced")
    assert lifted is (is_new_agreement or is_new_address)


@pytest.mark.parametrize(
    "mail",
    [
        "a@b.co",
        "first.last+tag@sub.example.com",
        "o'neil@example.com",
        "x@xn--e1afmkfd.xn--p1ai",
        f"{'a' * 64}@b.example",
    ],
)
def test_ordinary_addresses_are_taken(mail: str) -> None:
    """Tags, apostrophes, and domains in Punycode."""
    assert PersonBody.checked({"addresses": {"mail": mail}}).to_domain(str).addresses == {"mail": mail}


@pytest.mark.parametrize(
    "mail",
    [
        "a..b@example.com",
        "a@-b.example",
        "a@b.example.",
        "a b@b.example",
        "a@b@c.example",
        '"a b"@b.example',
        "ä@b.example",
    ],
)
def test_odd_addresses_are_not(mail: str) -> None:
    """SES would refuse them, and later."""
    with pytest.raises(InvalidField, match="mail address"):
        PersonBody.checked({"addresses": {"mail": mail}}).to_domain(str)


def test_zones_and_ids() -> None:
    """What the database knows, and nothing that leads out of it."""
    assert [is_zone(name) for name in ("Asia/Kathmandu", "UTC", "Europe", "/etc/localtime", "a\0b", "")] == [
        True,
        True,
        *[False] * 4,
    ]
    assert [person_id(id_) for id_ in ("A-1_b", "v:00ff")] == ["A-1_b", "v:00ff"]
