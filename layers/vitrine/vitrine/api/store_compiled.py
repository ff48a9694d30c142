"""The compiled store of a release, loaded: from what its compiler left ready, else from the words of its files.

store.json holds both. Nobody but who compiles a store, or loads one that other code has compiled, pays for YAML,
Jinja2 and the models of files.
"""

from base64 import b64decode
from typing import Final

import msgpack
import orjson

from vitrine.api.store_ready import load_ready
from vitrine.decisions.placements import Store
from vitrine.errors import InvalidStore
from vitrine.rules.attributes import InvalidCondition

FORMAT: Final = 2  # 1 had placements only
DAMAGED: Final = (AttributeError, LookupError, TypeError, ValueError, msgpack.UnpackException)
"""What reading altered bytes raises."""


def load_store(data: bytes) -> Store:
    """The store in the bytes that `store_folder.compile_store` wrote, whose digest the caller has verified.

    Raises:
        InvalidStore: the bytes are not a compiled store of this version.
    """
    ready = _ready(data)
    if ready is not None:
        return ready
    from vitrine.api.store_build import compile_words  # what serves meets this once after a change of the code

    return compile_words(data)


def _ready(data: bytes) -> Store | None:
    """None where nothing is ready for this code."""
    try:
        plain = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(plain, dict) or plain.get("format") != FORMAT or not plain.get("ready"):
        return None
    try:
        return load_ready(b64decode(plain["ready"], validate=True))
    except InvalidCondition:  # it was right when it was compiled: other code knows other attributes or operators
        return None
    except DAMAGED as error:
        raise InvalidStore(f"the compiled store is damaged: {error!r}") from error
