"""What AWS charges, in US dollars: the only place where a price stands.

List prices of us-east-1 as published on the services' pricing pages, first tier, without free tier and without
discounts: aws.amazon.com/{api-gateway,lambda,dynamodb,firehose,s3,cloudwatch,xray,secrets-manager,ec2}/pricing.
"""

from dataclasses import dataclass
from typing import Final

AS_OF: Final = "2026-11"
REGION: Final = "us-east-1"
KB: Final = 1024
GB: Final = 1 << 30
MILLION: Final = 1_000_000
HOURS_PER_MONTH: Final = 730


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars each."""

    api_request: float = 1.00 / MILLION  # HTTP API, per 512 KB begun
    lambda_request: float = 0.20 / MILLION
    lambda_gb_s: float = 0.0000133334  # arm64
    snapstart_cached_gb_s: float = 0.0000015046  # Python: as long as a version is published, used or not
    snapstart_restored_gb: float = 0.0001397998
    read_unit: float = 0.125 / MILLION  # on demand: 4 KB consistent, 8 KB eventually consistent
    write_unit: float = 0.625 / MILLION  # 1 KB
    firehose_gb: float = 0.029  # direct PUT, each record rounded up to 5 KB
    s3_get: float = 0.40 / MILLION
    s3_gb_month: float = 0.023
    s3_instant_gb_month: float = 0.004  # Glacier Instant Retrieval, three months at least
    logs_gb: float = 0.50  # ingestion, access logs too
    trace: float = 5.00 / MILLION  # X-Ray, recorded
    secret_call: float = 5.00 / MILLION
    secret_month: float = 0.40
    alarm_month: float = 0.10
    out_gb: float = 0.09  # to the internet


PRICES: Final = Prices()
