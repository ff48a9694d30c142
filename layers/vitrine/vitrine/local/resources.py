"""Tables, buckets, streams, queues and secrets of the template, created by the emulator's CloudFormation.

One stack of the reduced template instead of a call per resource type: the emulator evaluates references as AWS would,
keeps physical names over restarts and updates what has changed. What functions need to know comes back as outputs.
"""

import json
import re
import time
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from vitrine.errors import LocalStackError
from vitrine.local.declared import REGION, STACK_NAME
from vitrine.local.intrinsics import Tree
from vitrine.local.template import Template

Boto: TypeAlias = Any
"""A boto3 client: the library makes its methods at run time and has no types."""

DEPLOY_S: Final = 60.0
LOCAL_URL: Final = re.compile(r"^http://(?:localhost|127\.0\.0\.1):\d+(?=/)")
NO_CHANGE: Final = "No updates are to be performed"
CREDENTIALS: Final = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}


def client(service: str, endpoint: str) -> Boto:
    """A boto3 client of the emulator that looks at no profile, no proxy and no metadata service."""
    session = boto3.session.Session(
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        region_name=REGION,
    )
    config = Config(retries={"total_max_attempts": 1}, proxies={}, s3={"addressing_style": "path"})
    return session.client(service, endpoint_url=endpoint, config=config)


def deploy(template: Template, endpoint: str) -> dict[tuple[str, str], str]:
    """Create or update the stack; the attributes that functions refer to, by (logical id, attribute).

    Raises:
        LocalStackError: the emulator cannot create the resources or cannot change those of a kept state.
    """
    cloudformation = client("cloudformation", endpoint)
    body = template.data_template()
    for resource in body["Resources"].values():
        if resource["Type"] == "AWS::KinesisFirehose::DeliveryStream":
            resource["Properties"] = uncompressed(resource["Properties"])
    request = {
        "StackName": STACK_NAME,
        "TemplateBody": json.dumps(body),
        "Parameters": [
            {"ParameterKey": name, "ParameterValue": str(template.parameters[name])} for name in body["Parameters"]
        ],
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
    }
    try:
        if exists(cloudformation):
            cloudformation.update_stack(**request)
        else:
            cloudformation.create_stack(**request)
    except ClientError as error:
        if NO_CHANGE not in str(error):
            raise LocalStackError(f"the emulator refuses the template's resources: {error}") from error
    outputs = {one["OutputKey"]: one["OutputValue"] for one in settled(cloudformation).get("Outputs", [])}
    wanted = template.data_references()
    return {wanted[name]: at_endpoint(value, endpoint) for name, value in outputs.items() if name in wanted}


def uncompressed(stream: Mapping[str, Tree]) -> dict[str, Tree]:
    """A stream that delivers plain text under a plain name: the emulator knows no compression but would write .gz."""
    destination = stream.get("ExtendedS3DestinationConfiguration", {})
    plain = {name: value for name, value in destination.items() if name not in {"CompressionFormat", "FileExtension"}}
    return {**stream, "ExtendedS3DestinationConfiguration": plain}


def exists(cloudformation: Boto) -> bool:
    """Whether the emulator's state holds our stack already."""
    try:
        cloudformation.describe_stacks(StackName=STACK_NAME)
    except ClientError:
        return False
    return True


def settled(cloudformation: Boto) -> dict[str, Any]:
    """The stack once nothing is in progress."""
    deadline = time.monotonic() + DEPLOY_S
    while True:
        stack: dict[str, Any] = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"][0]
        status = stack["StackStatus"]
        if status in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
            return stack
        if not status.endswith("IN_PROGRESS") or time.monotonic() > deadline:
            reason = stack.get("StackStatusReason", "")
            raise LocalStackError(f"the template's resources cannot be created ({status} {reason}); start afresh")
        time.sleep(0.02)


def at_endpoint(value: str, endpoint: str) -> str:
    """A queue's address at the emulator's present port: its state remembers the port of the day it was created."""
    return LOCAL_URL.sub(endpoint, value)
