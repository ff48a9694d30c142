"""The token of a customer who has logged in. Only a server may make one: whoever has the secret can be anybody."""

import hmac
import json
import re
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Final

NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


def visitor_token(visitor: str, secret: str) -> str:
    """The token of `visitor`, the id by which the extracts of your CRM name the customer; it can be read in the token.

    `secret` is the text of Vitrine's token secret, which says both the key and its name.

    Raises:
        ValueError: the id is not 1 to 64 letters A to Z or a to z, digits, _ or -, or that is no token secret.
    """
    if NAME.fullmatch(visitor) is None:
        raise ValueError(f"a visitor id is 1 to 64 letters, digits, _ or -, not {visitor!r}")
    try:
        kid, key = (json.loads(secret)[name] for name in ("kid", "key"))
    except (ValueError, KeyError, TypeError):
        raise ValueError('the token secret is a JSON object with "kid" and "key"') from None
    said = "\n".join(("vitrine", "v1", "storefront", kid, visitor))
    mac = urlsafe_b64encode(hmac.digest(key.encode(), said.encode(), sha256)).rstrip(b"=")
    return f"v1.{kid}.{visitor}.{mac.decode()}"
