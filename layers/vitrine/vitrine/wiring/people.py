"""The service behind /v1/people, for its function, for the planner of notes and for the command line."""

import os

from vitrine.adapters.aws import PATIENT, REQUEST, client_maker
from vitrine.adapters.aws_account import AwsAccount
from vitrine.adapters.clock import back_off, utc_now
from vitrine.adapters.dynamodb import DynamoTable
from vitrine.adapters.partition_dynamodb import DynamoPartition
from vitrine.adapters.rotating_keys import RotatingKeys
from vitrine.adapters.secrets_manager import Secret
from vitrine.ports import Table
from vitrine.service.people import PeopleService
from vitrine.settings import Settings
from vitrine.visitors.identity import TokenKeys, parse_keys
from vitrine.wiring.init import on_restore


def build_people_service(settings: Settings) -> PeopleService:
    """People in DynamoDB, while somebody waits. Nothing that is down keeps it from being built."""
    aws = AwsAccount(os.environ)
    token_keys = RotatingKeys(Secret(settings.token_secret, aws).read, utc_now)
    token_keys.begin()
    make_client = client_maker("dynamodb", REQUEST)
    table = DynamoTable(settings.table, make_reader=make_client, make_writer=make_client)
    table.warm(writes=True)
    token_keys.wait()
    on_restore(table.reset, aws.reset, token_keys.begin, token_keys.wait)
    partition = DynamoPartition(settings.table, make_client)
    return PeopleService(table, partition.keys_under, token_keys, utc_now, back_off)


def open_people(settings: Settings, table: Table | None = None) -> PeopleService:
    """The same with patience, for commands and schedules; the secret is read when a token has to be verified."""

    def read_keys(_: str | None) -> TokenKeys:
        return parse_keys(Secret(settings.token_secret, AwsAccount(os.environ)).read())

    partition = DynamoPartition(settings.table, client_maker("dynamodb", PATIENT))
    return PeopleService(table or DynamoTable(settings.table), partition.keys_under, read_keys, utc_now, back_off)
