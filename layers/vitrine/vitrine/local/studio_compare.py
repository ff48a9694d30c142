"""Everyone's page beside one visitor's: the same circumstances, decided twice, counted never."""

import asyncio
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from vitrine.local.shop_cookies import VISITOR
from vitrine.local.shop_visit import household_of
from vitrine.local.studio_backstage import Backstage
from vitrine.local.studio_decide import parsed
from vitrine.local.studio_overrides import PERSONALIZATION, Overrides, supposed
from vitrine.local.studio_sessions import Sessions
from vitrine.local.studio_upstream import Upstream

WHOSE = ("visitor", "recent", "session", "visit")
"""What a request says of a visitor; the cart is the page's."""


class Comparison:
    """The handler."""

    def __init__(self, sessions: Sessions, upstream: Upstream, backstage: Backstage) -> None:
        self._sessions = sessions
        self._upstream = upstream
        self._backstage = backstage

    async def both(self, request: web.Request) -> web.Response:
        """POST /studio/both: a body of POST /v1/decide; answers {visitor, everyone}, each as POST /v1/explain, and as
        `signed_in` who is signed in to the shop, '' if nobody is.

        Who is signed in to the shop is the visitor. They are asked for first: everyone then has the region
        where they turned out to be.
        """
        session, body = self._sessions.find(request), parsed(await request.read())
        if session is None or body is None:
            raise web.HTTPForbidden
        overrides, preview = session.overrides, session.preview
        signed_in = request.cookies.get(VISITOR)
        body |= {"consent": [PERSONALIZATION]} | ({"visitor": signed_in} if signed_in else {})
        asked = await asyncio.to_thread(supposed, body, overrides, preview, self._backstage.token)
        one = await self._upstream.explain(request, asked)
        if one.status != web.HTTPOk.status_code:
            return one.response()
        region = one.json["explanation"]["region"]
        all_others = await self._upstream.explain(request, everyones(body, overrides, preview, region))
        if all_others.status != web.HTTPOk.status_code:
            return all_others.response()
        return web.json_response(
            {"visitor": one.json, "everyone": all_others.json, "signed_in": household_of(signed_in or "")}
        )


def everyones(body: Mapping[str, Any], overrides: Overrides, preview: Mapping[str, Any], region: str) -> dict[str, Any]:
    """The same page for somebody of whom nothing is known, in the same region, weather and hour."""
    stripped = {name: value for name, value in body.items() if name not in WHOSE} | {"consent": []}
    attributes = {path: value for path, value in preview.get("attributes", {}).items() if path != "persona"}
    circumstances = {**preview, "region": region, "attributes": attributes}
    return supposed(stripped, overrides, circumstances, lambda visitor: visitor)
