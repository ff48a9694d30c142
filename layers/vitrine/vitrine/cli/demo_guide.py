"""What a person can try while the demo runs: commands to paste, with ids of the data and tokens that are valid."""

import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb

from vitrine.refresh.engine import ITEMS, PURCHASES

BABY_FOOD: Final = "%/baby-foods/baby-food-%"
PASTA: Final = "%/pasta-and-noodles/spaghetti-dry"
PASTA_SAUCE: Final = "%/pasta-sauce/mainstream"
N_VIEWS: Final = 5
HOUSEHOLD: Final = "h718"
NEIGHBOUR: Final = "h1"  # of another region, with another stock
CONSENT: Final = ["personalization"]
NOW: Final = "@now"


@dataclass(frozen=True, slots=True)
class Goods:
    """Ids of goods that are bought often: kinds of baby food, and what belongs together in a cart."""

    baby_food: Sequence[str]
    dinner: Sequence[str]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the demo runs: the address of its API, the folder of its state, its log, the operators' token."""

    url: str
    state: Path
    log: Path
    operator: str


def find_goods(lake: Path) -> Goods:
    """Goods of the imported data to try things with."""
    dinner = [*most_bought(lake, PASTA, 1), *most_bought(lake, PASTA_SAUCE, 1)]
    return Goods(most_bought(lake, BABY_FOOD, N_VIEWS), dinner)


def most_bought(lake: Path, category: str, n: int) -> list[str]:
    """Ids of the most bought items of categories that match an SQL pattern, best first."""
    with duckdb.connect() as connection:
        rows = connection.execute(
            """
            SELECT item FROM read_parquet($items) AS items JOIN read_parquet($purchases) AS purchases USING (item)
            WHERE category LIKE $category GROUP BY item ORDER BY count(*) DESC, item LIMIT $n
            """,
            {"items": str(lake / ITEMS), "purchases": str(lake / PURCHASES), "category": category, "n": n},
        ).fetchall()
    return [item for (item,) in rows]


def guide(place: Place, tokens: Mapping[str, str], newcomer: str, goods: Goods) -> str:
    """The text. `tokens` are those of the households by id, `newcomer` is one of a visitor that nobody knows yet."""

    def decide(page: Mapping[str, Any], **more: Any) -> str:  # noqa: ANN401 - any part of a request
        return curl(place.url, "/v1/decide", {"page": page, **more})

    home, personal = {"type": "home"}, {"consent": CONSENT, "placements": ["home.recs"]}
    views = [
        {"id": f"view-{n}", "kind": "view", "at_ms": NOW, "item": item} for n, item in enumerate(goods.baby_food, 1)
    ]
    return "\n\n".join(
        [
            doors(place),
            f"Vitrine answers at {place.url}. Things to try; | python3 -m json.tool makes an answer readable.",
            "Somebody unknown on the home page:",
            decide(home, placements=["home.recs"]),
            f"Household {HOUSEHOLD[1:]} of the data, after a year of purchases:",
            decide(home, visitor=tokens[HOUSEHOLD], **personal),
            f"Household {NEIGHBOUR[1:]}, whose shops are in another region:",
            decide(home, visitor=tokens[NEIGHBOUR], **personal),
            "The page of a product, here spaghetti, with what goes well with it and what is like it:",
            decide({"type": "product", "item": goods.dinner[0]}),
            "A cart with spaghetti and a sauce, and what may be missing:",
            decide({"type": "cart"}, cart=[{"item": item, "quantity": 1} for item in goods.dinner]),
            f"A newcomer looks at {len(views)} kinds of baby food...",
            curl(place.url, "/v1/events", {"visitor": newcomer, "consent": CONSENT, "events": views}),
            "...and the home page follows:",
            decide(home, visitor=newcomer, **personal),
            "What an operator may ask: the same household in the heat and in the cold, and why (nothing is counted):",
            "\n".join(explain(place, tokens[HOUSEHOLD], weather) for weather in (HEAT, COLD)),
            "A cart that the visitor is about to leave, seen for the first and for the second time:",
            "\n".join([leave(place, newcomer, goods)] * 2),
            "A scheduled function, now instead of at night:",
            f"curl -s -X POST {place.url}/_local/invoke/RefreshRecommendationsFunction",
            closing(place),
        ]
    )


def doors(place: Place) -> str:
    """Where to look with a browser."""
    return "\n".join(
        [
            f"The shop:   {place.url}/shop    as anybody, or as a household of the data: {place.url}/shop/login",
            f"The studio: {place.url}/studio  the shop beside every decision, with the weather and the time you choose",
            f"The mailbox: {place.url}/mailbox  what was sent to whom: mail, push, SMS, and why",
        ]
    )


HEAT: Final = {"weather.temperature_c": 33, "weather.anomaly_c": 9}
COLD: Final = {"weather.temperature_c": -10, "weather.anomaly_c": -9}


def explain(place: Place, token: str, supposed: Mapping[str, object]) -> str:
    """A command that explains the home page of a visitor under supposed circumstances."""
    body = {
        "visitor": token,
        "page": {"type": "home"},
        "consent": CONSENT,
        "preview": {"attributes": supposed},
    }
    return curl(place.url, "/v1/explain", body, f"-H 'authorization: Bearer {place.operator}' ")


def leave(place: Place, token: str, goods: Goods) -> str:
    """A command that tells of a visitor who is about to leave their cart."""
    cart = [{"item": item, "quantity": 1} for item in goods.dinner]
    body = {
        "visitor": token,
        "session": "walk",
        "page": {"type": "cart"},
        "cart": cart,
        "consent": CONSENT,
        "signals": {"exit_intent": True},
    }
    return curl(place.url, "/v1/decide", body)


def closing(place: Place) -> str:
    """What else there is, a line each."""
    vitrine, state = beside_python("vitrine"), ["--stack-state", str(place.state)]
    weather = [vitrine, "weather", "set", "--region", "north", "--temperature", "33", "--anomaly", "9", *state]
    token = [beside_python("vitrine"), "token", "h2", "--stack-state", str(place.state)]
    return "\n".join(
        [
            f"The token of any other household: {shlex.join(token)}",
            f"Heat for everybody in the north, for an hour: {shlex.join(weather)}",
            f"Why a visitor got what they got: {shlex.join([vitrine, 'why', *state])} DECISION",
            f"A household's day in a minute, with every message: {shlex.join([vitrine, 'demo', 'walk', *state])}",
            f"Who is due for a message, and why: {shlex.join([vitrine, 'outreach', 'due', *state])}",
            f"The operators' token: {place.operator}",
            f"Requests and what functions print: tail -f {shlex.quote(str(place.log))}",
            "Another port: make demo PORT=8081. All afresh: make demo RESET=1.",
            "Ctrl-C stops everything and keeps the state.",
        ]
    )


def beside_python(program: str) -> str:
    """Path of a program of this environment, as one would type it here."""
    path = Path(sys.executable).with_name(program)
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def curl(url: str, path: str, body: Mapping[str, Any], headers: str = "") -> str:
    """A command that posts a body. NOW in it becomes the instant at which the command is run."""
    quoted = shlex.quote(json.dumps(body, separators=(",", ":")))
    spliced = quoted.replace(f'"{NOW}"', "'$(date +%s)000'")
    return f"curl -s {url}{path} {headers}-H 'content-type: application/json' -d {spliced}"
