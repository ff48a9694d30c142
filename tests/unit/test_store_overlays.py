"""Countdowns and wheels in a store's files: compiled as they are meant, and what is wrong with them is told."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.unit.store_folders import CAMPAIGNS, change, write, write_store
from vitrine.api.store_compiled import load_store
from vitrine.api.store_faults import Fault
from vitrine.api.store_folder import check_store, compile_store
from vitrine.decisions.actions import Action, Countdown, Wheel
from vitrine.decisions.placements import Store

MAIN = "campaigns/main.yaml"
OVERLAY = "{mechanic: exit_intent, content: {text: {en: HELLO, ru: ПРИВЕТ}}}"
AT = "campaigns.banner-test.variations.loud.overlay"
CONTENT = "content: {title: {en: T, ru: Т}}"
SECTOR = "{id: %s, weight: %s, label: {en: %s, ru: %s}}"
A, B = SECTOR % ("a", 0.25, "A", "А"), SECTOR % ("b", 0.75, "B", "Б")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small store."""
    return write_store(tmp_path / "store")


def with_overlay(folder: Path, overlay: str) -> list[Fault]:
    """What is wrong once the small store's overlay says this."""
    change(folder, MAIN, OVERLAY, overlay)
    return check_store(folder)


def counting(end: str) -> str:
    """An overlay that counts down."""
    return f"{{mechanic: countdown, countdown: {end}, {CONTENT}}}"


def turning(*sectors: str, content: str = CONTENT) -> str:
    """An overlay with a wheel."""
    return f"{{mechanic: wheel, wheel: {{sectors: [{', '.join(sectors)}]}}, {content}}}"


def compiled(folder: Path, overlay: str) -> Action:
    """The overlay as decisions use it, after it was stored and loaded."""
    assert with_overlay(folder, overlay) == []
    return action_of(load_store(compile_store(folder)))


def action_of(store: Store) -> Action:
    """The second variation of the small store's experiment."""
    (found,) = (each for each in store.campaigns if each.name == "banner-test")
    return found.variations[1].action


@pytest.mark.parametrize(
    ("end", "countdown"),
    [
        ("{minutes: 30}", Countdown(lasts_ms=30 * 60_000)),
        ("{until: 2026-12-24}", Countdown(until_ms=1_798_153_200_000)),  # midnight at its end, in Berlin
        ("{until: 2026-12-24, timezone: UTC}", Countdown(until_ms=1_798_156_800_000)),
        ('{until: "2026-12-24T18:00Z"}', Countdown(until_ms=1_798_135_200_000)),
        ('{daily: "18:30"}', Countdown(minute=18 * 60 + 30, timezone="Europe/Berlin")),
        ('{daily: "24:00", timezone: Asia/Tokyo}', Countdown(minute=1_440, timezone="Asia/Tokyo")),
    ],
)
def test_a_countdown_is_compiled(folder: Path, end: str, countdown: Countdown) -> None:
    """Its times are the store's, unless it names a zone."""
    action = compiled(folder, counting(end))
    assert (action.kind, action.mechanic, action.countdown) == ("overlay", "countdown", countdown)


def test_an_end_is_where_the_calendar_has_it(folder: Path) -> None:
    """Midnight after the day that was named, in the store's zone."""
    countdown = compiled(folder, counting("{until: 2026-12-24}")).countdown
    assert countdown is not None
    ends = datetime(2026, 12, 24, 23, tzinfo=UTC)  # 24:00 in Berlin
    assert countdown.ends_ms(ends) == ends.timestamp() * 1000


def test_a_wheel_is_compiled(folder: Path) -> None:
    """Sectors with all their fields in every locale, and exact parts of [0, 1)."""
    full = "{id: c, weight: 0.15, label: C, title: {en: See, ru: Це}, text: {en: Sea, ru: Море}, link: /c}"
    sectors = [SECTOR % (name, weight, name, name) for name, weight in (("a", 0.5), ("b", 0.3), ("d", 0.05))]
    wheel = compiled(folder, turning(sectors[0], sectors[1], full, sectors[2])).wheel
    assert isinstance(wheel, Wheel)
    assert wheel.ids == ("a", "b", "c", "d")
    assert wheel.ranges == ((0.0, 0.5), (0.5, 0.8), (0.8, 0.95), (0.95, 1.0))
    rendered = wheel.sectors.render("ru", {}.get)
    assert rendered[0] == {"id": "a", "label": "a", "title": None, "text": None, "link": None}
    assert rendered[2] == {"id": "c", "label": "C", "title": "Це", "text": "Море", "link": "/c"}


