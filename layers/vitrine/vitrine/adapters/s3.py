"""Objects on S3."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from botocore.exceptions import ClientError

from vitrine.adapters.aws import PATIENT, Client, MakeClient, client_maker, error_code, vendor_errors
from vitrine.adapters.object_paths import target_path
from vitrine.errors import DependencyFailed

DEPENDENCY: Final = "bucket"
READERS: Final = 8  # Firehose leaves many small objects
CHUNK: Final = 1 << 20
MOST_DELETED: Final = 1_000  # in one request, says the API
NOT_THERE: Final = {"NoSuchKey", "404"}


class S3Objects:
    """ports.Objects in one bucket."""

    def __init__(self, bucket: str, *, make_client: MakeClient | None = None) -> None:
        self._bucket = bucket
        self._make_client = make_client or client_maker("s3", PATIENT)
        self._client: Client = self._make_client()

    def reset(self) -> None:
        """Drop the client and its connections, as a restored snapshot has to."""
        self._client = self._make_client()

    def get(self, name: str) -> bytes | None:
        """See ports.Objects."""
        with vendor_errors(DEPENDENCY):
            try:
                data: bytes = self._client.get_object(Bucket=self._bucket, Key=name)["Body"].read()
            except ClientError as error:
                if error_code(error) in NOT_THERE:
                    return None
                raise
        return data

    def put(self, name: str, data: bytes) -> None:
        """See ports.Objects."""
        with vendor_errors(DEPENDENCY):
            self._client.put_object(Bucket=self._bucket, Key=name, Body=data)

    def names(self, prefix: str) -> Iterator[str]:
        """See ports.Objects. S3 lists names in the order of their UTF-8 bytes, which is Python's order too."""
        with vendor_errors(DEPENDENCY):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
            for page in pages:
                for found in page.get("Contents", []):
                    yield found["Key"]

    def delete(self, names: Iterable[str]) -> int:
        """See ports.Objects."""
        wanted = [{"Key": name} for name in names]
        for at in range(0, len(wanted), MOST_DELETED):
            with vendor_errors(DEPENDENCY):
                batch = {"Objects": wanted[at : at + MOST_DELETED], "Quiet": True}
                refused = self._client.delete_objects(Bucket=self._bucket, Delete=batch).get("Errors", [])
            if refused:
                raise DependencyFailed(DEPENDENCY, f"{len(refused)} objects not deleted: {refused[0].get('Code')}")
        return len(wanted)

    def download(self, prefix: str, folder: Path) -> int:
        """See ports.Objects."""
        with ThreadPoolExecutor(READERS, thread_name_prefix="vitrine-download") as pool:
            return sum(pool.map(lambda name: self._download(name, target_path(folder, name)), self.names(prefix)))

    def _download(self, name: str, path: Path) -> int:
        with vendor_errors(DEPENDENCY), path.open("wb") as file:
            body = self._client.get_object(Bucket=self._bucket, Key=name)["Body"]
            for chunk in body.iter_chunks(CHUNK):
                file.write(chunk)
        return 1

    def upload(self, path: Path, name: str) -> None:
        """See ports.Objects. One request: the file is streamed, and S3 takes up to 5 GB so."""
        with vendor_errors(DEPENDENCY), path.open("rb") as file:
            self._client.put_object(Bucket=self._bucket, Key=name, Body=file)
