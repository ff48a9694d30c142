"""The calls, each within its deadline, none with a token that the visitor has not agreed to."""

import json
import ssl
import time
from collections.abc import Mapping
from typing import Any, Final, TypeVar, cast

from .connections import Connections
from .health import Health
from .outcomes import Decided, Failed, Outcome, VitrineFailed
from .types import DecideRequest, EventsAnswer, EventsRequest, Fault

TIMEOUT_S: Final = 0.3
VIEWER: Final = "cloudfront-viewer-"

Some = TypeVar("Some", bound=Outcome[Any])


class Vitrine:
    """The calls of the API whose origin is `api`; `timeout_s` is for a whole call, whatever happens in it."""

    def __init__(
        self, api: str, *, timeout_s: float = TIMEOUT_S, strict: bool = False, tls: ssl.SSLContext | None = None
    ) -> None:
        """A client; nothing is connected yet.

        Raises:
            ValueError: `api` is no http(s) address.
        """
        self._connections = Connections(api, tls)
        self._health = Health()
        self._timeout_s = timeout_s
        self._strict = strict

    def decide(
        self, request: DecideRequest, *, viewer: Mapping[str, str] | None = None, timeout_s: float | None = None
    ) -> Decided:
        """What the visitor sees on a page.

        `viewer` are the headers of the visitor's own request: those in which CloudFront says where the visitor is are
        passed on, no others.

        Raises:
            VitrineFailed: there is no answer, and the client is strict.
        """
        headers = {name: value for name, value in (viewer or {}).items() if is_of_viewer(name, value)}
        return self._checked(Decided(*self._ask("/v1/decide", request, "placements", headers, timeout_s)))

    def events(self, request: EventsRequest, *, timeout_s: float | None = None) -> Outcome[EventsAnswer]:
        """Tell what the visitor did. A batch that failed may be sent again as it is: each event counts once.

        Raises:
            VitrineFailed: there is no answer, and the client is strict.
        """
        return self._checked(Outcome(*self._ask("/v1/events", request, "rejected", {}, timeout_s)))

    def close(self) -> None:
        """Close the connections that nobody uses; the client may be used on."""
        self._connections.close()

    def _checked(self, outcome: Some) -> Some:
        if self._strict and outcome.failure:
            raise VitrineFailed(outcome)
        return outcome

    def _ask(
        self, path: str, request: Mapping[str, Any], holds: str, headers: Mapping[str, str], timeout_s: float | None
    ) -> tuple[Any, ...]:
        """The fields of an Outcome."""
        deadline = time.monotonic() + (self._timeout_s if timeout_s is None else timeout_s)
        has_agreed = "personalization" in (request.get("consent") or ())
        body = dict(request) if has_agreed else without_tokens(request)
        try:
            self._health.check()
            status, content = self._connections.post(path, encoded(body), headers, deadline)
            if status == 401 and has_agreed:  # not one of this store's tokens
                body = without_tokens(body)
                status, content = self._connections.post(path, encoded(body), headers, deadline)
            answer = read_answer(status, content, holds)
        except Failed as failed:
            self._health.note(failed.failure)
            return None, body.get("visitor"), failed.failure, failed.detail, failed.fault
        self._health.note(None)
        return answer, answer.get("visitor") or body.get("visitor")


def is_of_viewer(name: str, value: str) -> bool:
    """Whether a header tells where the visitor is, in the form that CloudFront gives it."""
    return name.lower().startswith(VIEWER) and value.isascii() and value.isprintable()


def without_tokens(request: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of a request that does not say who the visitor is."""
    rest = {name: value for name, value in request.items() if name != "visitor"}
    if "device" in rest:
        rest["device"] = {name: value for name, value in rest["device"].items() if name != "visitor"}
    return rest


def encoded(body: Mapping[str, Any]) -> bytes:
    """The body as JSON.

    Raises:
        Failed: it holds what is none, such as a NaN.
    """
    try:
        return json.dumps(body, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError) as error:
        raise Failed("refused", f"the request is no JSON: {error}") from error


def read_answer(status: int, content: bytes, holds: str) -> dict[str, Any]:
    """The answer, which has the field `holds`.

    Raises:
        Failed: it is another one.
    """
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        answer = None
    said = answer if isinstance(answer, dict) else {}
    if status == 200 and is_whole(said.get(holds)):
        return said
    detail = f"{status} {content[:200].decode(errors='replace')}"
    if status == 200:
        raise Failed("unreadable", detail)
    is_refused = 400 <= status < 500 and status != 429
    raise Failed("refused" if is_refused else "failed", detail, cast("Fault | None", said.get("error")))


def is_whole(part: object) -> bool:
    """Whether it is placements by name, or a list."""
    placements = part.values() if isinstance(part, dict) else ()
    return isinstance(part, dict | list) and all(isinstance(placement, dict) for placement in placements)
