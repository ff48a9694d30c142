"""The header that tells a page's developer what each stage took."""

import re

from vitrine.api.server_timing import server_timing, timing_headers

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+;dur=\d+\.\d+")


def test_stages_are_told_in_order():
    """Each as a token and its milliseconds, as W3C's Server Timing has it."""
    value = server_timing({"read": 4.2149, "rank": 0.3, "answer": 12.0})
    assert value == "read;dur=4.21, rank;dur=0.30, answer;dur=12.00"
    assert all(TOKEN.fullmatch(metric) for metric in value.split(", "))
    assert server_timing({}) == ""


def test_only_named_origins_may_look():
    """Whom the API allows may see it; without such origins there is no header that would allow it."""
    told = timing_headers({"read": 1.0}, "https://a.example,https://b.example")
    assert told == {
        "Server-Timing": "read;dur=1.00",
        "Timing-Allow-Origin": "https://a.example, https://b.example",
    }
    assert timing_headers({"read": 1.0}, "") == {"Server-Timing": "read;dur=1.00"}
