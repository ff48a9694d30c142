"""The service behind POST /v1/decide."""

import os
from functools import partial
from typing import Final

from vitrine.adapters.aws import ONE_ATTEMPT, REQUEST, client_maker
from vitrine.adapters.clock import new_id, utc_now
from vitrine.adapters.dynamodb import DynamoTable
from vitrine.adapters.firehose import FirehoseStream
from vitrine.adapters.release_objects import ReleaseObjects, bundled_release
from vitrine.adapters.rotating_keys import RotatingKeys
from vitrine.adapters.s3 import S3Objects
from vitrine.service.decide import DecideService
from vitrine.service.releases import Releases
from vitrine.settings import Settings
from vitrine.wiring.init import on_restore

KEYS_WAIT_S: Final = 0.05
"""A page view waits no longer than this for token keys, once in a while."""


def build_decide_service(settings: Settings) -> DecideService:
    """Decisions from DynamoDB and S3, recorded to Firehose; the bundle until a release is published.

    Nothing that is down keeps it from being built: see `skipped` of its answers.
    """
    token_keys = RotatingKeys(settings.token_secret, utc_now, wait_s=KEYS_WAIT_S)
    token_keys.warm()
    table = DynamoTable(settings.table, make_writer=client_maker("dynamodb", ONE_ATTEMPT))
    table.warm(writes=True)
    bucket = S3Objects(settings.releases_bucket, make_client=client_maker("s3", REQUEST))
    records = FirehoseStream(settings.decisions_stream)
    published = ReleaseObjects(bucket)
    bundled = partial(bundled_release, settings.bundle)
    releases = Releases(table, published.load, bundled, load_challenger=published.load_challenger)
    on_restore(table.reset, bucket.reset, records.reset, token_keys.reset, releases.reload)
    return DecideService(
        table=table,
        releases=releases,
        records=records,
        token_keys=token_keys,
        clock=utc_now,
        new_id=new_id,
        entropy=os.urandom,
    )
