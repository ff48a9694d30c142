"""Answers as gzip, for who accepts it."""

import gzip
from base64 import b64decode

import pytest

from vitrine.api.http import WORTH_PACKING, accepts_gzip, json_answer, packed

LONG = b'{"items":"' + b"banana " * 400 + b'"}'


def event(accepted: object) -> dict[str, object]:
    """A request that names codings."""
    return {"headers": {"accept-encoding": accepted}}


def test_a_long_answer_is_packed_and_says_so() -> None:
    """Its bytes are the same once unpacked, and caches are told what it depends on."""
    answer = packed(json_answer(LONG), event("gzip, deflate, br"))
    assert answer["isBase64Encoded"] is True
    assert gzip.decompress(b64decode(answer["body"])) == LONG
    assert answer["headers"]["Content-Encoding"] == "gzip"
    assert answer["headers"]["Vary"] == "Accept-Encoding"
    assert answer["headers"]["Cache-Control"] == "no-store"


@pytest.mark.parametrize("accepted", [None, "", "br", "identity", "gzip;q=0", "gzip; q=0.0, br", 7])
def test_nobody_gets_gzip_who_did_not_ask(accepted: object) -> None:
    """Not from a header that is missing, refuses it or is no text."""
    answer = json_answer(LONG)
    assert packed(answer, event(accepted)) is answer


def test_a_short_answer_stays_as_it_is() -> None:
    """One packet is one packet."""
    answer = json_answer(LONG[: WORTH_PACKING - 1])
    assert packed(answer, event("gzip")) is answer


@pytest.mark.parametrize("accepted", ["gzip", "br, GZIP", "deflate, gzip;q=0.5", "gzip;q=1.0"])
def test_forms_of_the_header(accepted: str) -> None:
    """Any place, any case, any quality above 0."""
    assert accepts_gzip({"accept-encoding": accepted})
