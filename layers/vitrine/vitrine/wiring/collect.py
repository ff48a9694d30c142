"""The service behind POST /v1/events."""

import os

from vitrine.adapters.aws import REQUEST, client_maker
from vitrine.adapters.aws_account import AwsAccount
from vitrine.adapters.clock import back_off, utc_now
from vitrine.adapters.dynamodb import DynamoTable
from vitrine.adapters.firehose import FirehoseStream
from vitrine.adapters.rotating_keys import RotatingKeys
from vitrine.adapters.secrets_manager import Secret
from vitrine.service.collect import CollectService
from vitrine.settings import Settings
from vitrine.visitors.identity import new_visitor
from vitrine.wiring.init import on_restore


def build_collect_service(settings: Settings) -> CollectService:
    """Events to Firehose and DynamoDB. Nothing that is down keeps it from being built."""
    aws = AwsAccount(os.environ)
    token_keys = RotatingKeys(Secret(settings.token_secret, aws).read, utc_now)
    token_keys.begin()
    table = DynamoTable(settings.table, make_writer=client_maker("dynamodb", REQUEST))
    table.warm(writes=True)
    events = FirehoseStream(settings.events_stream, aws)
    token_keys.wait()
    on_restore(table.reset, aws.reset, token_keys.begin, token_keys.wait)
    return CollectService(
        table=table,
        events=events,
        token_keys=token_keys,
        new_visitor=lambda: new_visitor(os.urandom),
        clock=utc_now,
        back_off=back_off,
    )
