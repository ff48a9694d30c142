"""The shop's calls on their way through the studio: its overrides are applied, and what is decided is told.

A decision under overrides is a preview: nothing is counted or recorded, and events of a household of the data are not
passed on, so that looking through somebody's eyes leaves no trace. Without overrides the shop gets the real decision;
its explanation is asked for just before, when caps stand as the decision is going to find them.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
from aiohttp import web

from vitrine.api.server_timing import server_timing
from vitrine.api.strict_json import parse_object
from vitrine.errors import InvalidRequest
from vitrine.local.studio_backstage import Backstage
from vitrine.local.studio_cost import estimate
from vitrine.local.studio_overrides import Overrides, consents, supposed
from vitrine.local.studio_sessions import Sessions
from vitrine.local.studio_upstream import Reply, Upstream

DECIDE: Final = "/v1/decide"
EVENTS: Final = "/v1/events"
EXPLAINING: Final = "answer"
"""The stage of POST /v1/explain in which it explains, too."""
TOLD_OF_EVENTS: Final = ("kind", "item", "placement", "slot", "query", "quantity")


class Passage:
    """Handlers of the two calls. A browser without a session gets exactly what the API says."""

    def __init__(self, sessions: Sessions, upstream: Upstream, backstage: Backstage) -> None:
        self._sessions = sessions
        self._upstream = upstream
        self._backstage = backstage

    async def decide(self, request: web.Request) -> web.Response:
        """POST /studio/api/v1/decide: the body and the answer of POST /v1/decide."""
        raw = await request.read()
        session = self._sessions.find(request)
        body = parsed(raw)
        if session is None or body is None:
            return (await self._upstream.post(request, DECIDE, raw)).response()
        overrides, preview = session.overrides, session.preview
        if consents(body) and not body.get("visitor"):
            body["visitor"] = await asyncio.to_thread(self._backstage.newcomer)
        asked = await asyncio.to_thread(supposed, body, overrides, preview, self._backstage.token)
        explained = await self._upstream.explain(request, asked)
        if overrides.is_preview:
            shown = as_decided(explained, body)
        else:
            shown = await self._upstream.post(request, DECIDE, orjson.dumps(asked))
        session.tell(told(asked, shown, explained, overrides, self._backstage.memory_mb))
        return shown.response()

    async def events(self, request: web.Request) -> web.Response:
        """POST /studio/api/v1/events: passed on, unless the shop is seen through the eyes of a household."""
        raw = await request.read()
        session = self._sessions.find(request)
        body = parsed(raw)
        if session is None or body is None or not isinstance(body.get("events"), list):
            return (await self._upstream.post(request, EVENTS, raw)).response()
        kept = session.overrides.household is not None
        reply = swallowed(body) if kept else await self._upstream.post(request, EVENTS, raw)
        session.tell(
            {"kind": "events", "events": in_short(body["events"]), "is_sent": not kept, "status": reply.status}
        )
        return reply.response()


def parsed(raw: bytes) -> dict[str, Any] | None:
    """The body of a call, None when the API is to say what is wrong with it."""
    try:
        return parse_object(raw)
    except InvalidRequest:
        return None


def as_decided(explained: Reply, body: Mapping[str, Any]) -> Reply:
    """An answer of POST /v1/explain in the form of POST /v1/decide; a refusal stays what it is."""
    if explained.status != web.HTTPOk.status_code:
        return explained
    plain = explained.json
    token = body.get("visitor") if consents(body) else None
    answer = {"visitor": token, "timings_ms": plain["timings_ms"], **plain["answer"]}
    headers = {**explained.headers, "Server-Timing": server_timing(plain["timings_ms"])}
    return Reply(explained.status, orjson.dumps(answer), headers, explained.took_ms)


def swallowed(body: Mapping[str, Any]) -> Reply:
    """The answer to events that are not passed on."""
    said: dict[str, Any] = {
        "accepted": len(body["events"]),
        "duplicates": 0,
        "rejected": [],
        "visitor": body.get("visitor"),
    }
    return Reply(web.HTTPOk.status_code, orjson.dumps(said), {"Content-Type": "application/json"}, 0.0)


def told(
    body: Mapping[str, Any], shown: Reply, explained: Reply, overrides: Overrides, memory_mb: int
) -> dict[str, Any]:
    """A decision as the studio's page shows it, without tokens."""
    news: dict[str, Any] = {
        "kind": "decision",
        "overrides": overrides.given,
        "is_preview": overrides.is_preview,
        "at_ms": time.time_ns() // 1_000_000,
        "request": {name: value for name, value in body.items() if name not in ("visitor", "preview")},
        "status": shown.status,
        "took_ms": round(shown.took_ms, 1),
    }
    if shown.status != web.HTTPOk.status_code:
        return news | {"error": (shown.json or {}).get("error")}
    answer, why = shown.json, explained.json or {}
    explanation = why.get("explanation")
    stages = {name: ms for name, ms in answer["timings_ms"].items() if name != EXPLAINING or not overrides.is_preview}
    cost = estimate(shown.body, explanation, stages, memory_mb, known=consents(body))
    return news | {
        "answer": {name: value for name, value in answer.items() if name != "visitor"},
        "explanation": explanation,
        "explanation_error": why.get("error"),
        "differs": differing(answer["placements"], (explanation or {}).get("placements", {})),
        "cost": cost.as_json(),
    }


def differing(shown: Mapping[str, Any], explained: Mapping[str, Any]) -> list[str]:
    """Placements that came out otherwise in the explanation, such as where a place is left to chance."""
    return [name for name, one in shown.items() if name in explained and essence(one) != essence(explained[name])]


def essence(placement: Mapping[str, Any]) -> Sequence[object]:
    """What won a placement and the goods in it: those of an answer are `id`, those of an explanation `item`."""
    rows = [placement, *placement["rows"]]
    goods = [item.get("id", item.get("item")) for row in rows for item in row["items"]]
    return [placement["campaign"], placement["variation"], placement["control"], goods]


def in_short(events: Sequence[Any]) -> list[dict[str, Any]]:
    """What a person wants to see of events."""
    return [{name: one[name] for name in TOLD_OF_EVENTS if name in one} for one in events if isinstance(one, dict)]
