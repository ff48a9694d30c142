"""Who has the studio open: what they suppose, what was decided for them lately, and who listens."""

import asyncio
import secrets
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web

from vitrine.local.studio_overrides import Overrides

COOKIE: Final = "vitrine_studio"
ID_BYTES: Final = 18
MAX_SESSIONS: Final = 50
KEPT: Final = 20
"""Decisions that a page which is loaded anew still shows."""


@dataclass(slots=True)
class Session:
    """One browser. `preview` is what its overrides come to; `told` are the last things to show, the oldest first."""

    overrides: Overrides = field(default_factory=lambda: Overrides.checked({}))
    preview: Mapping[str, Any] = field(default_factory=dict)
    told: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=KEPT))
    listeners: set[asyncio.Queue[dict[str, Any]]] = field(default_factory=set)
    n_told: int = 0

    def tell(self, news: Mapping[str, Any]) -> None:
        """Show something, numbered from 1."""
        self.n_told += 1
        numbered = {"n": self.n_told, **news}
        self.told.append(numbered)
        for listener in self.listeners:
            listener.put_nowait(numbered)


class Sessions:
    """Sessions by the id in their cookie; the oldest make room."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}

    def open(self, request: web.Request, response: web.StreamResponse) -> Session:
        """The browser's session; a browser without one gets the cookie of a new one.

        The cookie is for the whole origin, because the shop looks at it to send its calls here.
        """
        found = self.find(request)
        if found is not None:
            return found
        name = secrets.token_urlsafe(ID_BYTES)
        self._sessions[name] = opened = Session()
        if len(self._sessions) > MAX_SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        response.set_cookie(COOKIE, name, path="/", httponly=True, samesite="Strict")
        return opened

    def find(self, request: web.Request) -> Session | None:
        """The session of a request, None when it names none that is open."""
        return self._sessions.get(request.cookies.get(COOKIE, ""))

    def close(self, request: web.Request, response: web.StreamResponse) -> None:
        """Forget the browser's session; the shop is then as everybody sees it."""
        self._sessions.pop(request.cookies.get(COOKIE, ""), None)
        response.del_cookie(COOKIE, path="/")
