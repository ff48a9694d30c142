"""MACs are those of the standard library."""

import hmac

from hypothesis import example, given
from hypothesis import strategies as st

from vitrine.mac import BLOCK, Mac


@given(st.binary(max_size=3 * BLOCK), st.lists(st.binary(), min_size=1, max_size=3))
@example(b"k" * BLOCK, [b""])
@example(b"k" * (BLOCK + 1), [b""])
def test_macs_are_the_standard_librarys(key: bytes, messages: list[bytes]) -> None:
    """For keys of any length, one message after the other."""
    mac = Mac(key)
    assert [mac.digest(message) for message in messages] == [hmac.digest(key, one, "sha256") for one in messages]
