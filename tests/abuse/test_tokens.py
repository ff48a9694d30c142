"""Forged and tampered tokens: none is taken, by the function or by a route. `python -m tests.abuse` tries 10,000."""

import pytest

from tests.abuse.api import memory_api
from tests.abuse.tokens import good_tokens_pass, try_routes, try_tokens
from tests.functional.test_forged_tokens import TWO_KEYS
from vitrine.visitors import identity


def test_no_forged_token_is_taken() -> None:
    """And every refusal is in the same words, which tell nothing."""
    api = memory_api(TWO_KEYS)
    assert good_tokens_pass(api)
    for verdict in (try_tokens(2_000), try_routes(api, 300)):
        assert (verdict.accepted, len(verdict.words)) == (0, 1)


def test_a_check_that_is_gone_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: without the comparison of MACs thousands would get in."""
    monkeypatch.setattr(identity.hmac, "compare_digest", lambda one, other: True)
    assert try_tokens(400).accepted > 100
    assert try_routes(memory_api(TWO_KEYS), 60).accepted > 10
