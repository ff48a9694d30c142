"""The service behind POST /v1/events."""

import os

from vitrine.adapters.clock import back_off, utc_now
from vitrine.adapters.dynamodb import DynamoTable
from vitrine.adapters.firehose import FirehoseStream
from vitrine.adapters.secrets_manager import read_secret
from vitrine.service.collect import CollectService
from vitrine.settings import Settings
from vitrine.visitors.identity import new_visitor, parse_keys


def build_collect_service(settings: Settings) -> CollectService:
    """The service behind POST /v1/events.

    Raises:
        DependencyFailed: the token secret cannot be read.
    """
    table = DynamoTable(settings.table)
    table.warm()
    return CollectService(
        table=table,
        events=FirehoseStream(settings.events_stream),
        token_keys=parse_keys(read_secret(settings.token_secret)),
        new_visitor=lambda: new_visitor(os.urandom),
        clock=utc_now,
        back_off=back_off,
    )
