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
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import ApiGatewayResolver

from vitrine.api.http import HEADERS, json_response
from vitrine.errors import DependencyFailed, InvalidRequest, ProfileConflict

RETRY: Final[Mapping[str, str]] = {**HEADERS, "Retry-After": "1"}

log = logging.getLogger(__name__)


def answer_errors(app: ApiGatewayResolver) -> None:
    """Let the app answer every exception and every unknown route in our form."""
    app.exception_handler(Exception)(error_response)
    app.not_found(_not_found)


def error_response(error: Exception) -> Response[str]:
    """The response to an exception."""
    match error:
        case InvalidRequest():
            return _response(error.status, error.code, error.message, error.field)
        case ProfileConflict():
            log.warning("profile conflict: %s", error)
            return _response(503, "busy", "somebody else changed the same thing; try again", headers=RETRY)
        case DependencyFailed():
            log.warning("dependency failed: %s", error)
            return _response(503, "unavailable", f"the {error.dependency} did not answer; try again", headers=RETRY)
    log.error("unexpected %s at %s", type(error).__name__, _where(error))
    return _response(500, "internal_error", "something went wrong on our side")


def _where(error: Exception) -> str:
    """Where it was raised and by whom it was called, innermost first, in one line."""
    frames = [f"{frame.f_code.co_filename}:{line}" for frame, line in walk_tb(error.__traceback__)]
    return " < ".join(reversed(frames))


def _not_found(_: Exception) -> Response[str]:
    return _response(404, "not_found", "there is nothing at this address")


def _response(
    status: int, code: str, message: str, field: str = "", headers: Mapping[str, str] = HEADERS
) -> Response[str]:
    body = orjson.dumps({"error": {"code": code, "message": message, "field": field}})
    return json_response(body, status, headers)
