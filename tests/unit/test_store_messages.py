"""Messages as files: what they compile to, that a release carries them, and that every fault has its message."""

from pathlib import Path

import orjson
import pytest
import yaml

from tests.unit.message_files import NAME, with_trigger, write_messages
from tests.unit.store_folders import change, write
from vitrine.api.store_compile_messages import load_outreach
from vitrine.api.store_compiled import load_store
from vitrine.api.store_faults import Fault
from vitrine.api.store_folder import check_store, compile_store, count_parts
from vitrine.api.store_goods import goods_of
from vitrine.api.store_reading import Reading
from vitrine.api.store_triggers import TRIGGERS
from vitrine.errors import InvalidStore
from vitrine.outreach.messages import Cap, Outreach, Policy, QuietHours, Trigger, TriggerKind

DAY = 86_400
POLICY = "outreach.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small store with messages, to spoil."""
    return write_messages(tmp_path / "store")


def compiled(folder: Path) -> Outreach:
    """What a release of the folder says of outreach."""
    return load_outreach(compile_store(folder, range(0)))


def test_files_become_messages(folder: Path) -> None:
    """Durations in seconds, steps in order, conditions compiled with their audiences."""
    assert check_store(folder) == []
    message = compiled(folder).messages["cart-left"]
    assert message.trigger == Trigger("abandoned_cart", after_s=2_700)
    assert (message.priority, message.useful_s, message.cap, message.enabled) == (800, DAY, (2, 14 * DAY), True)
    told = [(step.channels, step.after_s, step.n_items, step.placement) for step in message.steps]
    assert told == [(("mail", "push"), 0, 3, "home.recs"), (("sms",), DAY, 0, None), (("webhook",), 2 * DAY, 0, None)]
    assert message.when is not None
    assert message.when.matches({"cart.value": 1_000, "weather.temperature_c": 30}.get)
    assert not message.when.matches({"cart.value": 1_000}.get)


def test_the_policy_is_told_once(folder: Path) -> None:
    """What holds for all messages; zones are the store's where no region has its own."""
    found = compiled(folder)
    assert found.policy == Policy(
        quiet=QuietHours(22 * 60, 8 * 60 + 30),
        window_s=DAY // 2,
        gather_s=1_800,
        caps=(Cap(3, 7 * DAY), Cap(1, 2 * DAY, "sms")),
        per_minute=60,
        off=frozenset(["webhook"]),
        from_mail="news@shop.example.com",
        from_name="The Shop",
        sender_id="SHOP",
        link="https://shop.example.com",
    )
    assert found.zones == ("Europe/Berlin",)
    assert found.zone_of_region == {"north": "Europe/Berlin", "south": "Europe/Berlin"}


def test_a_release_carries_them_and_decisions_do_not(folder: Path) -> None:
    """What serving loads is the same with and without messages."""
    data = compile_store(folder, range(0))
    (folder / NAME).unlink()
    (folder / POLICY).unlink()
    without = compile_store(folder, range(0))
    assert orjson.loads(data)["ready"] == orjson.loads(without)["ready"]
    assert load_store(data).name == "Test"
    assert load_outreach(without).messages == {}
    assert load_outreach(without).policy.from_name == "Test"


def test_a_release_of_before_messages_has_none(folder: Path) -> None:
    """Its words are read as they are; damaged ones are refused by name."""
    plain = orjson.loads(compile_store(folder, range(0)))
    del plain["messages"], plain["outreach"]
    assert load_outreach(orjson.dumps(plain)).messages == {}
    with pytest.raises(InvalidStore, match=r"store\.json: messages"):
        load_outreach(orjson.dumps({**plain, "messages": []}))


def test_the_example_has_every_kind_of_trigger() -> None:
    """As a shop would write them, in both languages, and validate is content."""
    found = load_outreach(compile_store(Path("store"), range(0))).messages.values()
    assert {message.trigger.kind for message in found} == set(TRIGGERS)
    assert {channel for message in found for step in message.steps for channel in step.channels} == {
        *("mail", "push", "web_push", "sms", "webhook", "app")
    }
    assert max(len(message.steps) for message in found) == 3
    assert count_parts(Path("store"))["messages"] == len(found)


@pytest.mark.parametrize(
    ("told", "trigger"),
    [
        (
            "abandoned_browse, after: 3h, min_views: 2, within: 2d",
            Trigger("abandoned_browse", 10_800, None, 2, 2 * DAY),
        ),
        ("category_interest, after: 1h, category: frozen", Trigger("category_interest", 3_600, "frozen", 3)),
        (
            "price_drop, min_drop: 0.2, interests: [favourites]",
            Trigger("price_drop", min_drop=0.2, interests=("favourites",)),
        ),
        ("back_in_stock", Trigger("back_in_stock")),
        ("post_purchase, after: 3d", Trigger("post_purchase", 3 * DAY)),
        ("replenishment, before: 36h", Trigger("replenishment", before_s=36 * 3_600)),
        ("win_back, after: 4w", Trigger("win_back", 28 * DAY)),
        ("anniversary, attribute: crm.joined", Trigger("anniversary", attribute="joined")),
        ('weather, at: "08:45"', Trigger("weather", at_minute=525)),
        ("geofence, actions: [dwell]", Trigger("geofence", actions=frozenset(["dwell"]))),
    ],
)
def test_every_kind_of_trigger_is_compiled(folder: Path, told: str, trigger: Trigger) -> None:
    """Each with its own fields."""
    change(folder, "store.yaml", "  tier:", "  joined: {type: string}\n  tier:")
    change(folder, NAME, "cart.value: {$gte: 1000}", "weather.temperature_c: {$gte: 30}")
    with_trigger(folder, f"{{kind: {told}}}")
    assert check_store(folder) == []
    assert compiled(folder).messages["cart-left"].trigger == trigger


