"""Visitor tokens: only ours pass, and every other is refused in the same words."""

import hmac
import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrine.errors import DependencyFailed, InvalidToken
from vitrine.visitors.identity import (
    MAX_TOKEN_LENGTH,
    check_proof,
    mint,
    new_visitor,
    parse_keys,
    prove,
    renew,
    verify,
)

OLD, CURRENT = "o" * 40, "c" * 40
KEYS = parse_keys(json.dumps({"kid": "k2", "key": CURRENT, "old": {"k1": OLD}}))
BEFORE_ROTATION = parse_keys(json.dumps({"kid": "k1", "key": OLD}))
TOKEN = mint("h1", KEYS)


def test_a_token_proves_its_visitor() -> None:
    """What was minted verifies to the same id."""
    assert verify(TOKEN, KEYS) == "h1"


def test_a_token_never_changes_its_spelling() -> None:
    """Tokens live in browsers for a year: the format is a promise (HMAC computed with another tool)."""
    keys = parse_keys(json.dumps({"kid": "k1", "key": "0" * 64}))
    assert mint("h1", keys) == "v1.k1.h1.jrLj6guOEqTspqT8cQvenVxq41WZFB9ymLSaQItTqIo"


def test_a_token_of_an_old_key_still_verifies() -> None:
    """Rotation makes nobody a stranger; new tokens are signed with the new key."""
    assert verify(mint("h1", BEFORE_ROTATION), KEYS) == "h1"
    assert TOKEN.startswith("v1.k2.h1.")


def test_a_token_of_a_retired_key_is_refused() -> None:
    """A key that is no longer in the secret signs nothing."""
    with pytest.raises(InvalidToken):
        verify(TOKEN, BEFORE_ROTATION)


def test_a_token_for_another_audience_is_refused() -> None:
    """What opens one door opens no other."""
    with pytest.raises(InvalidToken):
        verify(mint("h1", KEYS, audience="console"), KEYS)


def test_a_token_under_another_key_id_is_refused() -> None:
    """The key id is signed too: the same key under another name makes another token."""
    twice = parse_keys(json.dumps({"kid": "a", "key": CURRENT, "old": {"b": CURRENT}}))
    with pytest.raises(InvalidToken):
        verify(mint("h1", twice).replace("v1.a.", "v1.b."), twice)


FORGED = {
    "another visitor": TOKEN.replace(".h1.", ".h2."),
    "another version": TOKEN.replace("v1.", "v2."),
    "unknown key": TOKEN.replace(".k2.", ".k9."),
    "no MAC": TOKEN.rsplit(".", 1)[0] + ".",
    "no parts": "h1",
    "three parts": TOKEN.split(".", 1)[1],
    "five parts": TOKEN + ".x",
    "empty": "",
    "padded": TOKEN + "=",
    "white space": TOKEN + "\n",
    "not ASCII": TOKEN[:-1] + "é",
    "full-width digits": TOKEN.replace("h1", "h\uff11"),
    "null byte": TOKEN + "\x00",
    "long": TOKEN + "x" * MAX_TOKEN_LENGTH,
    "very long": "." * 1_000_000,
    "JWT without algorithm": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJoMSJ9.",
}


@pytest.mark.parametrize("token", FORGED.values(), ids=FORGED.keys())
def test_a_token_that_is_not_ours_is_refused(token: str) -> None:
    """Each in the same words, so that nobody learns which part was right."""
    with pytest.raises(InvalidToken) as caught:
        verify(token, KEYS)
    assert (caught.value.message, caught.value.field) == ("the visitor token is not one of ours", "visitor")


def test_the_other_spelling_of_the_last_letter_is_refused() -> None:
    """32 bytes leave two bits of the last letter unused: only one of four spellings is ours."""
    mac = TOKEN.rsplit(".", 1)[1]
    alphabet = urlsafe_b64encode(bytes(range(256))).decode()
    same = [
        mac[:-1] + letter for letter in set(alphabet) if _bytes(mac[:-1] + letter) == _bytes(mac) and letter != mac[-1]
    ]
    assert same
    for spelling in same:
        with pytest.raises(InvalidToken):
            verify(TOKEN.replace(mac, spelling), KEYS)


def _bytes(mac: str) -> bytes | None:
    try:
        return urlsafe_b64decode(mac + "=")
    except ValueError:
        return None


@given(st.integers(0, len(TOKEN) - 1), st.characters())
def test_no_single_change_of_a_token_passes(at: int, letter: str) -> None:
    """Every letter counts."""
    changed = TOKEN[:at] + letter + TOKEN[at + 1 :]
    if changed != TOKEN:
        with pytest.raises(InvalidToken):
            verify(changed, KEYS)


@given(st.text())
def test_no_other_text_passes(token: str) -> None:
    """Whatever comes in, only InvalidToken comes out."""
    with pytest.raises(InvalidToken):
        verify(token, KEYS)


@pytest.mark.parametrize("visitor", ["", "a.b", "a b", "é", "x" * 65, "h1\n", "٣"])
def test_a_visitor_whose_id_would_confuse_a_token_gets_none(visitor: str) -> None:
    """Ids in tokens are plain letters, so the separator cannot hide in them."""
    with pytest.raises(InvalidToken):
        mint(visitor, KEYS)


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "plain text",
        "[]",
        "{}",
        '{"kid":"k1"}',
        '{"kid":"k1","key":"short"}',
        '{"kid":"k.1","key":"' + CURRENT + '"}',
        '{"kid":"k1","key":"' + CURRENT + '","old":{"k0":"short"}}',
        '{"kid":"k1","key":"' + CURRENT + '","old":[]}',
        '{"kid":"k1","key":"' + CURRENT + '","typo":{}}',
        '{"kid":1,"key":"' + CURRENT + '"}',
    ],
)
def test_a_secret_of_another_form_is_refused_without_repeating_it(secret: str) -> None:
    """A wrong secret is a clear error, and no part of it reaches a log."""
    with pytest.raises(DependencyFailed) as caught:
        parse_keys(secret)
    assert CURRENT not in str(caught.value)


