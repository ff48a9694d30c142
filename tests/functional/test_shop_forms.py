"""Forms that no page of the shop sends: too long, broken, from a page that knows this machine by another name."""

import gzip
from collections.abc import AsyncIterator, Callable, Iterable

import pytest

from tests.functional.shop_rig import OURS, Browser, Counter, Seen
from vitrine.local.shop_acts import LEAD, LONGEST_ANSWER
from vitrine.local.shop_answers import HEADERS
from vitrine.local.shop_forms import LARGEST_FORM

FORM = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data; boundary=a"
JSON = "application/json"
BROKEN = {
    "half a surrogate pair": (JSON, rb'{"household": "\ud800", "choice": "\ud800"}'),
    "nested JSON": (JSON, b"[" * (LARGEST_FORM - 1)),
    "a nested JSON object": (JSON, b'{"choice": ' * 1000 + b"1" + b"}" * 1000),
    "a list of JSON": (JSON, b"[1]"),
    "JSON that breaks off": (JSON, b'{"choice":'),
    "bytes that are no UTF-8": (FORM, b"choice=\xff&\xfe"),
    "parts without boundary": ("multipart/form-data", b"x"),
    "parts of another boundary": (PARTS, b"x"),
    "parts that break off": (PARTS, b'--a\r\nContent-Disposition: form-data; name="choice"\r\n\r\nacce'),
    "a part of no name": (PARTS, b"--a\r\nContent-Disposition: form-data\r\n\r\nx\r\n--a--\r\n"),
    "a part with a broken header": (PARTS, b"--a\r\nContent Disposition\r\n\r\nx\r\n--a--\r\n"),
    "a part of no transfer encoding": (
        PARTS,
        b'--a\r\nContent-Disposition: form-data; name="x"\r\nContent-Transfer-Encoding: y\r\n\r\nx\r\n--a--\r\n',
    ),
    "an unknown charset": (f"{FORM}; charset=nonsense", b"choice=accepted"),
    "a charset that is no text": (f"{FORM}; charset=hex", b"choice=accepted"),
    "an unknown charset of a part": (
        PARTS,
        b'--a\r\nContent-Disposition: form-data; name="x"\r\nContent-Type: text/plain; charset=y\r\n\r\nx\r\n--a--\r\n',
    ),
}
GOOD = {
    "fields": (FORM, b"choice=accepted"),
    "parts": (PARTS, b'--a\r\nContent-Disposition: form-data; name="choice"\r\n\r\naccepted\r\n--a--\r\n'),
    "JSON": (JSON, b'{"choice": "accepted"}'),
    "a charset that JSON has no use for": (f"{JSON}; charset=nonsense", b'{"choice": "accepted"}'),
}
EVERY_FORM = ("/shop/cart", "/shop/favourites", "/shop/consent", "/shop/region", "/shop/login", "/shop/leads")


