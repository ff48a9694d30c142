"""The body of a decision, assembled from cards that are encoded already, is what a plain encoder makes of it."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from vitrine.catalog.items import Card
from vitrine.decisions.answers import Answer, Bundle, Decision, Drawn, Ends, Live, Reason, Shelf, Slot
from vitrine.decisions.body import decision_body, proofs_of
from vitrine.visitors.identity import TokenKeys, check_proof

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
maybe = st.none() | texts
prices = st.integers(0, 10**9)
cards = st.builds(Card, texts, texts, texts, prices, prices, texts, st.integers(0, 2**32 - 1), texts)
plain = st.recursive(maybe | st.booleans() | prices, lambda inner: st.lists(inner, max_size=3), max_leaves=5)
slots = st.builds(
    Slot,
    texts,
    st.integers(0, 50),
    st.none() | cards,
    st.builds(Reason, texts, maybe),
    sponsor=maybe,
    label=plain,
    bundle=st.none() | st.builds(Bundle, texts, texts, prices, prices, texts),
)
rows = st.lists(slots, max_size=3)
answers = st.builds(
    Answer,
    texts,
    st.sampled_from(["products", "content", "overlay", "sort", "none"]),
    content=st.none() | st.dictionaries(texts, plain, max_size=3),
    items=rows,
    rows=st.lists(st.builds(Shelf, texts, rows), max_size=2),
    mechanic=maybe,
    campaign=maybe,
    variation=maybe,
    control=st.booleans(),
    fallback=maybe,
    reasons=st.lists(texts, max_size=2),
    live=st.none() | st.builds(Ends, st.integers(0, 2**43), st.booleans()) | st.builds(Drawn, texts),
)


def item(slot: Slot) -> dict[str, Any]:
    """One item as callers get it."""
    card, bundle = slot.card, slot.bundle
    shown = ("title", "url", "image", "price", "regular_price", "currency", "category")
    return {
        "id": slot.item,
        "slot": slot.slot,
        "card": card and {name: getattr(card, name) for name in shown},
        "bundle": bundle
        and {
            "with": bundle.item,
            "offer": bundle.offer,
            "price": bundle.price,
            "apart": bundle.apart,
            "currency": bundle.currency,
        },
        "sponsored": None if slot.sponsor is None else slot.label,
        "reasons": [{"list": slot.reason.list, "item": slot.reason.seed}],
    }


def live(told: Live | None, proof: str | None = None) -> dict[str, Any] | None:
    """A countdown's end or a wheel's outcome as callers get it."""
    if told is None:
        return None
    return {"outcome": told.outcome} if isinstance(told, Drawn) else {"ends_at_ms": told.ends_ms, "proof": proof}


def placement(answer: Answer) -> dict[str, Any]:
    """One placement as callers get it."""
    return {
        "kind": answer.kind,
        "campaign": answer.campaign,
        "variation": answer.variation,
        "control": answer.control,
        "mechanic": answer.mechanic,
        "live": live(answer.live),
        "items": [item(slot) for slot in answer.items],
        "rows": [{"title": row.title, "items": [item(slot) for slot in row.items]} for row in answer.rows],
        "content": answer.content,
        "fallback": answer.fallback,
        "reasons": list(answer.reasons),
    }


@given(st.lists(answers, max_size=3), maybe, st.lists(texts, max_size=2).map(tuple))
def test_the_body_is_that_of_a_plain_encoder(told: list[Answer], model: str | None, skipped: tuple[str, ...]) -> None:
    """Byte for byte, also when the same cards are shown a second time."""
    made = Decision("d1", "r1", model, "north", "network", told, skipped, (), 0.5)
    whole = {
        "decision": "d1",
        "release": "r1",
        "model": model,
        "region": "north",
        "placements": {answer.placement: placement(answer) for answer in told},
        "skipped": list(skipped),
    }
    encoded = json.dumps(whole, ensure_ascii=False, separators=(",", ":"))
    assert [decision_body(made).decode(), decision_body(made).decode()] == [encoded, encoded]


def test_proofs_stand_beside_the_ends_and_are_no_part_of_the_canonical_bytes() -> None:
    """Each for its own campaign; a wheel and the placement's own action have none."""
    keys = TokenKeys("k1", {"k1": b"k" * 32})
    answers = [
        Answer("a", "overlay", campaign="sale", live=Ends(1_000)),
        Answer("b", "overlay", campaign="gift", live=Ends(2_000, is_own=True)),
        Answer("c", "overlay", campaign="wheel", live=Drawn("soup")),
        Answer("d", "products"),
    ]
    made = Decision("d1", "r1", None, "north", "network", answers, (), (), 0.5)
    proofs = proofs_of(made, "v1", keys)
    assert proofs.keys() == {"a", "b"}
    check_proof(proofs["a"], "sale", "v1", 1_000, keys)
    check_proof(proofs["b"], "gift", "v1", 2_000, keys)
    bare, whole = (json.loads(decision_body(made, *with_them)) for with_them in ((), (proofs,)))
    for name, proof in proofs.items():
        assert bare["placements"][name]["live"].pop("proof") is None
        assert whole["placements"][name]["live"].pop("proof") == proof
    assert bare == whole
