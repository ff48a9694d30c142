"""Routing, payload format 2.0 and CORS, as API Gateway does them."""

import base64
import json
from datetime import UTC, datetime

import pytest

from vitrine.local.declared import Cors, Route
from vitrine.local.http_payload import HttpAnswer, HttpRequest, MalformedResult, build_event, read_answer
from vitrine.local.routing import add_cors, answer_preflight, match_route

NOW = datetime(2024, 3, 12, 19, 3, 58, 390000, tzinfo=UTC)
ROUTES = [
    Route("ANY", "$default", "Default"),
    Route("ANY", "/pets/{proxy+}", "Greedy"),
    Route("GET", "/pets/{id}", "One"),
    Route("GET", "/pets/dogs", "Dogs"),
    Route("ANY", "/pets/dogs", "AnyDogs"),
    Route("GET", "/pets/{id}/toys/{toy}", "Toy"),
]


@pytest.mark.parametrize(
    ("method", "path", "function", "parameters"),
    [
        ("GET", "/pets/dogs", "Dogs", {}),
        ("POST", "/pets/dogs", "AnyDogs", {}),
        ("GET", "/pets/7", "One", {"id": "7"}),
        ("POST", "/pets/7", "Greedy", {"proxy": "7"}),
        ("GET", "/pets/7/toys/ball", "Toy", {"id": "7", "toy": "ball"}),
        ("GET", "/pets/7/8/9", "Greedy", {"proxy": "7/8/9"}),
        ("GET", "/pets", "Default", {}),
        ("GET", "/pets/7/", "Greedy", {"proxy": "7/"}),
    ],
)
def test_most_specific_route_wins(method, path, function, parameters):
    """Plain text beats one segment, one segment beats the greedy one, and $default comes last."""
    matched = match_route(ROUTES, method, path)
    assert matched is not None
    assert (matched[0].function, matched[1]) == (function, parameters)


def test_no_route_no_match():
    """Without a $default route an unknown path matches nothing, nor does another method."""
    assert match_route(ROUTES[3:4], "GET", "/cats") is None
    assert match_route(ROUTES[3:4], "PUT", "/pets/dogs") is None


def request(**changes):
    """A request with everything in it."""
    parts = {
        "method": "POST",
        "path": "/pets/7",
        "query": "a=1&a=2&b=%20x&c",
        "headers": [
            ("Host", "shop.example"),
            ("X-Two", "1"),
            ("x-two", "2"),
            ("Cookie", "k=1; l=2"),
            ("User-Agent", "ua"),
        ],
        "body": b"",
        "source_ip": "127.0.0.1",
    }
    return HttpRequest(**{**parts, **changes})


def test_event_has_the_documented_form():
    """Names are in lower case and joined by commas, cookies stand apart, times are in both forms."""
    event = build_event(request(), Route("POST", "/pets/{id}", "One"), {"id": "7"}, "r-1", NOW)
    assert event == {
        "version": "2.0",
        "routeKey": "POST /pets/{id}",
        "rawPath": "/pets/7",
        "rawQueryString": "a=1&a=2&b=%20x&c",
        "cookies": ["k=1", "l=2"],
        "headers": {"host": "shop.example", "x-two": "1,2", "user-agent": "ua"},
        "queryStringParameters": {"a": "1,2", "b": " x", "c": ""},
        "pathParameters": {"id": "7"},
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "domainName": "shop.example",
            "domainPrefix": "shop",
            "http": {
                "method": "POST",
                "path": "/pets/7",
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "ua",
            },
            "requestId": "r-1",
            "routeKey": "POST /pets/{id}",
            "stage": "$default",
            "time": "12/Mar/2024:19:03:58 +0000",
            "timeEpoch": 1710270238390,
        },
        "isBase64Encoded": False,
    }


def test_absent_parts_have_no_key():
    """Without cookies, query, path parameters and body the event has none of their keys."""
    event = build_event(request(query="", headers=[]), Route("POST", "/x", "X"), {}, "r-1", NOW)
    assert not {"cookies", "queryStringParameters", "pathParameters", "body", "stageVariables"} & set(event)


