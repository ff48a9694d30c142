"""What hears providers' words on messages."""

import os

from vitrine.adapters.aws_account import AwsAccount
from vitrine.adapters.clock import utc_now
from vitrine.adapters.dynamodb_page import DynamoPageTable
from vitrine.service.feedback import FeedbackService
from vitrine.settings import Settings


def build_feedback_service(settings: Settings) -> FeedbackService:
    """Persons in DynamoDB. Nothing that is down keeps it from being built."""
    return FeedbackService(DynamoPageTable(settings.table, AwsAccount(os.environ)), utc_now)
