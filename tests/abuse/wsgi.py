"""The API as a WSGI application (PEP 3333), which schemathesis calls in this process."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any

from tests.abuse.api import Api, Reply


class Application:
    """Answers by the API; `seen` hears of every reply."""

    def __init__(self, api: Api, seen: Callable[[Reply], None]) -> None:
        self._api = api
        self._seen = seen

    def __call__(self, environ: Mapping[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """One request."""
        length = int(environ.get("CONTENT_LENGTH") or 0)
        reply = self._api.send(
            environ["REQUEST_METHOD"],
            environ["PATH_INFO"].encode("latin-1").decode(errors="replace"),
            environ["wsgi.input"].read(length) if length else b"",
            list(_headers(environ)),
            environ.get("QUERY_STRING", ""),
        )
        self._seen(reply)
        start_response(f"{reply.status} {HTTPStatus(reply.status).phrase}", list(reply.headers.items()))
        return [reply.body]


def _headers(environ: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in environ.items():
        if name.startswith("HTTP_"):
            yield name[5:].replace("_", "-").lower(), value
        elif name == "CONTENT_TYPE" and value:
            yield "content-type", value