def test_sectors_may_hold_variables(folder: Path) -> None:
    """Those of their campaign, as content may."""
    write(
        folder,
        MAIN,
        CAMPAIGNS
        + f"""
  weather-wheel:
    placements: [home.popup]
    variables: {{t: {{from: weather.temperature_c, default: 20}}}}
    overlay: {turning(A, SECTOR % ("b", 0.75, '"{{ t }} degrees"', '"{{ t }} градусов"'))}
""",
    )
    assert check_store(folder) == []
    store = load_store(compile_store(folder))
    (found,) = (each for each in store.campaigns if each.name == "weather-wheel")
    wheel = found.variations[0].action.wheel
    assert wheel is not None
    assert wheel.sectors.render("ru", {"weather.temperature_c": -3}.get)[1]["label"] == "-3 градусов"
    assert wheel.sectors.render("en", {}.get)[1]["label"] == "20 degrees"


WRONG: dict[str, tuple[str, str, str, str]] = {
    "a countdown to nothing": (
        f"{{mechanic: countdown, {CONTENT}}}",
        AT,
        "is a countdown that does not say what of",
        "countdown: {minutes: 30}",
    ),
    "a countdown without an end": (counting("{}"), f"{AT}.countdown", "has no end", "exactly one of minutes: 30"),
    "two ends": (
        counting('{minutes: 30, daily: "18:00"}'),
        f"{AT}.countdown",
        "has minutes and daily",
        "exactly one of minutes: 30",
    ),
    "no duration": (
        counting("{minutes: 0}"),
        f"{AT}.countdown.minutes",
        "a countdown of 0 minutes is over before it begins",
        "give 1 or more",
    ),
    "a duration before now": (
        counting("{minutes: -5}"),
        f"{AT}.countdown.minutes",
        "a countdown of -5 minutes is over before it begins",
        "give 1 or more",
    ),
    "a year": (counting("{minutes: 525600}"), f"{AT}.countdown.minutes", "hurries nobody", "or fewer"),
    "no day": (counting("{until: 2026-02-30}"), f"{AT}.countdown.until", "is no date or time", "write 2026-12-01"),
    "the beginning of the day": (
        counting('{daily: "00:00"}'),
        f"{AT}.countdown.daily",
        "nothing is left of it",
        "",
    ),
    "no zone": (
        counting('{daily: "18:00", timezone: Mars}'),
        f"{AT}.countdown.timezone",
        "there is no time zone 'Mars'",
        "Europe/Berlin",
    ),
    "minutes in a zone": (
        counting("{minutes: 30, timezone: UTC}"),
        f"{AT}.countdown",
        "the same in every time zone",
        "remove timezone",
    ),
    "a countdown of a message": (
        f"{{mechanic: message, countdown: {{minutes: 30}}, {CONTENT}}}",
        AT,
        "has a countdown and the mechanic message",
        "remove one",
    ),
    "a wheel of a countdown": (
        f"{{mechanic: countdown, countdown: {{minutes: 30}}, wheel: {{sectors: [{A}, {B}]}}, {CONTENT}}}",
        AT,
        "has a wheel and the mechanic countdown",
        "remove one",
    ),
    "a wheel of nothing": (f"{{mechanic: wheel, {CONTENT}}}", AT, "is a wheel that does not say what of", "sectors: ["),
    "one sector": (turning(A), f"{AT}.wheel", "a wheel of 1 sectors decides nothing", "two or more"),
    "a sector twice": (turning(A, B, A), f"{AT}.wheel", "two sectors are called 'a'", "rename one"),
    "weights above 1": (turning(A, B, SECTOR % ("c", 0.5, "C", "Ц")), f"{AT}.wheel", "sum to 1.5, not to 1", "shares"),
    "weights below 1": (
        turning(A, SECTOR % ("b", 0.7499, "B", "Б")),
        f"{AT}.wheel",
        "sum to 0.9999, not to 1",
        "shares",
    ),
    "a sector that never comes up": (
        turning(A, B, SECTOR % ("c", 0, "C", "Ц")),
        f"{AT}.wheel.sectors.2.weight",
        "a sector of weight 0 never comes up",
        "leave it out",
    ),
    "a label in one language": (
        turning(A, B.replace(", ru: Б", "")),
        f"{AT}.wheel.sectors.1.label",
        "lacks the locale 'ru'",
        "en, ru",
    ),
    "a label in a language that the store lacks": (
        turning(A, B.replace("ru: Б", "ru: Б, de: B")),
        f"{AT}.wheel.sectors.1.label.de",
        "the store has no locale 'de'",
        "en, ru",
    ),
    "a label that is no text": (
        turning(A, B.replace("{en: B, ru: Б}", "[B]")),
        f"{AT}.wheel.sectors.1.label",
        "is no text",
        "a text per locale",
    ),
    "a variable that nobody declared": (
        turning(A, B.replace("en: B", 'en: "{{ n }}"')),
        f"{AT}.wheel.sectors.1.label.en",
        "the variable 'n' is not declared",
        "declare it",
    ),
    "content that holds the sectors": (
        turning(A, B, content="content: {sectors: [1, 2]}"),
        f"{AT}.content",
        "without 'sectors'",
        "write content",
    ),
    "content that is one text": (
        turning(A, B, content="content: Turn"),
        f"{AT}.content",
        "has to be a mapping",
        "write content",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_has_a_message_of_its_own(folder: Path, case: str) -> None:
    """One thing is wrong, one thing is told, where it is and with what to do."""
    overlay, place, says, hint = WRONG[case]
    (fault,) = with_overlay(folder, overlay)
    assert fault.place == place
    assert says in fault.message
    assert hint in fault.hint


def test_no_two_faults_read_alike() -> None:
    """Nobody has to guess which of two things was meant."""
    says = [said for _, _, said, _ in WRONG.values()]
    assert len(set(says)) == len(says)


@pytest.mark.parametrize(
    ("until", "faulty"),
    [("2026-08-31", False), ("2026-09-01", True), ("2026-08-31T23:59", False), ('"2026-08-31T22:00:01Z"', True)],
)
def test_a_countdown_may_not_outlast_its_campaign(folder: Path, until: str, faulty: bool) -> None:
    """One that says December while all is over in August."""
    row = CAMPAIGNS[CAMPAIGNS.index("    products:") : CAMPAIGNS.index("  banner-test:")]
    change(folder, MAIN, row, f"    overlay: {counting(f'{{until: {until}}}')}\n")
    found = [fault.message for fault in check_store(folder)]
    assert ["ends before that" in message for message in found] == [True] * faulty


@pytest.mark.parametrize("overlay", [counting("{minutes: 5}"), turning(A, B)], ids=["countdown", "wheel"])
def test_only_campaigns_have_them(folder: Path, overlay: str) -> None:
    """A placement's own action has no name under which an end is remembered or a sector drawn."""
    text = (folder / "placements.yaml").read_text("utf-8")
    old = "  home.popup:\n    pages: [home]\n    none: true\n"
    write(folder, "placements.yaml", text.replace(old, old.replace("none: true", f"overlay: {overlay}")))
    (fault,) = check_store(folder)
    assert fault.place == "placements.home.popup"
    assert "the name of its campaign" in fault.message
    assert fault.hint == "move it into one"


UNFAIR = {
    "a condition": "when: {crm.age: {$gte: 60}}",
    "an experiment": "experiment: {attribute: crm.age}",
}


@pytest.mark.parametrize("mechanic", ["countdown", "wheel", "message"])
@pytest.mark.parametrize("what", UNFAIR)
def test_protected_attributes_decide_nobodys_time_or_luck(folder: Path, mechanic: str, what: str) -> None:
    """As of offers, whether or not the campaign calls itself one; a plain message is no offer."""
    overlays: dict[str, Any] = {
        "countdown": counting("{minutes: 5}"),
        "wheel": turning(A, B),
        "message": f"{{mechanic: message, {CONTENT}}}",
    }
    experiment = CAMPAIGNS[CAMPAIGNS.index("    experiment:") : CAMPAIGNS.index("    variations:")]
    change(folder, MAIN, experiment, f"    {UNFAIR[what]}\n")
    found = with_overlay(folder, overlays[mechanic])
    if mechanic == "message":
        assert found == []
        return
    (fault,) = found
    assert fault.message == f"has a {mechanic}, which counts as an offer, and {what} of it looks at crm.age"
    assert fault.hint == "protected attributes (store.yaml) may not decide who gets an offer: choose others"
