"""Which campaign gets a placement, and the reason of each that does not."""

from typing import Any

import pytest

from tests.unit.contests import (
    CONSENT,
    FOOT,
    HERO,
    HOUR_MS,
    NOW_MS,
    SIDE,
    campaign,
    contest,
    facts,
    filled,
    outcomes,
    store,
    view,
    when,
    winner,
)
from vitrine.decisions.answers import Considered
from vitrine.decisions.campaigns import Budget, Cap, index_campaigns
from vitrine.decisions.contest import Contest
from vitrine.rules.bucketing import hash_value
from vitrine.rules.conditions import Condition
from vitrine.rules.experiments import Experiment
from vitrine.visitors.exposures import Exposures, Showing

ONCE = Cap(1, "session")
SPLIT = Experiment("split", 2)


def never(_: Any) -> bool:
    """A condition that nobody may evaluate."""
    raise AssertionError


def test_without_campaigns_the_placement_shows_its_own() -> None:
    """There is always a last contender."""
    (own,) = contest(store(), view()).of(HERO)
    assert (own.action, own.campaign, own.control) == (HERO.action, None, False)


def test_the_higher_priority_wins_then_the_earlier_in_the_files() -> None:
    """All contenders come in that order, the placement's own action last."""
    shop = store(campaign("late"), campaign("first", priority=1), campaign("later"))
    names = [each.campaign and each.campaign.name for each in contest(shop, view()).of(HERO)]
    assert names == ["first", "late", "later", None]


def test_who_is_behind_the_winner_is_not_evaluated() -> None:
    """A page view pays for the campaigns it needs."""
    one = contest(store(campaign("top"), campaign("rest", condition=Condition(never))), view())
    assert winner(one) == "top"
    assert outcomes(one) == {"top": "shown"}


def test_explained_each_loser_has_its_own_reason() -> None:
    """Also those behind the winner; who only lost to it is outranked."""
    shop = store(
        campaign("top", priority=9),
        campaign("elsewhere", pages=frozenset({"cart"})),
        campaign("over", ends_ms=NOW_MS),
        campaign("soon", starts_ms=NOW_MS + 1),
        campaign("others", condition=when("region", "south")),
        campaign("odd", condition=Condition(lambda _: False)),
        campaign("private", needs=frozenset({"geo"})),
        campaign("seen", caps=(ONCE,)),
        campaign("rival", group="promo"),
        campaign("spent", budget=Budget(1, None, 1)),
        campaign("next"),
        campaign("aside", at=["side"]),
    )
    shown = Exposures().after([Showing("seen", HOUR_MS), Showing("holder", group="promo")], {}, NOW_MS - 1, "s1")
    context = view(explain=True)
    one = Contest(shop, facts(context, region="north"), context, shown, lambda _: True)
    assert winner(one) == "top"
    assert outcomes(one) == {
        "top": "shown",
        "elsewhere": "page",
        "over": "schedule",
        "soon": "schedule",
        "others": "condition",
        "odd": "condition",
        "private": "consent",
        "seen": "capped",
        "rival": "group",
        "spent": "budget",
        "next": "outranked",
    }


def test_a_schedule_includes_its_beginning_and_not_its_end() -> None:
    """As all intervals of instants do."""
    shop = store(campaign("now", starts_ms=NOW_MS, ends_ms=NOW_MS + 1))
    assert winner(contest(shop, view())) == "now"
    assert winner(contest(shop, view(at_ms=NOW_MS + 1))) is None
    assert winner(contest(shop, view(at_ms=NOW_MS - 1))) is None


def test_who_has_nothing_to_show_leaves_it_to_the_next() -> None:
    """The filling of the row says so."""
    one = contest(store(campaign("empty"), campaign("full")), view())
    contenders = one.of(HERO)
    one.refuse(next(contenders), "nothing_to_show")
    chosen = next(contenders)
    assert one.settle(chosen)
    assert outcomes(one) == {"empty": "nothing_to_show", "full": "shown"}
    assert next(one.of(HERO)) == chosen


def test_two_of_one_group_never_meet_on_a_page() -> None:
    """The second placement goes to the next who is free of the group."""
    shop = store(
        campaign("sale", group="promo"),
        campaign("gift", at=["side"], group="promo", priority=2),
        campaign("news", at=["side"]),
    )
    one = contest(shop, view())
    assert [winner(one, HERO), winner(one, SIDE)] == ["sale", "news"]
    assert outcomes(one, SIDE) == {"gift": "group", "news": "shown"}


