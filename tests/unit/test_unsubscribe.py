"""Signed links: nobody leaves for another, and a link for one use is none for another."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrine.errors import InvalidToken
from vitrine.outreach.messages import CHANNELS
from vitrine.outreach.person import PERSON_ID
from vitrine.outreach.unsubscribe import (
    SENDING_ID,
    Leaving,
    Opening,
    mint_leaving,
    mint_opening,
    verify_leaving,
    verify_opening,
)
from vitrine.visitors.identity import TokenKeys, mint, verify

KEYS = TokenKeys("k2", {"k1": b"a" * 32, "k2": b"b" * 32})
OTHERS = TokenKeys("k2", {"k2": b"c" * 32})
SENDING = "0123456789abcdef" * 2
PERSONS = st.from_regex(PERSON_ID, fullmatch=True)
SENDINGS = st.from_regex(SENDING_ID, fullmatch=True)
LEAVINGS = st.builds(Leaving, PERSONS, st.sampled_from(CHANNELS), SENDINGS)
OPENINGS = st.builds(Opening, PERSONS, SENDINGS)


@given(LEAVINGS, OPENINGS)
def test_a_token_says_what_it_was_made_for(leaving: Leaving, opening: Opening) -> None:
    """In letters that need no escape in a link."""
    tokens = mint_leaving(leaving, KEYS), mint_opening(opening, KEYS)
    assert (verify_leaving(tokens[0], KEYS), verify_opening(tokens[1], KEYS)) == (leaving, opening)
    assert all(re.fullmatch(r"[A-Za-z0-9._:-]+", token) for token in tokens)


@given(LEAVINGS, st.data())
def test_an_altered_token_is_none(leaving: Leaving, data: st.DataObject) -> None:
    """Whichever letter is changed, left out or doubled."""
    token = mint_leaving(leaving, KEYS)
    at = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from("aZ09_-.:\n é") | st.just(""))
    for altered in (token[:at] + letter + token[at + 1 :], token[:at] + letter + token[at:], token + letter):
        if altered != token:
            with pytest.raises(InvalidToken):
                verify_leaving(altered, KEYS)


@given(st.text(max_size=400))
def test_noise_is_no_token(text: str) -> None:
    """Of any length and letters."""
    for token in (text, f"v1.k1.{text}", f"v1.k1.p.mail.{SENDING}.{text}"):
        for check in (verify_leaving, verify_opening):
            with pytest.raises(InvalidToken):
                check(token, KEYS)


@given(LEAVINGS, OPENINGS)
def test_a_token_is_good_for_one_use_and_one_shop(leaving: Leaving, opening: Opening) -> None:
    """A picture in a mail unsubscribes nobody, a link makes no visitor, and the other way round."""
    leave, look = mint_leaving(leaving, KEYS), mint_opening(opening, KEYS)
    visitor = mint("p1", KEYS)
    for token, check in (
        *((one, verify_leaving) for one in (look, visitor)),
        *((one, verify_opening) for one in (leave, visitor)),
        *((one, verify) for one in (leave, look)),
    ):
        with pytest.raises(InvalidToken):
            check(token, KEYS)
    with pytest.raises(InvalidToken):
        verify_leaving(leave, OTHERS)


def test_the_parts_do_not_flow_into_each_other() -> None:
    """A person whose id is that of another and a channel has another token."""
    parts = mint_leaving(Leaving("p1", "mail", SENDING), KEYS).split(".")
    for swapped in (["p1_mail", SENDING], ["p1", "sms", SENDING], ["p2", "mail", SENDING]):
        with pytest.raises(InvalidToken):
            verify_leaving(".".join((*parts[:2], *swapped, parts[-1])), KEYS)


def test_an_old_key_holds_until_it_is_dropped() -> None:
    """Mails are opened months later."""
    token = mint_leaving(Leaving("p1", "mail", SENDING), TokenKeys("k1", KEYS.keys))
    assert verify_leaving(token, KEYS).person == "p1"
    with pytest.raises(InvalidToken):
        verify_leaving(token, TokenKeys("k2", {"k2": KEYS.keys["k2"]}))


@pytest.mark.parametrize(("person", "sending"), [("a.b", SENDING), ("", SENDING), ("p1\n", SENDING), ("p1", "x")])
def test_other_names_are_not_minted(person: str, sending: str) -> None:
    """The dot stays free as separator."""
    with pytest.raises(InvalidToken):
        mint_leaving(Leaving(person, "mail", sending), KEYS)
    with pytest.raises(InvalidToken):
        mint_opening(Opening(person, sending), KEYS)
