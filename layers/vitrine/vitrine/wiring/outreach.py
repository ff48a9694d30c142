"""What works persons off: their world, words, channels and dead letters."""

import os
from collections.abc import Mapping
from functools import partial

from vitrine.adapters.aws import REQUEST, client_maker
from vitrine.adapters.aws_account import AwsAccount
from vitrine.adapters.clock import new_id, utc_now
from vitrine.adapters.dynamodb import DynamoTable
from vitrine.adapters.mail_ses import SesMail
from vitrine.adapters.push_sns import SnsPush
from vitrine.adapters.push_web import WebPush
from vitrine.adapters.queue_sqs import SqsQueue
from vitrine.adapters.release_messages import ReleaseMessages
from vitrine.adapters.release_objects import ReleaseObjects, bundled_release
from vitrine.adapters.rotating_keys import RotatingKeys
from vitrine.adapters.s3_reader import S3Reader
from vitrine.adapters.secrets_manager import Secret
from vitrine.adapters.sms_sns import SnsSms
from vitrine.adapters.web_push_keys import parse_vapid_key
from vitrine.adapters.webhook import Webhook
from vitrine.api.message_render import render
from vitrine.errors import DependencyFailed
from vitrine.outreach.channels import Channel
from vitrine.outreach.handing import Channel as ChannelPort
from vitrine.outreach.handing import Words
from vitrine.outreach.signed_links import SignedLinks
from vitrine.ports import Queue
from vitrine.service.outlook import Occasion, StoreOutlook
from vitrine.service.outreach import OutreachService
from vitrine.service.releases import Releases
from vitrine.settings import Settings
from vitrine.values import dataclass
from vitrine.visitors.identity import KeySource
from vitrine.wiring.init import on_restore


@dataclass(frozen=True, slots=True)
class QueuedLetters:
    """outreach.needs.DeadLetters in a queue."""

    queue: Queue

    def put(self, record: bytes) -> None:
        """See outreach.needs.DeadLetters."""
        if self.queue.send([record]):
            raise DependencyFailed("queue", "a dead letter was not taken")


def build_outreach_service(settings: Settings) -> OutreachService:
    """Outreach on the table, the releases and the channels that the settings name.

    Raises:
        DependencyFailed: the secret of a channel cannot be read.
    """
    aws = AwsAccount(os.environ)
    token_keys = RotatingKeys(Secret(settings.token_secret, aws).read, utc_now)
    token_keys.begin()
    make_client = client_maker("dynamodb", REQUEST)
    table = DynamoTable(settings.table, make_reader=make_client, make_writer=make_client)
    table.warm(writes=True)
    bucket = S3Reader(settings.releases_bucket, aws)
    published = ReleaseObjects(bucket, settings.bundle)
    releases = Releases(table, published.load, partial(bundled_release, settings.bundle))
    token_keys.wait()
    on_restore(table.reset, aws.reset, token_keys.begin, releases.reload, token_keys.wait)
    outlook = StoreOutlook(
        table=table,
        releases=releases,
        find=ReleaseMessages(bucket, settings.bundle),
        write=partial(_write, token_keys, settings.public_url.rstrip("/")),
        new_id=new_id,
        shop_url=settings.shop_url,
    )
    letters = QueuedLetters(SqsQueue(settings.outreach_dead_letters))
    return OutreachService(table, outlook, _channels(settings, aws), letters, utc_now)


def _channels(settings: Settings, aws: AwsAccount) -> Mapping[Channel, ChannelPort]:
    """The channels that are set up; messages have no other."""
    found: dict[Channel, ChannelPort] = {}
    if settings.mail_from:
        found["mail"] = SesMail(settings.mail_from, configuration_set=settings.mail_configuration_set or None)
    if settings.sms_sender:
        found["sms"] = SnsSms(settings.sms_sender)
    if settings.push_application:
        found["push"] = SnsPush()
    if settings.vapid_secret:
        key = parse_vapid_key(Secret(settings.vapid_secret, aws).read())
        found["web_push"] = WebPush(key, f"mailto:{settings.mail_from}" if settings.mail_from else settings.public_url)
    if settings.webhook_url:
        found["webhook"] = Webhook(settings.webhook_url, Secret(settings.webhook_secret, aws).read().encode())
    return found


def _write(token_keys: KeySource, public_url: str, occasion: Occasion) -> Words:
    """See service.outlook.Write, with links that prove whose they are.

    Raises:
        DependencyFailed: there are no keys to sign them with.
    """
    signing = token_keys(None)
    if signing is None:
        raise DependencyFailed("secret", "there are no token keys yet")
    links = SignedLinks(
        public_url=public_url,
        links=occasion.links,
        person=occasion.person.id,
        sending=occasion.sending.id,
        token_keys=signing,
        pages=[card.url for _, card in occasion.goods],
        pictures=[card.image for _, card in occasion.goods],
    )
    return render(occasion, links)
