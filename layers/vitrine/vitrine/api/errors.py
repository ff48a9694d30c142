"""Exceptions to HTTP, for all handlers: `{"error": {"code", "message", "field"}}` and nothing else.

Only what we raised on purpose explains itself to the caller. Anything else is a fault of ours: the caller learns that
it happened, the log where. Messages of unexpected exceptions are not logged, because they may repeat what a visitor
sent.
"""

import logging
from collections.abc import Mapping
from traceback import walk_tb
from typing import Final

import orjson

from vitrine.api.http import HEADERS, Answer, json_answer
from vitrine.errors import DependencyFailed, InvalidRecord, InvalidRequest, ProfileConflict

RETRY: Final[Mapping[str, str]] = {**HEADERS, "Retry-After": "1"}

log = logging.getLogger(__name__)


def error_answer(error: Exception) -> Answer:
    """The answer to an exception."""
    match error:
        case InvalidRequest():
            return _answer(error.status, error.code, error.message, error.field)
        case InvalidRecord():  # it is there, and no code can do anything with it
            return _answer(422, "invalid_record", str(error), "decision")
        case ProfileConflict():
            log.warning("profile conflict: %s", error)
            return _answer(503, "busy", "somebody else changed the same thing; try again", headers=RETRY)
        case DependencyFailed():
            log.warning("dependency failed: %s", error)
            return _answer(503, "unavailable", f"the {error.dependency} did not answer; try again", headers=RETRY)
    log.error("unexpected %s at %s", type(error).__name__, where(error))
    return _answer(500, "internal_error", "something went wrong on our side")


def not_found() -> Answer:
    """The answer where there is no route."""
    return _answer(404, "not_found", "there is nothing at this address")


def where(error: Exception) -> str:
    """Where it was raised and by whom it was called, innermost first, in one line."""
    frames = [f"{frame.f_code.co_filename}:{line}" for frame, line in walk_tb(error.__traceback__)]
    return " < ".join(reversed(frames))


def _answer(status: int, code: str, message: str, field: str = "", headers: Mapping[str, str] = HEADERS) -> Answer:
    body = orjson.dumps({"error": {"code": code, "message": message, "field": field}})
    return json_answer(body, status, headers)