FAULTS = yaml.safe_load(Path("tests/fixtures/message_faults.yaml").read_text("utf-8"))


@pytest.mark.parametrize("case", FAULTS)
def test_every_fault_has_its_place_and_remedy(folder: Path, case: str) -> None:
    """One thing is wrong, one thing is told."""
    spoilt = FAULTS[case]
    if case.startswith("unfair"):
        change(folder, NAME, "cart.value: {$gte: 1000}", "crm.age: {$gte: 30}")
    change(folder, NAME, spoilt["old"], spoilt["new"])
    (fault,) = check_store(folder)
    assert (fault.file, fault.place) == (str(folder / NAME), f"messages.{spoilt['place']}")
    assert spoilt["says"] in fault.message
    assert spoilt["hint"] in fault.hint
    assert fault.line > 1


@pytest.mark.parametrize(
    ("old", "new", "place", "says"),
    [
        ("window: 12h", "windows: 12h", "windows", "there is no field 'windows' here"),
        ('from: "22:00"', 'from: "8 pm"', "quiet.from", "is no time of day"),
        ('{from: "22:00", until: "08:30"}', '{from: "08:00", until: "07:30"}', "quiet", "leaves only 07:30 to 08:00"),
        ("messages: 3, per: 7d", "messages: 3, per: 12h", "caps.0", "never comes to bear"),
        ("messages: 3, per: 7d", "messages: 99, per: 7d", "caps.0.messages", "less than or equal to 40"),
        ("channel: sms", "channel: fax", "caps.1.channel", "is 'fax'"),
        ("mail: news@shop.example.com, ", "", "sender", "names no address that mails come from"),
        ("news@shop.example.com", "the shop", "sender.mail", "is no mail address"),
        ("name: The Shop", 'name: "A\\nBcc: b@c.de"', "sender.name", "is no line of text"),
        ("sms: SHOP", "sms: THE-SHOP", "sender.sms", "is no sender of SMS"),
        ("link: https://shop.example.com/\n", "", "", "does not say where the shop is"),
        ("https://shop.example.com/", "javascript:alert(1)", "link", "is no address of a shop"),
        ("https://shop.example.com/", "http://shop.example.com/", "link", "is no address of a shop"),
    ],
)
def test_faults_of_the_policy(folder: Path, old: str, new: str, place: str, says: str) -> None:
    """In outreach.yaml, at their line."""
    line = change(folder, POLICY, old, new)
    (fault,) = check_store(folder)
    assert (fault.file, fault.place) == (str(folder / POLICY), place)
    assert says in fault.message
    assert fault.hint
    assert fault.line in (1, line)


def test_a_name_stands_once_in_all_files(folder: Path) -> None:
    """As those of campaigns do."""
    write(folder, "messages/more.yaml", (folder / NAME).read_text("utf-8").replace("hot-day", "cold-day"))
    (fault,) = check_store(folder)
    assert fault.message == "messages/all.yaml:2 has a message of this name"


def test_a_stranger_in_the_folder_is_told(folder: Path) -> None:
    """A file that nothing reads would drop what it says."""
    write(folder, "messages/old/a.yaml", "messages: {}")
    (fault,) = check_store(folder)
    assert fault.hint == "move it to messages/ itself, and let it end in .yaml"


def test_all_faults_of_a_message_are_told_at_once(folder: Path) -> None:
    """A wrong trigger hides nothing else that its fields show."""
    with_trigger(folder, "{kind: no, after: 45m}")
    change(folder, NAME, "useful: 1d", "useful: never")
    found: list[Fault] = check_store(folder)
    assert [fault.place for fault in found] == ["messages.cart-left.trigger.kind", "messages.cart-left.useful"]


def test_kinds_are_those_of_the_domain() -> None:
    """No trigger without a model."""
    assert set(TRIGGERS) == set(TriggerKind.__args__)  # type: ignore[attr-defined]


def test_goods_that_messages_name_are_looked_up(folder: Path) -> None:
    """Files are checked without the catalogue; who has one asks for these names."""
    with_trigger(folder, "{kind: category_interest, after: 1h, category: frozen/ice-cream}")
    change(folder, NAME, "cart.value: {$gte: 1000}", "cart.categories: {$in: [frozen]}")
    reading = Reading(folder)
    parts = reading.parts(reading.store(), range(0))
    assert parts is not None
    named = [(one.name, one.place) for one in goods_of(parts) if one.place[0] == "messages"]
    at = ("messages", "cart-left")
    assert named == [
        ("frozen/ice-cream", (*at, "trigger", "category")),
        ("frozen", (*at, "when", "cart.categories", "$in", 0)),
    ]
