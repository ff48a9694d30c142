"""Words of messages as they are stored."""

import zlib
from random import Random

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrine.errors import DependencyFailed
from vitrine.outreach.handing import (
    MAX_WORDS,
    MailText,
    PushText,
    SmsText,
    Unsendable,
    WebhookBody,
    Words,
    decode,
    encode,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=50)
WORDS = st.one_of(
    st.builds(MailText, TEXT, TEXT, TEXT, st.dictionaries(TEXT, TEXT, max_size=3)),
    st.builds(PushText, TEXT, TEXT, TEXT, st.none() | TEXT),
    st.builds(SmsText, TEXT),
    st.builds(WebhookBody, st.binary(max_size=50)),
)


@given(WORDS)
def test_words_come_back(words: Words) -> None:
    """All of them, and nothing else."""
    assert decode(encode(words)) == words


def test_equal_words_give_equal_bytes() -> None:
    """In whatever order the headers were named."""
    headers = {"a": "1", "b": "2"}
    one, other = (MailText("s", "h", "t", dict(pairs)) for pairs in (headers.items(), reversed(headers.items())))
    assert list(one.headers) != list(other.headers)
    assert encode(one) == encode(other)


@pytest.mark.parametrize("words", [SmsText("\ud800"), WebhookBody(Random(1).randbytes(400_000))])
def test_what_cannot_be_stored_is_refused(words: Words) -> None:
    """Half a letter; more than a row holds."""
    with pytest.raises(Unsendable):
        encode(words)


def packed(*plain: object) -> bytes:
    """Stored words of any content."""
    return zlib.compress(msgpack.packb(plain))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x",
        encode(SmsText("a"))[:-1],
        encode(SmsText("a")) + b"x",
        zlib.compress(bytes(MAX_WORDS + 1)),
        packed(1, "sms"),
        packed(2, "sms", ["a"]),
        packed(1, "fax", ["a"]),
        packed(1, "sms", ["a", "b"]),
        packed(1, "sms", [b"a"]),
        packed(1, "mail", ["s", "h", "t", [["a", 1]]]),
        packed(1, "mail", ["s", "h", "t", [["a"]]]),
        packed(1, ["mail"], []),
    ],
)
def test_damage_is_a_failed_dependency(data: bytes) -> None:
    """Also a bomb, and other formats."""
    with pytest.raises(DependencyFailed):
        decode(data)