def test_what_was_chosen_before_its_group_was_taken_is_not_settled() -> None:
    """Who looks ahead at every placement cannot break the rule with what they saw."""
    shop = store(campaign("sale", group="promo"), campaign("gift", at=["side"], group="promo"))
    one = contest(shop, view())
    hero, side = next(one.of(HERO)), next(one.of(SIDE))
    assert side.campaign is not None
    assert one.settle(hero)
    assert not one.settle(side)
    assert next(one.of(SIDE)).campaign is None


def test_a_group_that_lost_its_place_is_free_again() -> None:
    """A campaign refused for want of goods does not hold its group."""
    shop = store(campaign("sale", group="promo"), campaign("gift", at=["side"], group="promo"))
    one = contest(shop, view())
    one.refuse(next(one.of(HERO)), "nothing_to_show")
    assert [winner(one, HERO), winner(one, SIDE)] == [None, "gift"]


def test_a_group_is_its_best_campaigns_wherever_on_the_page_that_is() -> None:
    """The order of the placements is no matter, nor a better campaign of another group that takes the first place."""
    shop = store(
        campaign("sale", group="promo", priority=1),
        campaign("gift", at=["side"], group="promo", priority=900),
        campaign("news", priority=2),
        campaign("tip", at=["foot"], group="promo", priority=3),
    )
    for page in ([HERO, SIDE, FOOT], [FOOT, SIDE, HERO]):
        one = contest(shop, view())
        assert filled(one, page) == {"hero": "news", "side": "gift", "foot": None}
        assert outcomes(one, HERO) == {"news": "shown"}
        assert outcomes(one, FOOT) == {"tip": "group"}


def test_who_would_not_get_its_place_reserves_no_group() -> None:
    """The group is for the best campaign that can be shown, not for the best there is."""
    shop = store(
        campaign("top", at=["side"], priority=9),
        campaign("gift", at=["side"], group="promo", priority=8),
        campaign("sale", group="promo"),
    )
    assert filled(contest(shop, view()), [HERO, SIDE]) == {"hero": "sale", "side": "top"}


def test_a_reserved_group_goes_on_to_the_next_best_when_nothing_can_be_shown() -> None:
    """Even where a placement before it was filled already: then the page is filled once more."""
    shop = store(
        campaign("sale", group="promo", priority=2),
        campaign("gift", at=["side", "foot"], group="promo", priority=9),
        campaign("tip", at=["foot"], group="promo", priority=1),
    )
    page, both = [HERO, SIDE, FOOT], {("side", "gift"), ("foot", "gift")}
    assert filled(contest(shop, view()), page, {("side", "gift")}) == {"hero": None, "side": None, "foot": "gift"}
    one = contest(shop, view())
    assert filled(one, page, both) == {"hero": "sale", "side": None, "foot": None}
    assert outcomes(one, SIDE) == {"gift": "nothing_to_show"}
    assert outcomes(one, FOOT) == {"gift": "nothing_to_show", "tip": "group"}
    assert filled(contest(shop, view()), page, {*both, ("hero", "sale")})["foot"] == "tip"


def test_room_in_the_row_goes_to_the_better_campaign() -> None:
    """Also when its placement comes later."""
    full = Exposures()
    for number in range(127):
        full = full.after([Showing(f"c{number}", 100 * HOUR_MS)], {}, NOW_MS, "s1")
    shop = store(campaign("low", caps=(ONCE,)), campaign("high", at=["side"], priority=1, caps=(ONCE,)))
    for page in ([HERO, SIDE], [SIDE, HERO]):
        one = contest(shop, view(), full)
        assert filled(one, page) == {"hero": None, "side": "high"}
        assert outcomes(one) == {"low": "not_counted"}


def test_a_campaign_wins_each_of_its_placements() -> None:
    """Its cap is one of page views, so one showing left is enough for both."""
    one = contest(store(campaign("both", at=["hero", "side"], group="promo", caps=(ONCE,))), view())
    assert [winner(one, HERO), winner(one, SIDE)] == ["both", "both"]


def test_the_holder_of_a_group_may_go_on() -> None:
    """Only others of the group are kept away from the session."""
    shop = store(campaign("gift", group="promo", priority=1), campaign("sale", group="promo"))
    shown = Exposures().after([Showing("sale", group="promo")], {}, NOW_MS, "s1")
    assert winner(contest(shop, view(), shown)) == "sale"
    assert winner(contest(shop, view(session="s2", at_ms=NOW_MS + HOUR_MS), shown)) == "gift"


def test_the_holdout_sees_nothing_and_is_named() -> None:
    """Where a campaign runs, the answer says that it was held back; where none does, it does not."""
    one = contest(store(campaign("sale"), share=1.0), view(explain=True))
    (own,) = one.of(HERO)
    assert (own.campaign, own.action, own.control) == (None, HERO.action, True)
    (said,) = one.considered(HERO)
    assert said.outcome == "holdout"
    assert said.bucket is not None
    assert [each.control for each in one.of(SIDE)] == [False]


