"""Checks of Ray before a sweep: the cluster at `--address`, or the token of our own Ray."""

import ipaddress
import os
import re
import secrets
import socket
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tune_mc1.errors import InputError

ANSWER_S = 5.0
FORM = "--address: must be auto, host:port of the head, or https://host (http:// for a tunnel)"
_VERSIONS = re.compile(r"Ray: (\S+) Python: (\S+)")


def is_job_server(address: str | None) -> bool:
    """True for the address of a cluster's dashboard, to which the sweep is submitted as a job."""
    return address is not None and address.startswith(("http://", "https://"))


def check_link(address: str | None, cacert: Path | None, *, allow_http: bool) -> None:
    """Rejects options of a connection by http that do not go with the address.

    Args:
        address: The address, or None.
        cacert: Certificates of the authorities to trust, or None.
        allow_http: Whether the token may be sent unencrypted.

    Raises:
        InputError: If an option would have no effect, or the certificates cannot be read.
    """
    if cacert is not None and not str(address).startswith("https://"):
        raise InputError("--cacert: only valid with --address https://...")
    if allow_http and not str(address).startswith("http://"):
        raise InputError("--allow-http: only valid with --address http://...")
    if cacert is None:
        return
    try:
        ssl.create_default_context(cafile=str(cacert))
    except (OSError, ValueError) as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else "has no certificates"
        raise InputError(f"--cacert: {cacert}: {reason}") from None


def is_loopback(host: str) -> bool:
    """True for a name or address of this machine that no network carries."""
    if host.rstrip(".").lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def connect(address: str, environment: Mapping[str, Any] | None = None) -> None:
    """Connects this process to a running cluster.

    Args:
        address: `auto`, or `host:port` of the cluster's head.
        environment: Runtime environment of all that runs on the nodes; None for their own.

    Raises:
        InputError: If there is no cluster, or its versions or token differ.
    """
    _check_form(address)
    import ray

    from tune_mc1.cluster.ray_runtime import start_ray

    try:
        start_ray(address, None, environment=environment)
    except (ConnectionError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        reason = _reason(error)
        if address == "auto" and "any running Ray" in reason:
            reason = "Ray is not running on this machine (`ray start --head` starts it)"
        raise InputError(f"--address {address}: {reason}") from None


def _check_form(address: str) -> None:
    """Rejects addresses that Ray would reject slowly, or accept and then fail."""
    if address == "auto":
        return
    if "://" in address:
        raise InputError(
            f"{FORM}, got {address!r} (a sweep over ray:// ends with its connection; over http:// "
            "it is a job, which continues)"
        )
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise InputError(f"{FORM}, got {address!r}")
    try:
        socket.create_connection((host, int(port)), timeout=ANSWER_S).close()
    except (OSError, OverflowError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"--address {address}: cannot be reached: {reason}") from None


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())
    versions = _VERSIONS.findall(text)
    if len(versions) == 2:
        theirs, ours = (f"Ray {r} and Python {p}" for r, p in versions)
        return f"must run {ours} as here, got {theirs}"
    return (
        f"{text.partition('. ')[0]}: not a Ray cluster, or its token differs (set RAY_AUTH_TOKEN "
        "or RAY_AUTH_TOKEN_PATH)"
    )


def allow_own_token() -> None:
    """Passes our own Ray a token in the environment if Ray cannot store one in the home folder."""
    if any(os.environ.get(n) for n in ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH", "RAY_AUTH_MODE")):
        return
    try:
        folder = Path.home() / ".ray"
        if (folder / "auth_token").exists():
            return
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return
    except (OSError, RuntimeError):
        pass
    os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
