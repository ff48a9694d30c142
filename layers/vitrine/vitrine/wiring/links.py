"""The service behind the links in messages."""

import os

from vitrine.adapters.aws_account import AwsAccount
from vitrine.adapters.clock import utc_now
from vitrine.adapters.dynamodb_page import DynamoPageTable
from vitrine.adapters.rotating_keys import RotatingKeys
from vitrine.adapters.secrets_manager import Secret
from vitrine.service.links import LinksService
from vitrine.settings import Settings


def build_links_service(settings: Settings) -> LinksService:
    """Persons, messages and cards in DynamoDB. Nothing that is down keeps it from being built."""
    aws = AwsAccount(os.environ)
    token_keys = RotatingKeys(Secret(settings.token_secret, aws).read, utc_now)
    token_keys.begin()
    table = DynamoPageTable(settings.table, aws)
    token_keys.wait()
    return LinksService(table, token_keys)
