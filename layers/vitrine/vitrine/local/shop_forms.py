"""What a form of the demo shop says: read within a bound, as an HTML form, as one with parts, or as a JSON object."""

from collections.abc import Mapping
from typing import Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from vitrine.api.strict_json import MAX_BODY_BYTES, parse_object
from vitrine.errors import InvalidRequest

JSON: Final = "application/json"
LARGEST_FORM: Final = MAX_BODY_BYTES
UNREADABLE: Final = "the form cannot be read: send it as UTF-8 text, in the way that its Content-Type names"
NO_FORM: Final = (ValueError, LookupError, RuntimeError, HttpProcessingError, web.RequestPayloadError)
"""How aiohttp says it of a body: of its text and parts, of an unknown charset, of a part's transfer encoding, of the
headers of parts, of a compression that breaks off."""


async def fields(request: web.Request) -> Mapping[str, str]:
    """The fields of a form, also of one sent as a JSON object; files are left out.

    Raises:
        web.HTTPException: 413 for what is longer than any form of the shop, however it is sent, 400 for what is none.
    """
    if (size := request.content_length or 0) > LARGEST_FORM:
        raise web.HTTPRequestEntityTooLarge(LARGEST_FORM, size)
    bounded = request.clone(client_max_size=LARGEST_FORM)  # counts what it reads
    try:
        if bounded.content_type == JSON:
            said = {name: str(value) for name, value in parse_object(await bounded.read()).items()}
        else:
            said = {name: value for name, value in (await bounded.post()).items() if isinstance(value, str)}
        "".join(said.values()).encode()  # half a surrogate pair is no text
    except InvalidRequest as error:
        raise web.HTTPBadRequest(text=error.message) from error
    except NO_FORM as error:
        raise web.HTTPBadRequest(text=UNREADABLE) from error
    return said


def number(text: str) -> int | None:
    """A number of pieces, None for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 2 else None