@pytest.mark.parametrize(
    ("content_type", "body", "is_base64"),
    [
        ("application/json; charset=utf-8", "{}é".encode(), False),
        ("text/plain", b"x", False),
        ("Application/XML", b"<a/>", False),
        ("application/x-www-form-urlencoded", b"a=1", True),
        ("application/octet-stream", b"\x00", True),
        ("", b"{}", True),
        ("application/json", b"\xff\xfe", True),
    ],
)
def test_body_is_text_only_for_text_types(content_type, body, is_base64):
    """Everything but text, JSON, JavaScript and XML arrives as base64, and so does broken UTF-8."""
    event = build_event(
        request(headers=[("content-type", content_type)], body=body), Route("POST", "/x", "X"), {}, "r", NOW
    )
    assert event["isBase64Encoded"] is is_base64
    assert (base64.b64decode(event["body"]) if is_base64 else event["body"].encode()) == body


def answer(result) -> HttpAnswer:
    """The answer for a function's result."""
    return read_answer(json.dumps(result).encode())


def test_result_without_status_becomes_200_json():
    """The format is inferred: any JSON value is the body; a string stands as it is."""
    kind = ("content-type", "application/json")
    assert answer({"a": 1}) == HttpAnswer(200, (kind,), b'{"a":1}')
    assert answer("hello") == HttpAnswer(200, (kind,), b"hello")
    assert answer(None) == HttpAnswer(200, (kind,), b"null")


def test_result_with_status_is_taken_apart():
    """Status, headers, cookies and a base64 body are used as told."""
    result = {
        "statusCode": "418",
        "headers": {"Content-Type": "image/png", "X-N": 1, "X-B": True},
        "cookies": ["a=1", "b=2"],
        "body": base64.b64encode(b"\x00\x01").decode(),
        "isBase64Encoded": True,
    }
    assert answer(result) == HttpAnswer(
        418,
        [("content-type", "image/png"), ("x-n", "1"), ("x-b", "true"), ("set-cookie", "a=1"), ("set-cookie", "b=2")],
        b"\x00\x01",
    )


def test_result_without_content_type_is_plain_text():
    """API Gateway's default content type."""
    assert answer({"statusCode": 204}) == HttpAnswer(204, [("content-type", "text/plain;charset=UTF-8")], b"")


@pytest.mark.parametrize(
    "result",
    [
        {"statusCode": "much"},
        {"statusCode": 42},
        {"statusCode": None},
        {"statusCode": 200, "body": {"a": 1}},
        {"statusCode": 200, "headers": {"a": []}},
        {"statusCode": 200, "headers": []},
        {"statusCode": 200, "cookies": "a=1"},
        {"statusCode": 200, "body": "%%%", "isBase64Encoded": True},
    ],
)
def test_malformed_result_is_refused(result):
    """What API Gateway answers with 500 is refused here."""
    with pytest.raises(MalformedResult):
        answer(result)


CORS = Cors(("http://shop.example", "https://*"), ("GET", "POST"), ("content-type",), ("server-timing",), 600, True)


def test_preflight_of_a_permitted_origin():
    """The gateway answers for the function, with the origin it permits."""
    assert answer_preflight(CORS, {"origin": "http://shop.example"}) == HttpAnswer(
        204,
        [
            ("access-control-allow-origin", "http://shop.example"),
            ("vary", "origin"),
            ("access-control-allow-credentials", "true"),
            ("access-control-allow-methods", "GET,POST"),
            ("access-control-allow-headers", "content-type"),
            ("access-control-max-age", "600"),
        ],
    )


def test_preflight_of_another_origin_gets_no_permission():
    """204 without a single header that would let the browser go on."""
    assert answer_preflight(CORS, {"origin": "http://evil.example"}) == HttpAnswer(204)


@pytest.mark.parametrize(
    ("origins", "origin", "permitted"),
    [
        (("*",), "http://any.example", "*"),
        (("https://*",), "https://any.example", "https://any.example"),
        (("https://*",), "http://any.example", None),
        (("http://a.example",), "http://a.example.evil", None),
        (("http://a.example",), "", None),
    ],
)
def test_origins(origins, origin, permitted):
    """Exact origins, a scheme's wildcard and the general one; nothing else."""
    cors = Cors(origins, (), (), (), None, False)
    headers = dict(add_cors(cors, origin, HttpAnswer(200)).headers)
    assert headers.get("access-control-allow-origin") == permitted


def test_functions_own_cors_headers_are_dropped():
    """With CORS in the template, API Gateway ignores what the function says about it."""
    own = HttpAnswer(200, [("access-control-allow-origin", "*"), ("x-a", "1")], b"x")
    assert add_cors(CORS, "http://evil.example", own) == HttpAnswer(200, [("x-a", "1")], b"x")