def test_keys_do_not_show_in_a_representation() -> None:
    """A stray log line cannot print them."""
    assert CURRENT not in repr(KEYS)


def test_new_visitors_are_distinct_and_fit_a_token() -> None:
    """128 bits of the given source."""
    fresh = {new_visitor(os.urandom) for _ in range(1000)}
    assert len(fresh) == 1000
    assert all(verify(mint(visitor, KEYS), KEYS) == visitor for visitor in list(fresh)[:10])
    assert new_visitor(lambda n: b"\x01" * n) == "01" * 16


def test_a_token_of_the_current_key_is_renewed_as_it_is() -> None:
    """It is what would be minted."""
    assert renew(TOKEN, "h1", KEYS) == mint("h1", KEYS) == TOKEN


@pytest.mark.parametrize("token", [None, mint("h2", KEYS), mint("h1", BEFORE_ROTATION)])
def test_nobody_elses_token_is_renewed(token: str | None) -> None:
    """Who has none, came with another visitor's or with one of a retired key gets a fresh one."""
    assert renew(token, "h1", KEYS) == TOKEN


END_MS = 1_800_000_000_000
PROOF = prove("sale", "h1", END_MS, KEYS)


def test_a_proof_holds_for_its_campaign_visitor_and_end() -> None:
    """What was proven is believed, also under a key that signs no more but still verifies."""
    check_proof(PROOF, "sale", "h1", END_MS, KEYS)
    check_proof(prove("sale", "h1", END_MS, BEFORE_ROTATION), "sale", "h1", END_MS, KEYS)
    assert PROOF.startswith("v1.k2.")


def test_a_proof_never_changes_its_spelling() -> None:
    """Pages hold them for as long as countdowns last (HMAC computed with another tool)."""
    keys = parse_keys(json.dumps({"kid": "k1", "key": "0" * 64}))
    message = b"vitrine\nv1\ncountdown\nk1\nsale\nh1\n1800000000000"
    mac = urlsafe_b64encode(hmac.digest(b"0" * 64, message, "sha256")).rstrip(b"=").decode()
    assert prove("sale", "h1", END_MS, keys) == f"v1.k1.{mac}"


REFUSED = {
    "another visitor": (PROOF, "sale", "h2", END_MS),
    "another campaign": (PROOF, "gift", "h1", END_MS),
    "a later end": (PROOF, "sale", "h1", END_MS + 1),
    "an earlier end": (PROOF, "sale", "h1", END_MS - 1),
    "fields moved into one another": (PROOF, "sale\nh1", "", END_MS),
    "another version": (PROOF.replace("v1.", "v2."), "sale", "h1", END_MS),
    "another key": (PROOF.replace(".k2.", ".k1."), "sale", "h1", END_MS),
    "an unknown key": (PROOF.replace(".k2.", ".k9."), "sale", "h1", END_MS),
    "no MAC": (PROOF.rsplit(".", 1)[0] + ".", "sale", "h1", END_MS),
    "another MAC": (PROOF[:-4] + "AAAA", "sale", "h1", END_MS),
    "more of it": (PROOF + ".x", "sale", "h1", END_MS),
    "nothing": ("", "sale", "h1", END_MS),
    "no ASCII": (PROOF + "ü", "sale", "h1", END_MS),
    "endless": ("v1.k2." + "A" * MAX_TOKEN_LENGTH, "sale", "h1", END_MS),
    "a visitor token": (TOKEN, "sale", "h1", END_MS),
    "a visitor token's MAC": ("v1.k2." + TOKEN.rsplit(".", 1)[1], "sale", "h1", END_MS),
    "a text that has no UTF-8": (PROOF, "\ud800", "h1", END_MS),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_proof_of_anything_else_is_refused(case: str) -> None:
    """In the same words, whatever is wrong."""
    proof, campaign, visitor, ends_ms = REFUSED[case]
    with pytest.raises(InvalidToken, match="the countdown's proof is not one of ours") as caught:
        check_proof(proof, campaign, visitor, ends_ms, KEYS)
    assert caught.value.field == "proof"


def test_a_proof_of_a_retired_key_is_refused() -> None:
    """A key that is no longer in the secret proves nothing."""
    with pytest.raises(InvalidToken):
        check_proof(PROOF, "sale", "h1", END_MS, BEFORE_ROTATION)


def test_a_proof_is_no_token() -> None:
    """Not even with a visitor put into it."""
    _, kid, mac = PROOF.split(".")
    for token in (PROOF, f"v1.{kid}.h1.{mac}", f"v1.{kid}.sale.{mac}"):
        with pytest.raises(InvalidToken):
            verify(token, KEYS)


@given(st.text(max_size=300), st.text(max_size=20), st.text(max_size=20), st.integers())
def test_any_text_for_a_proof_is_refused(proof: str, campaign: str, visitor: str, ends_ms: int) -> None:
    """Never another error."""
    with pytest.raises(InvalidToken):
        check_proof(proof, campaign, visitor, ends_ms, KEYS)
