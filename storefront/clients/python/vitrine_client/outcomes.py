"""What came of a call."""

from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeAlias, TypeVar, cast

from .types import Decision, Fault, Placement

Failure: TypeAlias = Literal["late", "unreachable", "refused", "failed", "unreadable", "resting"]
"""`late`: not within the deadline. `unreachable`: no connection, or it broke. `refused`: the request is wrong, `fault`
says where. `failed`: the API could not answer (429, 5xx). `unreadable`: what came was no answer of Vitrine's.
`resting`: not asked, because the calls before all failed."""

Answer = TypeVar("Answer")
SET: dict[str, Any] = {"kind": "none", "control": False}
UNSET = ("campaign", "variation", "mechanic", "live", "content", "fallback")
EMPTY = ("items", "rows", "reasons")


@dataclass(frozen=True, slots=True)
class Outcome(Generic[Answer]):
    """An `answer`, or None and a `failure`; `detail` is for a log.

    `visitor` is the token to keep in the visitor's cookie, None if the cookie is to be removed.
    """

    answer: Answer | None
    visitor: str | None
    failure: Failure | None = None
    detail: str = ""
    fault: Fault | None = None


class Decided(Outcome[Decision]):
    """What came of asking for a page's placements."""

    __slots__ = ()

    def placement(self, name: str) -> Placement:
        """What a placement shows, with every field; of kind `none` where that is not known. Never fails."""
        found = self.answer["placements"].get(name) if self.answer else None
        nothing = SET | dict.fromkeys(UNSET) | {field: [] for field in EMPTY}
        return cast(Placement, nothing | (found or {}))


class VitrineFailed(Exception):
    """Raised by a client that is `strict`, instead of an outcome without an answer."""

    def __init__(self, outcome: Outcome[Any]) -> None:
        super().__init__(f"{outcome.failure}: {outcome.detail}")
        self.outcome = outcome


class Failed(Exception):
    """A call came to nothing; on its way to become an outcome."""

    def __init__(self, failure: Failure, detail: str, fault: Fault | None = None) -> None:
        super().__init__(detail)
        self.failure = failure
        self.detail = detail
        self.fault = fault
