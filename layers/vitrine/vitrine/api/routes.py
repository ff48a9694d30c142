"""Which code answers which route of a function. Whatever it raises becomes an answer in our form."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from vitrine.api.errors import error_answer, not_found
from vitrine.api.http import Answer, Event

Respond: TypeAlias = Callable[[Event, Mapping[str, str]], Answer]
"""Answers an event; the mapping holds the path's parameters by name. May raise anything."""


class Routes:
    """The routes of one function, in the notation of template.yaml: `GET`, `/v1/decisions/{decision}`.

    A parameter stands for one step of a path; `{name+}` at the end stands for all that are left.
    """

    def __init__(self, routes: Mapping[tuple[str, str], Respond]) -> None:
        self._routes = [(method, path.split("/"), respond) for (method, path), respond in routes.items()]

    def answer(self, event: Event) -> Answer:
        """The answer to a request event, never an exception."""
        try:
            found = self._find(event["requestContext"]["http"]["method"], event["rawPath"])
            return not_found() if found is None else found[0](event, found[1])
        except Exception as error:  # noqa: BLE001 - the handler's boundary: what is not ours is logged and answered 500
            return error_answer(error)

    def _find(self, method: str, path: str) -> tuple[Respond, dict[str, str]] | None:
        steps = path.split("/")
        for wanted, pattern, respond in self._routes:
            if wanted == method:
                parameters = _match(pattern, steps)
                if parameters is not None:
                    return respond, parameters
        return None


def _match(pattern: list[str], steps: list[str]) -> dict[str, str] | None:
    """The parameters of a path that fits a pattern."""
    if pattern[-1].endswith("+}") and len(steps) > len(pattern):
        steps = [*steps[: len(pattern) - 1], "/".join(steps[len(pattern) - 1 :])]
    if len(steps) != len(pattern):
        return None
    parameters = {}
    for name, step in zip(pattern, steps, strict=True):
        if name[:1] == "{" and step:
            parameters[name.strip("{+}")] = step
        elif name != step:
            return None
    return parameters
