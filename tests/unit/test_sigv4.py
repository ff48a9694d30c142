"""Signatures are those that botocore makes, for whatever a request may hold."""

import re
from calendar import timegm
from datetime import datetime
from hashlib import sha256
from urllib.parse import quote

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from hypothesis import example, given
from hypothesis import strategies as st

from vitrine.adapters.sigv4 import EMPTY_SHA256, Credentials, Signer, encode_path

KEYS = st.from_regex(r"[A-Za-z0-9/+=]{1,64}", fullmatch=True)
VALUES = st.from_regex(r"[!-~]+( [!-~]+)*", fullmatch=True)
REGIONS = st.sampled_from(["us-east-1", "eu-central-1", "cn-north-1", "me-south-1"])
PATHS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).map(lambda name: f"/{name}")


def seconds(signed: AWSRequest) -> int:
    """When botocore signed."""
    return timegm(datetime.strptime(signed.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").timetuple())  # noqa: DTZ007


@given(KEYS, KEYS, st.none() | VALUES, REGIONS, VALUES, st.binary())
def test_posts_are_signed_as_botocore_does(
    access: str, secret: str, token: str | None, region: str, target: str, body: bytes
) -> None:
    """The JSON services, with and without a session."""
    headers = {"content-type": "application/x-amz-json-1.0", "x-amz-target": target}
    theirs = AWSRequest("POST", f"https://dynamodb.{region}.amazonaws.com/", headers, body)
    SigV4Auth(BotocoreCredentials(access, secret, token), "dynamodb", region).add_auth(theirs)
    ours = Signer(region, "dynamodb").sign(
        Credentials(access, secret, token),
        "POST",
        "/",
        {"host": f"dynamodb.{region}.amazonaws.com", **headers},
        sha256(body).hexdigest(),
        seconds(theirs),
    )
    assert ours["authorization"] == theirs.headers["Authorization"]
    assert ours.get("x-amz-security-token") == theirs.headers.get("X-Amz-Security-Token")
    assert ours["x-amz-date"] == theirs.headers["X-Amz-Date"]


@given(KEYS, PATHS)
@example("k", "/bucket/20260101T0000/модель 1+2=3&?#%20~'()*!,;:@$.onnx")
@example("k", "//a/../b//c/.")
def test_objects_are_signed_as_botocore_does(secret: str, path: str) -> None:
    """Names of objects are signed as they are sent: nothing is normalised, whatever they hold."""
    theirs = AWSRequest("GET", "http://localhost:4566" + encode_path(path))
    S3SigV4Auth(BotocoreCredentials("a", secret), "s3", "us-east-1").add_auth(theirs)
    headers = {"host": "localhost:4566", "x-amz-content-sha256": EMPTY_SHA256}
    ours = Signer("us-east-1", "s3").sign(
        Credentials("a", secret), "GET", encode_path(path), headers, EMPTY_SHA256, seconds(theirs)
    )
    assert ours["authorization"] == theirs.headers["Authorization"]


@given(PATHS)
def test_paths_are_percent_encoded(path: str) -> None:
    """As the standard library does when told what is unreserved."""
    assert encode_path(path) == quote(path, safe="/~")


def test_the_derived_key_follows_day_and_secret() -> None:
    """It is kept between requests, and a midnight or a rotation changes it."""
    signer = Signer("us-east-1", "dynamodb")

    def signature(secret: str, now_s: int) -> str:
        signed = signer.sign(Credentials("a", secret), "POST", "/", {"host": "h"}, EMPTY_SHA256, now_s)
        match = re.search(r"Signature=(\w{64})$", signed["authorization"])
        assert match is not None
        return match[1]

    first = [signature("one", 0), signature("one", 86_400), signature("two", 86_400)]
    assert len(set(first)) == 3
    assert [signature("one", 0), signature("one", 86_400), signature("two", 86_400)] == first


def test_secrets_do_not_show() -> None:
    """Neither in logs nor in tracebacks."""
    assert "hidden" not in repr(Credentials("a", "hidden", "hidden too"))
