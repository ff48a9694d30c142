"""The studio between the shop and the API: overrides become previews, the shop gets what it would get from the API."""

from collections.abc import Iterator

import pytest

from tests.functional.studio_rig import CONSENT, DECISION, HOME, KEYS, TOKEN, Studio, open_studio
from vitrine.errors import LocalStackError
from vitrine.visitors.identity import TokenKeys, mint, verify

REAL = "01m80mre83gycs2cjnw2872rm8"  # an id as decisions have them


@pytest.fixture
def studio(tmp_path) -> Iterator[Studio]:
    """The studio, opened in a browser."""
    with open_studio(tmp_path) as studio:
        studio.enter()
        yield studio


def test_overrides_become_a_preview(studio):
    """Weather, place, hour and device are supposed by the operators' route, with their token."""
    said = studio.suppose(
        region="south", temperature_c=33, anomaly_c=9.5, precipitation_mm=0, condition="clear", persona="regular",
        at="2026-07-15T14:00", device="phone",
    )  # fmt: skip
    assert said.status == 200
    answer = studio.decide(device={"kind": "desktop", "visitor": None})
    (asked,) = studio.api.of("/v1/explain")
    assert asked.authorization == f"Bearer {TOKEN}"
    assert asked.body["preview"] == {
        "attributes": {
            "weather.temperature_c": 33,
            "weather.anomaly_c": 9.5,
            "weather.precipitation_mm": 0,
            "weather.condition": "clear",
            "persona": "regular",
        },
        "region": "south",
        "at": "2026-07-15T14:00:00-04:00",
    }
    assert asked.body["device"] == {"kind": "mobile", "visitor": None}
    assert studio.api.of("/v1/decide") == []  # nothing is counted
    assert {name: answer.json[name] for name in DECISION} == DECISION
    assert set(answer.json) == {*DECISION, "visitor", "timings_ms"}
    assert answer.headers["Server-Timing"] == "read;dur=4.00, rank;dur=1.00, answer;dur=9.00"


def test_without_overrides_the_decision_is_real(studio):
    """It is explained first, as caps stand then; both are asked for the same visitor."""
    answer = studio.decide()
    assert [one.path for one in studio.api.asked] == ["/v1/explain", "/v1/decide"]
    explained, decided = studio.api.asked
    assert decided.authorization == ""
    assert "preview" not in explained.body
    assert explained.body["visitor"] == decided.body["visitor"]
    assert verify(decided.body["visitor"], KEYS)
    assert answer.json["visitor"] == "own"


def test_on_another_device_the_decision_is_real(studio):
    """The page says its width itself; nothing is supposed."""
    studio.suppose(device="phone")
    studio.decide(device={"kind": "desktop", "visitor": None})
    (decided,) = studio.api.of("/v1/decide")
    assert decided.body["device"] == {"kind": "mobile", "visitor": None}
    (told,) = studio.hear(1)
    assert told["is_preview"] is False


def test_a_household_is_recognised_only_with_consent(studio):
    """Its token is made here; the page keeps its own and never sees it."""
    studio.suppose(household="h718")
    answer = studio.decide(visitor="the page's own")
    assert studio.api.asked[-1].body["visitor"] == mint("h718", KEYS)
    assert answer.json["visitor"] == "the page's own"
    assert "h718" not in str(answer.json)
    studio.decide(consent=[])
    assert "visitor" not in studio.api.asked[-1].body


def test_a_newcomer_of_a_preview_gets_a_token(studio):
    """As from POST /v1/decide: so that what they look at is theirs."""
    studio.suppose(region="south")
    assert verify(studio.decide().json["visitor"], KEYS)
    assert studio.decide(consent=[]).json["visitor"] is None


def test_events_pass_but_not_those_of_a_household(studio):
    """Looking through somebody's eyes leaves no trace."""
    batch = {"consent": CONSENT, "events": [{"id": "e1", "kind": "view", "at_ms": 1, "item": "7"}]}
    assert studio.ask("POST", "/studio/api/v1/events", batch).json["visitor"] == "own"
    studio.suppose(household="h718")
    said = studio.ask("POST", "/studio/api/v1/events", batch)
    assert said.json == {"accepted": 1, "duplicates": 0, "rejected": [], "visitor": None}
    assert [one.body for one in studio.api.of("/v1/events")] == [batch]


def test_a_refusal_of_the_api_reaches_the_page(studio):
    """Such as a token that does not verify: the snippet then asks again without."""
    studio.api.status["/v1/explain"] = 401
    studio.suppose(region="south")
    assert studio.decide().status == 401
    (told,) = studio.hear(1)
    assert told["status"] == 401
    assert told["error"]["code"] == "no"


def test_a_real_decision_needs_no_explanation(studio):
    """When the operators' route is down the shop is served all the same, and the panel is told."""
    studio.api.status["/v1/explain"] = 500
    assert studio.decide().status == 200
    (told,) = studio.hear(1)
    assert told["explanation"] is None
    assert told["explanation_error"]["message"] == "no"