@pytest.mark.parametrize(
    "fields",
    [
        {"needs": frozenset({"geo"})},
        {"condition": Condition(lambda _: False)},
        {"pages": frozenset({"cart"})},
        {"ends_ms": NOW_MS},
    ],
)
def test_the_holdout_is_named_only_where_a_campaign_would_have_run(fields: dict[str, Any]) -> None:
    """Or the value of campaigns would be measured on visitors whom none was for."""
    one = contest(store(campaign("sale", **fields), share=1.0), view())
    assert filled(one, [HERO, SIDE]) == {"hero": None, "side": None}
    assert [each.control for each in one.settled] == [False, False]


def test_of_the_holdout_conditions_are_asked_up_to_the_first_that_matches() -> None:
    """Who sees no campaign shall not cost more than who does."""
    odd, rest = campaign("odd", condition=Condition(lambda _: False)), campaign("rest", condition=Condition(never))
    one = contest(store(odd, campaign("sale"), rest, share=1.0), view())
    assert filled(one, [HERO]) == {"hero": None}
    assert [each.control for each in one.settled] == [True]
    assert outcomes(one) == {"odd": "condition", "sale": "holdout"}


def ids_around(seed: str, share: float) -> tuple[str, str]:
    """Two ids, one with a bucket below the share and one above it."""
    below = {f"v{n}": hash_value(seed, f"v{n}", 2) < share for n in range(99)}
    return next(each for each in below if below[each]), next(each for each in below if not below[each])


def test_who_is_held_out_stays_so_after_a_login() -> None:
    """By the device's id or by the login's; the bucket that decided is named."""
    held, free = ids_around("holdout", 0.5)
    shop = store(campaign("sale"), share=0.5)
    told = [contest(shop, view(*ids)) for ids in ((free,), (held,))]
    told += [contest(shop, view(free, device=held)), contest(shop, view(held, device=free))]
    assert [next(each.of(HERO)).control for each in told] == [False, True, True, True]
    assert {each.considered(HERO)[0].bucket for each in told[1:]} == {hash_value("holdout", held, 2)}


def test_who_is_of_a_control_group_stays_so_after_a_login() -> None:
    """As for the holdout."""
    kept, free = ids_around("sale:control", 0.5)
    shop = store(campaign("sale", control=0.5))
    views = [view(free), view(kept), view(free, device=kept), view(kept, device=free)]
    assert [next(contest(shop, each).of(HERO)).control for each in views] == [False, True, True, True]


def test_a_control_visitor_sees_the_placements_own() -> None:
    """The campaign has won, is named with the variation, and keeps others away."""
    one = contest(store(campaign("sale", "a", "b", control=1.0, experiment=SPLIT), campaign("next")), view())
    chosen = next(one.of(HERO))
    assert (chosen.action, chosen.control) == (HERO.action, True)
    assert chosen.campaign is not None
    assert chosen.campaign.name == "sale"
    assert chosen.variation in ("a", "b")
    assert one.settle(chosen)
    assert outcomes(one) == {"sale": "control"}


def test_control_asks_the_counts_first() -> None:
    """Who would be capped is not of the control group either."""
    shown = Exposures().after([Showing("sale", HOUR_MS)], {}, NOW_MS, "s1")
    assert winner(contest(store(campaign("sale", control=1.0, caps=(ONCE,))), view(), shown)) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"caps": (ONCE,)},
        {"group": "promo"},
        {"budget": Budget(9, None, 1)},
        {"experiment": Experiment("split", 2, sticky=True)},
    ],
)
def test_what_cannot_be_counted_is_not_shown(fields: dict[str, Any]) -> None:
    """A visitor without an id has nothing to count by."""
    shop = store(campaign("sale", "a", "b", **fields), campaign("open"))
    context = view(None, session=None, consent=frozenset())
    one = Contest(shop, facts(context), context, None, lambda _: None)
    assert winner(one) == "open"
    assert outcomes(one) == {"sale": "not_counted", "open": "shown"}


def test_a_budget_alone_needs_no_exposures() -> None:
    """When only the visitor's row could not be read, budgets can still be counted."""
    shop = store(campaign("sale", budget=Budget(9, None, 1)))
    assert winner(contest(shop, view(), readable=False)) == "sale"


def test_nobody_is_held_out_without_an_id() -> None:
    """Neither of all campaigns nor of one."""
    shop = store(campaign("sale", control=1.0), share=1.0)
    one = contest(shop, view(None, session=None, consent=frozenset()), readable=False)
    chosen = next(one.of(HERO))
    assert (chosen.variation, chosen.control) == ("a", False)


