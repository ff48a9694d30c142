"""The service behind POST /v1/decide."""

import os
from functools import partial
from typing import Final

from vitrine.adapters.aws_account import AwsAccount
from vitrine.adapters.clock import new_id, utc_now
from vitrine.adapters.dynamodb_page import DynamoPageTable
from vitrine.adapters.firehose import FirehoseStream
from vitrine.adapters.release_objects import ReleaseObjects, bundled_release
from vitrine.adapters.rotating_keys import RotatingKeys
from vitrine.adapters.s3_reader import S3Reader
from vitrine.adapters.secrets_manager import Secret
from vitrine.service.decide import DecideService
from vitrine.service.releases import SPREAD_S, Releases
from vitrine.settings import Settings
from vitrine.wiring.init import on_restore

KEYS_WAIT_S: Final = 0.05
"""A page view waits no longer than this for token keys, once in a while."""

RECORD_LATE_S: Final = 2.0
"""For so long a record may be on its way after its answer has left."""


def build_decide_service(settings: Settings) -> DecideService:
    """Decisions from DynamoDB and S3, recorded to Firehose; the bundle until a release is published.

    Nothing that is down keeps it from being built: see `skipped` of its answers.
    """
    aws = AwsAccount(os.environ)
    token_keys = RotatingKeys(Secret(settings.token_secret, aws).read, utc_now, wait_s=KEYS_WAIT_S)
    token_keys.begin()
    table = DynamoPageTable(settings.table, aws)
    bucket = S3Reader(settings.releases_bucket, aws)
    records = FirehoseStream(settings.decisions_stream, aws, late_s=RECORD_LATE_S)
    published = ReleaseObjects(bucket, settings.bundle)
    bundled = partial(bundled_release, settings.bundle)
    releases = Releases(table, published.load, bundled, load_challenger=published.load_challenger, spread_s=SPREAD_S)
    token_keys.wait()
    on_restore(aws.reset, token_keys.begin, releases.reload, token_keys.wait)
    return DecideService(
        table=table,
        releases=releases,
        records=records,
        token_keys=token_keys,
        clock=utc_now,
        new_id=new_id,
        entropy=os.urandom,
        exercise_share=settings.exercise_per_million / 1_000_000,
        held_rows_bytes=settings.held_rows_kb << 10,
    )