@pytest.mark.parametrize("raw", [b"{broken", b'{"a": 1, "a": 2}', b"[]"])
def test_what_is_no_request_is_the_apis_to_refuse(studio, raw):
    """It goes there as it came, without powers."""
    studio.suppose(region="south")
    studio.ask("POST", "/studio/api/v1/decide", raw)
    assert [(one.path, one.authorization) for one in studio.api.asked] == [("/v1/decide", "")]


def test_a_browser_without_a_session_gets_the_api_itself(studio):
    """A cookie of a demo that was started anew opens nothing, and the shop works on."""
    studio.suppose(region="south")
    studio.cookie = "vitrine_studio=of-yesterday"
    assert studio.decide().json["visitor"] == "own"
    assert [(one.path, one.authorization) for one in studio.api.asked] == [("/v1/decide", "")]
    assert studio.ask("GET", "/studio/choices").status == 403


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        ({"region": "nowhere"}, "region: should be one of north, east, south, west"),
        ({"temperature_c": 99}, "temperature_c: should be less than or equal to 60.0"),
        ({"at": "soon"}, "at: should be a local time such as 2026-07-15T14:00"),
        ({"household": "h.1"}, "household: should be the id of a visitor, such as h718"),
        ({"condition": "sunny"}, "condition: should be 'clear'"),
        ({"colour": "red"}, "colour: "),
    ],
)
def test_overrides_that_make_no_sense_are_refused(studio, overrides, says):
    """The field is named; what was supposed before stays."""
    studio.suppose(region="south")
    refused = studio.suppose(**overrides)
    assert refused.status == 400
    error = refused.json["error"]
    assert f"{error['field']}: {error['message']}".startswith(says)
    assert studio.ask("GET", "/studio/choices").json["overrides"] == {"region": "south"}


def test_the_hour_is_that_of_the_region(studio):
    """The store's default region without one."""
    assert studio.suppose(at="2026-01-15T08:00").json["preview"]["at"] == "2026-01-15T08:00:00-05:00"


def test_both_pages_are_decided_in_the_same_circumstances(studio):
    """Everyone's without visitor, persona and consent, in the region where the visitor was found."""
    studio.suppose(household="h718", persona="regular", temperature_c=33)
    both = studio.ask("POST", "/studio/both", {**HOME, "visitor": "own", "recent": ["7"]})
    assert set(both.json) == {"visitor", "everyone", "signed_in"}
    assert both.json["signed_in"] == ""
    one, all_others = (asked.body for asked in studio.api.of("/v1/explain"))
    assert one["visitor"] == mint("h718", KEYS)
    assert one["preview"]["attributes"] == {"weather.temperature_c": 33, "persona": "regular"}
    assert all_others == {
        "page": {"type": "home"},
        "consent": [],
        "preview": {"attributes": {"weather.temperature_c": 33}, "region": "north"},
    }


def test_replays_are_asked_for_with_the_operators_token(studio):
    """And answered as they are."""
    assert studio.ask("GET", f"/studio/replay/{REAL}").json == {"path": f"/v1/decisions/{REAL}/replay"}
    assert studio.api.asked[-1].authorization == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    "decision",
    [
        "x%2F..%2F..%2Fvisitors%2Fh718%3Fa=", "..%2F..%2Fv1%2Fmetrics%3F", f"{REAL}%3Fa=", f"{REAL}%2F..", REAL.upper(),
        f"{REAL}%0a", REAL[1:], f"{REAL}0", "%D9%A1" * 26, "d1",
    ],
)  # fmt: skip
def test_only_a_decision_s_id_leads_to_its_replay(studio, decision):
    """What is none is not asked for: it could name another route, which the operators' token would open."""
    refused = studio.ask("GET", f"/studio/replay/{decision}")
    assert refused.status == 404
    assert refused.json["error"]["code"] == "not_found"
    assert studio.api.asked == []


def test_a_new_visitor_loses_cart_and_login(studio):
    """Their cookies are deleted; what the snippet keeps is the page's to clear."""
    answer = studio.ask("POST", "/studio/newcomer")
    gone = [text.partition("=")[0] for text in answer.headers.getall("Set-Cookie")]
    assert gone == ["shop_cart", "shop_favourites", "shop_visitor"]


def test_leaving_ends_the_session(studio):
    """The shop is then as everybody sees it."""
    studio.suppose(region="south")
    assert "Max-Age=0" in studio.ask("POST", "/studio/leave").headers["Set-Cookie"]
    studio.decide()
    assert [one.path for one in studio.api.asked] == ["/v1/decide"]


def test_what_is_offered(studio):
    """Regions with their zones and personas of the store; nothing of the data before it is imported."""
    choices = studio.ask("GET", "/studio/choices").json
    assert choices["regions"][0] == {"id": "north", "name": "North", "zone": "America/New_York"}
    assert choices["personas"][-1] == "everyone"
    assert choices["households"] == choices["items"] == []


def test_a_demo_that_is_still_being_set_up_says_so(tmp_path):
    """Instead of failing: the page tells what to wait for."""

    def no_keys() -> TokenKeys:
        raise LocalStackError("the demo is still being set up; try again in a moment")

    with open_studio(tmp_path, no_keys) as studio:
        studio.enter()
        refused = studio.decide()
        assert refused.status == 503
        assert "still being set up" in refused.json["error"]["message"]
