"""What no handler can do without: one HTTP round trip, one model run, one JSON encode. No AWS library, no framework."""

import json
import os
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import onnxruntime
import orjson

FOLDER = Path(os.environ["BENCH_FOLDER"])
MODEL = Path(os.environ["VITRINE_BUNDLE"]) / "models/ranker/model.onnx"
HEAD_END = b"\r\n\r\n"
LENGTH = b"Content-Length: "


def connect() -> socket.socket:
    """A connection to the canned server."""
    url = urlsplit(os.environ["AWS_ENDPOINT_URL"])
    connection = socket.create_connection((url.hostname, url.port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def make_session() -> onnxruntime.InferenceSession:
    """The model in one thread, as ours runs it."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(MODEL), options)


request = (FOLDER / "batch_get.http").read_bytes()
shape: list[int] = json.loads((FOLDER / "features.json").read_text("utf-8"))
answer: Any = orjson.loads((FOLDER / "answer.json").read_bytes())
matrix = np.random.default_rng(7).random(shape, np.float32)  # [n, d]
connection = connect()
session = make_session()


def round_trip() -> bytes:
    """Send the request and receive the whole answer."""
    connection.sendall(request)
    received = connection.recv(65_536)
    while (end := received.find(HEAD_END)) < 0:
        received += connection.recv(65_536)
    at = received.index(LENGTH) + len(LENGTH)
    whole = end + len(HEAD_END) + int(received[at : received.index(b"\r", at)])
    while len(received) < whole:
        received += connection.recv(65_536)
    return received


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The three things, in the order of a decision."""
    round_trip()
    session.run(None, {"features": matrix})
    return {"statusCode": 200, "body": orjson.dumps(answer).decode()}
