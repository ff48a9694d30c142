"""What is told of an extract names lines and columns, never people."""

import re
from dataclasses import replace

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.test_crm import TILLS, Rig, members, plan
from vitrine.catalog.feed_items import FeedFault
from vitrine.errors import InvalidSource
from vitrine.refresh.crm import read_extract
from vitrine.refresh.crm_rows import ExtractPlan

SEEN = re.compile(r"[\w.@+-]{4,}")
EMAILS = st.from_regex(r"[a-z]{5}\.[a-z]{5}@[a-z]{6}\.(com|de)", fullmatch=True)
PHONES = st.from_regex(r"(\+49 ?|0049|0)1[567][0-9] ?[0-9]{8}", fullmatch=True)
CARDS = st.from_regex(r"[A-Z]{2}-?[0-9]{10}", fullmatch=True)
PERSONAL = st.one_of(EMAILS, PHONES, CARDS)
GOOD = {
    "since": "22.11.2019",
    "points": "5",
    "diet": "vegan",
    "news": "yes",
    "home": "north",
    "n": "1",
    "amount": "1.00",
}


@st.composite
def leaky_extracts(draw: st.DrawFn) -> tuple[ExtractPlan, str, list[str]]:
    """An extract in which people's identifiers stand anywhere, the first row included, and what they are."""
    extract = draw(st.sampled_from([members(), plan("tills", TILLS)]))
    columns = [names[0] for names in extract.form.form.fields.values()]
    people: list[str] = []
    rows = []
    for _ in range(draw(st.integers(1, 4))):
        told = {column: draw(st.one_of(PERSONAL, st.just(GOOD.get(column, "")))) for column in columns}
        people += [value for column, value in told.items() if value != GOOD.get(column, "")]
        rows.append(told)
    if draw(st.booleans()):
        return extract, "".join(f"{orjson.dumps(row).decode()}\n" for row in rows), people
    head = [",".join(columns)] if draw(st.booleans()) else []
    return extract, "".join(f"{line}\n" for line in [*head, *(",".join(row.values()) for row in rows)]), people


@settings(max_examples=150, deadline=None)
@given(leaky_extracts())
def test_no_fault_repeats_a_value(leaky: tuple[ExtractPlan, str, list[str]]) -> None:
    """Shifted columns, a missing first row, JSON lines: neither a fault nor its hint holds a part of what came."""
    extract, text, people = leaky
    form = replace(extract.form.form, format="jsonl") if text.startswith("{") else extract.form.form
    read = read_extract([text.encode()], replace(extract.form, form=form))
    faults = [str(one) for one in read if isinstance(one, FeedFault)]
    parts = {part.lower() for value in people for part in [value, *SEEN.findall(value)]}
    assert not [part for part in parts for fault in faults if part in fault.lower()]


@pytest.mark.parametrize(
    ("extract", "text"),
    [
        (plan("tills", TILLS), "ann@example.com,R1,2026-11-20,milk,1,2.00\n"),
        (members(), "card,email,home,since,points,diet,news\nC1,,ann@example.com,,,,\n"),
        (members(), "card,email,home,since,points,diet,news\nC1,,,,,,ann@example.com\n"),
        (plan("tills", TILLS), "card,receipt,at,sku,n,amount\nC1,R1,2026-11-20,milk,1,ann@example.com\n"),
        (plan("tills", TILLS), "card,receipt,at,sku,n,amount\nC1,R1,2026-11-20,milk,1,9 ann@example.com\n"),
    ],
    ids=["no header", "region", "yes or no", "price", "currency"],
)
def test_a_refused_extract_names_nobody(extract: ExtractPlan, text: str) -> None:
    """What a job prints or logs of it says which line and which column, and how to write it."""
    with pytest.raises(InvalidSource) as refused:
        Rig().take(extract, text)
    assert "line" in str(refused.value)
    assert "ann" not in str(refused.value).lower()
