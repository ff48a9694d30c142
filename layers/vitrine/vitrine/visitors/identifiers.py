"""What other systems know a person by, as digests: an e-mail address, a telephone number, the number of a loyalty card.

Normalised as ad channels want it for matching customers, so that a shop that already hashes for them can send what it
has: https://support.google.com/google-ads/answer/7659867 (lower case, no white space; telephone numbers in E.164 with
the plus sign; SHA-256 in hexadecimal). A digest is no secret: who can guess an address can hash it. So digests are
personal data and are kept with them; but neither the lake nor a log has anything that can be read or written to.
"""

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Final, Literal, TypeAlias

IdKind = Literal["card", "email", "phone"]
KINDS: Final[tuple[IdKind, ...]] = ("card", "email", "phone")
"""The surest first: a card is one person's, an address mostly, a telephone number often a family's."""

Digest: TypeAlias = str

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")
_TRUNK: Final[Mapping[str, str]] = {"7": "8"}
"""What is dialled before a number at home, where it is not 0, by country calling code."""


def identify(kind: IdKind, text: str, calling_code: str) -> Digest | None:
    """The digest of an identifier, as a person or a till wrote it; None for what is none.

    `calling_code` is the country's, for telephone numbers that are written as at home.
    """
    match kind:
        case "email":
            found = normal_email(text)
        case "phone":
            found = normal_phone(text, calling_code)
        case "card":
            found = re.sub(r"[\s-]", "", text).upper() or None
    return None if found is None else sha256(found.encode("utf-8", "replace")).hexdigest()


def parse_digest(text: str) -> Digest | None:
    """A digest that the sender has made, None for what is none."""
    found = text.strip().lower()
    return found if _DIGEST.fullmatch(found) else None


def normal_email(text: str) -> str | None:
    """The address in lower case, None for what is none."""
    found = text.strip().lower()
    return found if len(found) <= 254 and _EMAIL.fullmatch(found) else None


def normal_phone(text: str, calling_code: str) -> str | None:
    """The number in E.164, such as +4930123456, None for what is none."""
    if re.fullmatch(r"[0-9+()./\s-]+", text.strip()) is None:
        return None
    digits = re.sub(r"[^0-9]", "", text)
    if text.strip().startswith("+"):
        number = digits
    elif digits.startswith("00"):
        number = digits[2:]
    else:
        number = calling_code + digits.removeprefix(_TRUNK.get(calling_code, "0"))
    return f"+{number}" if 8 <= len(number) <= 15 and not number.startswith("0") else None
