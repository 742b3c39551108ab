"""Pyarrow's filesystems for object stores, set up by the environment as the clouds' own tools are.

S3: `AWS_ACCESS_KEY_ID`, `AWS_PROFILE`, an instance's role, `AWS_REGION`, `AWS_ENDPOINT_URL`.
Google Cloud: `GOOGLE_APPLICATION_CREDENTIALS`, a machine's service account; `STORAGE_EMULATOR_HOST`
for an emulator. Azure: `AZURE_STORAGE_CONNECTION_STRING`, or `AZURE_STORAGE_ACCOUNT` with
`AZURE_STORAGE_KEY`, `AZURE_STORAGE_SAS_TOKEN` or a machine's identity.
"""

import os
from datetime import timedelta
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from pyarrow import fs

from tune_mc1.errors import StorageError

SCHEMES = ("s3", "gs", "az")
CONNECT_S, ANSWER_S = 3.0, 20.0
TRIES = 3
"""Attempts of pyarrow's client, within about a second; `retry` adds more."""


@cache
def filesystem(scheme: str, bucket: str) -> Any:
    """Pyarrow's filesystem, one per process and bucket.

    Args:
        scheme: One of `SCHEMES`.
        bucket: The bucket, or the container of Azure.

    Raises:
        StorageError: If the environment does not name Azure's account.
        OSError: If the store cannot be reached.
    """
    return {"s3": _s3, "gs": _gs, "az": _az}[scheme](bucket)


def _s3(bucket: str) -> Any:
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if not (region or endpoint):
        region = fs.resolve_s3_region(bucket)
    return fs.S3FileSystem(
        endpoint_override=endpoint or None,
        region=region or "us-east-1",
        connect_timeout=CONNECT_S,
        request_timeout=ANSWER_S,
        retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=TRIES),
        allow_delayed_open=True,  # one request per file instead of three
    )


def _gs(_: str) -> Any:
    limit = timedelta(seconds=ANSWER_S / 4)
    if emulator := os.environ.get("STORAGE_EMULATOR_HOST"):
        parts = urlsplit(emulator if "://" in emulator else f"http://{emulator}")
        return fs.GcsFileSystem(
            anonymous=True,
            scheme=parts.scheme,
            endpoint_override=parts.netloc,
            retry_time_limit=limit,
        )
    return fs.GcsFileSystem(retry_time_limit=limit)


def _az(container: str) -> Any:
    text = os.environ.get("AZURE_STORAGE_CONNECTION_STRING", "")
    told = dict(part.split("=", 1) for part in text.split(";") if "=" in part)
    parts = urlsplit(told.get("BlobEndpoint", ""))
    own, _, domain = parts.netloc.partition(".")
    own = own if domain.startswith("blob.") or ".blob." in domain else ""
    account = told.get("AccountName") or own or os.environ.get("AZURE_STORAGE_ACCOUNT")
    if not account:
        raise StorageError(
            f"az://{container}: no account: set AZURE_STORAGE_ACCOUNT or "
            "AZURE_STORAGE_CONNECTION_STRING"
        )
    options: dict[str, Any] = {}
    if key := told.get("AccountKey") or os.environ.get("AZURE_STORAGE_KEY"):
        options["account_key"] = key
    elif sas := told.get("SharedAccessSignature") or os.environ.get("AZURE_STORAGE_SAS_TOKEN"):
        options["sas_token"] = f"?{sas.removeprefix('?')}"  # pyarrow appends it as it is
    if own and account == own:  # Azure's own endpoint, as `az` names it: ACCOUNT.blob.DOMAIN
        options["blob_storage_authority"] = f".{domain}"
        options["dfs_storage_authority"] = f".{domain}".replace(".blob.", ".dfs.", 1)
    elif parts.netloc:  # an emulator
        for service in ("blob", "dfs"):
            options[f"{service}_storage_authority"] = parts.netloc
            options[f"{service}_storage_scheme"] = parts.scheme
    elif suffix := told.get("EndpointSuffix"):
        for service in ("blob", "dfs"):
            options[f"{service}_storage_authority"] = f".{service}.{suffix}"
    return fs.AzureFileSystem(account, **options)
