"""Wheels of fortune: where one stops follows from the visitor and the campaign, by the weights of its sectors."""

from math import sqrt

import pytest

from tests.unit.contests import HERO, contest, outcomes, view
from tests.unit.contests import store as store_of
from tests.unit.test_countdowns import Shop
from vitrine.decisions.actions import Action, Content, Countdown, Fixed, Wheel
from vitrine.decisions.answers import Drawn
from vitrine.decisions.campaigns import Campaign, Variation

WEIGHTS = {"soup": 0.5, "salad": 0.3, "pasta": 0.15, "cake": 0.05}
SECTORS = Fixed({locale: [{"id": name, "label": f"{name} {locale}"} for name in WEIGHTS] for locale in ("en", "ru")})
WHEEL = Wheel(tuple(WEIGHTS), ((0.0, 0.5), (0.5, 0.8), (0.8, 0.95), (0.95, 1.0)), SECTORS)
N = 20_000


def wheel(name: str = "wheel", wheel: Wheel = WHEEL, **fields: float) -> Campaign:
    """A campaign with this wheel."""
    words = Content(Fixed({"en": {"spin": "Spin"}, "ru": {"spin": "Крутить"}}))
    action = Action("overlay", content=words, mechanic="wheel", wheel=wheel)
    return Campaign(name, frozenset({"hero"}), (Variation("a", action),), **fields)  # type: ignore[arg-type]


def drawn(visitor: str, *, name: str = "wheel") -> str:
    """What the visitor draws."""
    live = next(contest(store_of(wheel(name)), view(visitor)).of(HERO)).live
    assert isinstance(live, Drawn)
    return live.outcome


@pytest.mark.no_cover
def test_every_sector_comes_up_as_often_as_it_weighs() -> None:
    """Within four standard errors of its share of 20,000 visitors."""
    found = [drawn(f"visitor-{n}") for n in range(N)]
    for name, weight in WEIGHTS.items():
        assert abs(found.count(name) - N * weight) <= 4 * sqrt(N * weight * (1 - weight)), name


@pytest.mark.no_cover
def test_another_campaign_draws_anew() -> None:
    """Of those who drew one sector of the first, the second gives the usual shares, within four standard errors."""
    visitors = [f"visitor-{n}" for n in range(N)]
    lucky = [visitor for visitor in visitors if drawn(visitor) == "cake"]
    found = [drawn(visitor, name="other") for visitor in lucky]
    for name, weight in WEIGHTS.items():
        error = sqrt(len(lucky) * weight * (1 - weight))
        assert abs(found.count(name) - len(lucky) * weight) <= 4 * error, name


def test_it_stops_at_the_same_sector_however_often_it_is_asked() -> None:
    """Nothing is stored for it, and every decision replays."""
    shop = Shop(campaigns=[wheel()])
    answers = [shop.ask("v1", at_ms) for at_ms in (0, 1, 10**9)]
    assert [answer["live"] for answer in answers] == [{"outcome": drawn("v1")}] * 3
    assert "V#v1" not in {key.pk for key in shop.table.rows}
    for n in (1, 2, 3):
        assert shop.replay().replay(f"d{n}").identical
    assert shop.recorded()["placements"]["hero"]["live"] == {"outcome": drawn("v1")}


def test_a_login_on_a_device_that_is_known_turns_it_no_second_time() -> None:
    """It stops where it did for the device, whoever logs in there; without the device, where it does for the login."""
    shop = Shop(campaigns=[wheel()])
    for n in range(20):
        before = shop.ask(f"device-{n}")["live"]
        assert shop.ask(f"login-{n}", device=f"device-{n}")["live"] == before == {"outcome": drawn(f"device-{n}")}
        assert shop.replay().replay(f"d{shop.n_decided}").identical
    assert len({drawn(f"{who}-{n}") for who in ("login", "device") for n in range(20)}) > 1
    assert any(drawn(f"login-{n}") != drawn(f"device-{n}") for n in range(20))


def test_the_content_holds_what_the_page_draws() -> None:
    """Beside its own words; the odds stay with us."""
    answer = Shop(campaigns=[wheel()]).ask("v1")
    assert (answer["kind"], answer["mechanic"]) == ("overlay", "wheel")
    assert answer["content"] == {"spin": "Spin", "sectors": SECTORS.by_locale["en"]}


def test_who_has_no_id_gets_no_wheel() -> None:
    """Nothing would keep it where it stopped."""
    shop = Shop(campaigns=[wheel()])
    assert shop.ask(None)["kind"] == "none"
    one = contest(store_of(wheel()), view(None, explain=True))
    assert next(one.of(HERO)).campaign is None
    assert outcomes(one) == {"wheel": "no_visitor"}


def test_who_is_held_back_sees_none() -> None:
    """The placement's own action is shown, and no outcome told."""
    held = [answer for n in range(20) if (answer := Shop(campaigns=[wheel(control=0.5)]).ask(f"v{n}"))["control"]]
    assert 0 < len(held) < 20
    assert all(answer["live"] is None and answer["content"] is None for answer in held)


@pytest.mark.parametrize("bucket", [0.0, 0.4999, 0.5, 0.7999, 0.8, 0.9499, 0.95, 0.9999])
def test_the_parts_of_the_sectors_meet(bucket: float) -> None:
    """Each begins where the one before it ends."""
    expected = next(name for name, end in zip(WEIGHTS, (0.5, 0.8, 0.95, 1.0), strict=True) if bucket < end)
    assert WHEEL.outcome(bucket) == expected


def test_what_rounding_leaves_in_no_part_is_the_last_ones() -> None:
    """There is always an outcome."""
    short = Wheel(("a", "b"), ((0.0, 0.5), (0.5, 0.9998)), SECTORS)
    assert short.outcome(0.9999) == "b"


def test_other_actions_have_neither() -> None:
    """Negative control: no campaign says anything live without a countdown or a wheel."""
    plain = Campaign("plain", frozenset({"hero"}), (Variation("a", Action("overlay", mechanic="countdown")),))
    assert Shop(campaigns=[plain]).ask("v1")["live"] is None
    assert Action("none").countdown is Action("none").wheel is None
    assert Countdown(lasts_ms=1).minute is None
