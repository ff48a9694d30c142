"""The service behind POST /v1/events."""

import os

from vitrine.adapters.aws import REQUEST, client_maker
from vitrine.adapters.clock import back_off, utc_now
from vitrine.adapters.dynamodb import DynamoTable
from vitrine.adapters.firehose import FirehoseStream
from vitrine.adapters.rotating_keys import RotatingKeys
from vitrine.service.collect import CollectService
from vitrine.settings import Settings
from vitrine.visitors.identity import new_visitor
from vitrine.wiring.init import on_restore


def build_collect_service(settings: Settings) -> CollectService:
    """Events to Firehose and DynamoDB. Nothing that is down keeps it from being built."""
    table = DynamoTable(settings.table, make_writer=client_maker("dynamodb", REQUEST))
    table.warm(writes=True)
    events = FirehoseStream(settings.events_stream)
    token_keys = RotatingKeys(settings.token_secret, utc_now)
    token_keys.warm()
    on_restore(table.reset, events.reset, token_keys.reset)
    return CollectService(
        table=table,
        events=events,
        token_keys=token_keys,
        new_visitor=lambda: new_visitor(os.urandom),
        clock=utc_now,
        back_off=back_off,
    )
