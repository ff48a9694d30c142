"""The handler that a competent person writes first: Powertools with validation, boto3 with its defaults.

Same keys, same model, same features, as many cards in the answer; candidates and features as one writes them first
(naive_ranking). What the comparison does not name is kinder here than in real life: packed lists are read with our own
package, the model runs in one thread, cards are kept for ever, no token is verified, no campaign and no rule is looked
at, nothing is recorded.
"""

import os
from itertools import islice
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import onnxruntime
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from pydantic import BaseModel

from tests.bench.naive_ranking import Merged, Neighbours, features, merge
from vitrine.catalog.packed import ItemTable, unpack

TABLE = os.environ["VITRINE_TABLE"]
RELEASE = os.environ["BENCH_RELEASE"]
MODEL = Path(os.environ["VITRINE_BUNDLE"]) / "models/ranker/model.onnx"
CARD_FIELDS = ("title", "url", "image", "price", "regular_price", "currency", "category")

app = APIGatewayHttpResolver(enable_validation=True)
dynamodb = boto3.client("dynamodb")
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1  # as ours: by default a second thread spins and doubles the CPU time
session = onnxruntime.InferenceSession(str(MODEL), options)
cards: dict[str, "Card"] = {}


class Page(BaseModel):
    type: str
    locale: str | None = None


class Device(BaseModel):
    kind: str


class CartLine(BaseModel):
    item: str
    quantity: int
    price: int


class Options(BaseModel):
    deadline_ms: int = 150
    dry_run: bool = False


class Request(BaseModel):
    visitor: str
    session: str
    page: Page
    device: Device
    recent: list[str]
    cart: list[CartLine]
    consent: list[str]
    options: Options


class Card(BaseModel):
    title: str
    url: str
    image: str
    price: int
    regular_price: int
    currency: str
    category: str


class Reason(BaseModel):
    list: str
    item: str | None


class Item(BaseModel):
    id: str
    slot: int
    card: Card
    bundle: str | None
    sponsored: str | None
    reasons: list[Reason]


class Placement(BaseModel):
    kind: str
    campaign: str | None
    variation: str | None
    control: bool
    mechanic: str | None
    items: list[Item]
    rows: list[str]
    content: dict[str, str]
    fallback: str | None
    reasons: list[str]


class Answer(BaseModel):
    decision: str
    visitor: str
    release: str
    model: str
    region: str
    placements: dict[str, Placement]
    skipped: list[str]
    timings_ms: dict[str, float]


@app.post("/v1/decide")
def decide(request: Request) -> Answer:
    """Read, score, sort, answer."""
    rows = read(wanted_keys(request))
    candidates = candidates_of(request, rows)
    scores = score(candidates)
    ranked = [candidates.ids[index] for index in np.argsort(-scores)]
    remember_cards([*ranked[:20], *request.recent])
    best = iter(ranked)
    return Answer(
        decision=app.current_event.request_context.request_id.ljust(26, "0"),
        visitor=request.visitor,
        release=RELEASE,
        model="ranker-00000000",
        region="north",
        placements={
            "home.recs": placement("Picked for you", list(islice(best, 12))),
            "home.viewed": placement("Seen lately", request.recent),
            "home.discounted": placement("Good prices today", list(islice(best, 8))),
        },
        skipped=[],
        timings_ms=dict.fromkeys(["read", "campaigns", "candidates", "rank", "fill", "cards", "answer"], 0.123),
    )


def wanted_keys(request: Request) -> list[tuple[str, str]]:
    """The same keys that our handler wants, and the shelf, which ours holds in memory."""
    visitor, release = request.visitor.split(".")[2], f"R#{RELEASE}"
    items = [*(line.item for line in request.cart), *request.recent]
    own = [(f"V#{visitor}", sk) for sk in ("PROFILE", release, "SHOWN")]
    return [("RELEASE", "CURRENT"), ("L#north", release), *own] + [(f"I#{item}", release) for item in items]


def read(keys: list[tuple[str, str]]) -> dict[str, dict[str, Any]]:
    """Rows by partition and sort key in one text."""
    wanted = [{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in keys]
    response = dynamodb.batch_get_item(RequestItems={TABLE: {"Keys": wanted}})
    return {f"{row['pk']['S']} {row['sk']['S']}": row for row in response["Responses"][TABLE]}


def candidates_of(request: Request, rows: dict[str, dict[str, Any]]) -> Merged:
    """All items of the lists in the rows."""

    def table(pk: str) -> ItemTable:
        return unpack(rows[f"{pk} R#{RELEASE}"]["table"]["B"])

    seeds = [Neighbours("cart", 1.0, table(f"I#{line.item}")) for line in request.cart]
    seeds += [Neighbours("recent", 0.8**n, table(f"I#{item}")) for n, item in enumerate(request.recent)]
    return merge(table(f"V#{request.visitor.split('.')[2]}"), table("L#north"), seeds)


def score(candidates: Merged) -> "np.ndarray[Any, Any]":
    """The model's scores."""
    scores: np.ndarray[Any, Any] = session.run(None, {"features": np.nan_to_num(features(candidates, 1.0))})[0]
    return scores


def remember_cards(items: list[str]) -> None:
    """Read the cards that are not in memory yet."""
    unknown = [(f"I#{item}", "CARD") for item in dict.fromkeys(items) if item not in cards]
    if unknown:
        for row in read(unknown).values():
            cards[row["pk"]["S"][2:]] = Card(**{name: next(iter(row[name].values())) for name in CARD_FIELDS})


def placement(title: str, items: list[str]) -> Placement:
    """One placement of the answer."""
    slots = [
        Item(
            id=item,
            slot=slot,
            card=cards[item],
            bundle=None,
            sponsored=None,
            reasons=[Reason(list="personal", item=None)],
        )
        for slot, item in enumerate(items)
    ]
    content = {"title": title}
    return Placement(
        kind="products",
        campaign=None,
        variation=None,
        control=False,
        mechanic=None,
        items=slots,
        rows=[],
        content=content,
        fallback=None,
        reasons=[],
    )


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """AWS's entry point."""
    return app.resolve(event, context)
