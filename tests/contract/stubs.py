"""Clients of AWS whose answers a test writes, for what no emulator does: throttling and unprocessed parts."""

from collections.abc import Mapping, Sequence
from typing import Any

from botocore.config import Config
from botocore.stub import Stubber

from vitrine.adapters.aws import Client, client_maker, local_stack

NOWHERE = local_stack("http://127.0.0.1:9")
ONCE = Config(retries={"total_max_attempts": 1, "mode": "standard"})


def stubbed(service: str, operation: str, answers: Sequence[Mapping[str, Any] | str]) -> Client:
    """A client that gives these answers to these calls in this order; a text is the code of an error."""
    client = client_maker(service, ONCE, NOWHERE)()
    stubber = Stubber(client)
    for answer in answers:
        if isinstance(answer, str):
            stubber.add_client_error(operation, answer)
        else:
            stubber.add_response(operation, dict(answer))
    stubber.activate()
    client.stubber = stubber
    return client