def test_without_anything_to_hash_the_first_variation_is_shown_uncounted() -> None:
    """It is no exposure of the experiment."""
    one = contest(store(campaign("sale", "a", "b", experiment=SPLIT)), view(None), readable=False)
    chosen = next(one.of(HERO))
    assert chosen.assignment is not None
    assert (chosen.variation, chosen.assignment.in_experiment) == ("a", False)


def test_who_is_not_covered_does_not_see_the_campaign() -> None:
    """Coverage is the share of visitors that the campaign is for."""
    one = contest(store(campaign("sale", "a", "b", experiment=Experiment("split", 2, coverage=0.0))), view())
    assert winner(one) is None
    (said,) = one.considered(HERO)
    assert (said.outcome, said.variation) == ("not_in_experiment", "a")
    assert said.bucket is not None


def test_a_sticky_arm_stays() -> None:
    """Whatever the weights say now."""
    sticky = Experiment("split", 2, sticky=True, weights=(1.0, 0.0))
    shop = store(campaign("sale", "a", "b", experiment=sticky))
    shown = Exposures().after([Showing("sale", arm=("split__0", "b"))], {}, NOW_MS, "s1")
    assert next(contest(shop, view()).of(HERO)).variation == "a"
    assert next(contest(shop, view(), shown).of(HERO)).variation == "b"


def test_what_the_claim_denied_says_so() -> None:
    """The decision is made again without the campaign."""
    context = view()
    one = Contest(store(campaign("sale")), facts(context), context, Exposures(), lambda _: False, {"sale": "budget"})
    assert winner(one) is None
    assert outcomes(one) == {"sale": "budget"}


def test_a_full_row_of_exposures_takes_no_more_campaigns() -> None:
    """Rather than forget a cap that still counts, a new campaign is not shown."""
    full = Exposures()
    for number in range(128):
        full = full.after([Showing(f"c{number}", 100 * HOUR_MS)], {}, NOW_MS, "s1")
    shop = store(campaign("new", caps=(Cap(9, "period", HOUR_MS),)), campaign("c7", caps=(Cap(9, "session"),)))
    one = contest(shop, view(), full)
    assert winner(one) == "c7"
    assert outcomes(one) == {"new": "not_counted", "c7": "shown"}
    assert winner(contest(shop, view(at_ms=NOW_MS + 100 * HOUR_MS), full)) == "new"


def test_a_store_without_an_index_decides_the_same() -> None:
    """The index only saves work."""
    shop = store(*(campaign(f"c{n}", condition=when("n", n), priority=n) for n in range(20)))
    plain = type(shop)(**{name: getattr(shop, name) for name in shop.__slots__ if name != "index"})
    for n in (0, 7, 19, 99):
        found = [winner(contest(each, view(), n=n)) for each in (shop, plain)]
        assert found == [f"c{n}" if n < 20 else None] * 2


def test_the_index_evaluates_only_what_can_match() -> None:
    """Of 500 conditions on one attribute one is asked."""
    asked: list[int] = []

    def condition(n: int) -> Condition:
        def matches(lookup: Any) -> bool:
            asked.append(n)
            return bool(lookup("n") == n)

        return Condition(matches, {"n": frozenset({n})}, frozenset({"n"}))

    shop = store(*(campaign(f"c{n}", condition=condition(n)) for n in range(500)))
    assert winner(contest(shop, view(), n=321)) == "c321"
    assert asked == [321]


def test_an_index_orders_by_priority() -> None:
    """Whatever the order in which it is given."""
    index = index_campaigns([campaign("low"), campaign("high", priority=3), campaign("low2")])
    assert [each.name for each in index.campaigns] == ["high", "low", "low2"]


def test_consent_is_asked_for_by_name() -> None:
    """All that a campaign needs must be there."""
    shop = store(campaign("near", needs=frozenset({"geo"})))
    assert winner(contest(shop, view(consent=CONSENT | {"geo"}))) == "near"
    one = contest(shop, view())
    assert winner(one) is None
    assert one.considered(HERO) == (Considered("near", "consent"),)


def test_a_group_that_nobody_knows_the_holder_of_is_not_counted() -> None:
    """After more sessions in a day than are remembered."""
    shown = Exposures()
    for n in range(33):
        shown = shown.after([Showing("sale", group="promo")], {}, NOW_MS - 33 + n, f"s{n}")
    one = contest(store(campaign("sale", group="promo")), view(session="new"), shown)
    assert winner(one) is None
    assert outcomes(one) == {"sale": "not_counted"}


def test_the_placements_own_action_cannot_be_refused() -> None:
    """There is nothing behind it."""
    one = contest(store(), view())
    own = next(one.of(HERO))
    one.refuse(own, "nothing_to_show")
    assert next(one.of(HERO)) == own