async def in_chunks(n_bytes: int) -> AsyncIterator[bytes]:
    """The form of a lead with a long address, sent without saying how long it is."""
    yield b"consent=yes&email="
    for _ in range(n_bytes // 1_000):
        yield b"a" * 1_000


def post(path: str, kind: str, body: Callable[[], bytes | AsyncIterator[bytes]], **more: str) -> Callable:
    """A visit that sends this, as a page of ours would."""

    async def visit(browser: Browser) -> Seen:
        headers = OURS | {"content-type": kind} | more
        async with browser._client.post(path, data=body(), headers=headers, allow_redirects=False) as response:
            return Seen(response.status, await response.text(), response.headers, response.cookies)

    return visit


def assert_safe(seen: Iterable[Seen]) -> None:
    """All that is said has the headers of all answers."""
    for one in seen:
        assert {name: one.headers.get(name) for name in HEADERS} == HEADERS


@pytest.mark.parametrize("fault", BROKEN)
@pytest.mark.filterwarnings("ignore::aiohttp.multipart.BadContentDispositionHeader")
def test_what_cannot_be_read_is_refused(counter: Counter, fault: str) -> None:
    """400 wherever a form is taken, and nothing is done."""
    kind, body = BROKEN[fault]
    seen = [counter.ask(post(path, kind, lambda: body)) for path in EVERY_FORM]
    assert [(one.status, dict(one.cookies)) for one in seen] == [(400, {})] * len(EVERY_FORM)
    assert_safe(seen)


@pytest.mark.parametrize("way", GOOD)
def test_whole_forms_are_read(counter: Counter, way: str) -> None:
    """Negative control: in each of the ways in which a form can be sent."""
    kind, body = GOOD[way]
    assert counter.ask(post("/shop/consent", kind, lambda: body)).cookies["shop_consent"].value == "accepted"


def test_a_compressed_form_is_read_within_the_same_bound(counter: Counter) -> None:
    """As long as it is when it is unpacked."""
    for text, status in ((b"choice=accepted", 303), (b"choice=" + b"a" * 10 * LARGEST_FORM, 413)):
        packed = gzip.compress(text)
        assert len(packed) < LARGEST_FORM
        seen = counter.ask(post("/shop/consent", FORM, lambda packed=packed: packed, **{"content-encoding": "gzip"}))
        assert seen.status == status


@pytest.mark.parametrize("kind", [FORM, PARTS, JSON])
def test_a_form_of_unknown_length_is_counted(counter: Counter, kind: str) -> None:
    """413 as soon as it is too long, and no lead of it is kept."""
    before = len(counter.shop.till.ledger.leads)

    async def parts() -> AsyncIterator[bytes]:
        yield b'--a\r\nContent-Disposition: form-data; name="email"\r\n\r\n'
        async for piece in in_chunks(7 * LARGEST_FORM):
            yield piece

    body = parts if kind == PARTS else lambda: in_chunks(7 * LARGEST_FORM)
    seen = counter.ask(post("/shop/leads", kind, body))
    assert seen.status == 413
    assert_safe([seen])
    assert len(counter.shop.till.ledger.leads) == before
    assert counter.ask(post("/shop/leads", FORM, lambda: in_chunks(5_000))).status == 200


def test_of_a_lead_its_fields_are_kept_and_not_more(counter: Counter) -> None:
    """Whatever else the form says, and however much of it."""
    leads = counter.shop.till.ledger.leads
    asked = {
        "email": f" a@b.example{'x' * 5_000}",
        "consent": "yes",
        "back": "/shop",
        **{f"f{n}": "y" for n in range(99)},
    }
    assert counter.ask(lambda browser: browser.post("/shop/leads", **asked)).status == 200
    assert leads[-1].keys() == {"email"}
    assert leads[-1]["email"] == asked["email"].strip()[:LONGEST_ANSWER]
    counter.ask(
        lambda browser: browser.post("/shop/leads", **{name: f"{name}@b.example" for name in LEAD}, consent="yes")
    )
    assert leads[-1] == {name: f"{name}@b.example" for name in LEAD}


@pytest.mark.parametrize(
    "origin", ["http://[bad", "http://", "", "null", "http://127.0.0.1", "//127.0.0.1", "http://\u00ff"]
)
def test_an_origin_that_is_not_ours_is_refused(counter: Counter, origin: str) -> None:
    """403, also where it is no origin at all."""
    seen = counter.ask(lambda browser: browser.post("/shop/consent", {"origin": origin}, choice="accepted"))
    assert (seen.status, dict(seen.cookies)) == (403, {})
    assert_safe([seen])


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example:8080", "127.0.0.2", "[::2]"]
)
def test_a_foreign_name_of_this_machine_is_refused(counter: Counter, host: str) -> None:
    """Pages and forms alike: else a page of that name could read them, for it would be of the same origin."""
    headers = {"host": host, "origin": f"http://{host}", **OURS}

    async def visit(browser: Browser) -> list[Seen]:
        answers = [await browser.post("/shop/login", headers, household="718")]
        for path in ("/shop", "/shop/static/shop.js", "/shop/nowhere"):
            async with browser._client.get(path, headers=headers) as response:
                answers.append(Seen(response.status, await response.text(), response.headers, response.cookies))
        return answers

    seen = counter.ask(visit)
    assert [(one.status, dict(one.cookies)) for one in seen] == [(403, {})] * 4
    assert_safe(seen)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8080", "127.0.0.1:8080", "[::1]:8080"])
def test_this_machine_s_own_names_are_answered(counter: Counter, host: str) -> None:
    """Negative control."""

    async def visit(browser: Browser) -> int:
        async with browser._client.get("/shop", headers={"host": host}) as response:
            return response.status

    assert counter.ask(visit) == 200


def test_a_fault_of_our_own_has_the_headers_too(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    """As files, redirects and pages that are missing have."""

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    async def visit(browser: Browser) -> list[Seen]:
        seen = [await browser.get(path) for path in ("/shop", "/shop/static/shop.js", "/shop/nowhere", "/shop/cart")]
        return [*seen, await browser.post("/shop/consent"), await browser.get("/shop/help")]

    monkeypatch.setattr(counter.shop.till, "help", fail)
    seen = counter.ask(visit)
    assert [one.status for one in seen] == [200, 200, 404, 200, 303, 500]
    assert_safe(seen)
