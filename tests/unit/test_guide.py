"""What storefront/INTEGRATE.md says outside a browser: requests, names, code for servers and apps."""

import json
import re
import shutil
import subprocess
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from tests.contract.rough_server import Manner, RoughServer, says
from tests.unit.client_calls import CONSENT, DECISION, FAULTS, SHOWN, TOKEN
from tests.unit.client_types import CLIENTS, ROOT, load_package
from tests.unit.guide_blocks import block, page_blocks, section
from vitrine.api.decide import DecideBody
from vitrine.types import PageType
from vitrine.visitors.identity import parse_keys, verify

NODE = shutil.which("node")
SECRET = '{"kid": "k1", "key": "0123456789abcdef0123456789abcdef"}'
CARD = {"title": "Fish & <chips>", "url": "/p/7", "image": "", "price": 1, "regular_price": 1, "currency": "USD"}
ITEM = {"id": "7", "slot": 0, "card": CARD | {"category": "x"}, "bundle": None, "sponsored": None, "reasons": []}
ROW = DECISION | {
    "placements": {"home.recs": SHOWN | {"kind": "products", "items": [ITEM], "content": {"title": "You"}}}
}


def test_the_blocks_of_pages_are_requests() -> None:
    """What the table says of each kind of page is what the API takes."""
    blocks = [json.loads(text) for text in page_blocks()]
    for each in blocks:
        DecideBody.checked(each).to_domain(None)
    assert [each["page"]["type"] for each in blocks] == ["home", "category", "product", "search", "cart"]


def test_the_table_has_every_kind_of_page_and_placements_of_the_store() -> None:
    """By their names."""
    rows = [line.split("|") for line in section("A.").splitlines() if line.startswith("|")][2:]
    kinds = {kind.strip() for row in rows for kind in row[1].split(",")}
    assert kinds == set(PageType.__args__)
    declared = yaml.safe_load((ROOT / "store" / "placements.yaml").read_text("utf-8"))["placements"]
    named = {name for row in rows for name in re.findall(r"`([a-z]+\.[a-z]+)`", row[3])}
    assert named
    assert named <= declared.keys()
    for row in rows:
        for name in re.findall(r"`([a-z]+\.[a-z]+)`", row[3]):
            assert {kind.strip() for kind in row[1].split(",")} & set(declared[name]["pages"]), name


def render(manner: Manner, cookies: dict[str, str]) -> tuple[str, RoughServer]:
    """The row that the guide's server renders; `cookies` are those of the visitor, before and after."""
    load_package()
    scope: dict[str, Any] = {}
    response = SimpleNamespace(
        set_cookie=lambda name, value, **_: cookies.update({name: value}),
        delete_cookie=lambda name: cookies.pop(name, None),
    )
    with RoughServer(manner) as server:
        patient = block("Rendered", "python", api=server.address).replace('Vitrine("', 'Vitrine(timeout_s=30, api="')
        exec(patient, scope)
        html: str = scope["home_row"](SimpleNamespace(cookies=cookies, headers={}), response, CONSENT)
        scope["vitrine"].close()
    return html, server


def test_a_server_renders_the_row() -> None:
    """Texts are escaped, the marks are there, the token is kept."""
    cookies: dict[str, str] = {}
    html, server = render(says(ROW), cookies)
    assert html == (
        '<section data-vitrine="home.recs" data-vitrine-state="shown" '
        'data-vitrine-decision="01m80mre83gycs2cjnw2872rm8">'
        '<h2>You</h2><ul><li data-item="7"><a href="/p/7">Fish &amp; &lt;chips&gt;</a></li></ul></section>'
    )
    assert cookies == {"visitor": TOKEN}
    assert DecideBody.checked(server.bodies()[0]).placements == ("home.recs",)


@pytest.mark.parametrize("manner", [says(FAULTS[500], 500), says(DECISION)])
def test_a_server_shows_its_own_row(manner: Manner) -> None:
    """When there is no answer, or nothing for the placement; the visitor keeps the token."""
    cookies = {"visitor": TOKEN}
    html, _ = render(manner, cookies)
    assert "Bestsellers" in html
    assert cookies == {"visitor": TOKEN}


def test_a_token_that_is_no_longer_known_is_removed() -> None:
    """With its cookie."""
    cookies = {"visitor": TOKEN}
    render(says(FAULTS[401], 401), cookies)
    assert cookies == {}


def test_a_customer_gets_a_token() -> None:
    """Of whom they are."""
    load_package()
    scope: dict[str, Any] = {"secret": SECRET}
    exec(block("A visitor", "python"), scope)
    assert verify(scope["token"], parse_keys(SECRET)) == "h718"


APP = """
const kept = new Map();
const storage = {
  getItem: async (name) => kept.get(name) ?? null,
  setItem: async (name, value) => kept.set(name, value),
  removeItem: async (name) => kept.delete(name),
};
const shown = [];
for (const consent of [["personalization"], ["personalization"], []]) {
  const decided = await decide({type: "home"}, consent, storage);
  await tell("view", {item: "7"}, storage);
  shown.push([decided.placement("home.recs").kind, [...kept]]);
}
console.log(JSON.stringify(shown));
process.exit();
"""


@pytest.mark.skipif(NODE is None, reason="the guide's app needs node (Debian: apt install nodejs)")
def test_an_app() -> None:
    """Decides, keeps the token as long as it may, and tells events under it."""
    library = json.dumps(str(CLIENTS / "javascript" / "vitrine-client.js"))
    told = {"accepted": 1, "duplicates": 0, "rejected": [], "visitor": TOKEN}
    with RoughServer(says(ROW), says(told), says(ROW), says(told), says(ROW | {"visitor": None})) as server:
        app = block("C.", "js", api=server.address).replace('"vitrine-client"', library).replace("1000", "30000")
        command = [str(NODE), "--input-type=module", "-e", app + APP]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    kept = [["visitor", TOKEN]]
    assert json.loads(said) == [["products", kept], ["products", kept], ["products", []]]
    first, event, second, _, last = server.bodies()
    assert first == {"page": {"type": "home"}, "consent": CONSENT, "visitor": None, "device": {"kind": "app"}}
    assert (event["visitor"], event["events"][0]["item"], second["visitor"]) == (TOKEN, "7", TOKEN)
    assert "visitor" not in last
