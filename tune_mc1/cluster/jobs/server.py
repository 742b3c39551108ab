"""Job server of a cluster, its dashboard: checked before a job is submitted."""

import logging
import os
import platform
import shlex
import ssl
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tune_mc1.cluster.address import ANSWER_S, is_loopback
from tune_mc1.cluster.ray_private import job_client
from tune_mc1.cluster.ray_tokens_private import token_headers
from tune_mc1.errors import InputError

READ_S = 30.0
"""Seconds to wait for a response of the server, which may be busy."""

TOKEN = "RAY_AUTH_TOKEN, RAY_AUTH_TOKEN_PATH or ~/.ray/auth_token"
NO_RAY = "the server there is not a Ray dashboard (usually at port 8265)"


class JobServer:
    """A server that is reachable, runs the same versions, and accepts the token.

    Args:
        address: Address such as `https://head`.
        cacert: Certificates of the authorities to trust, a file; None for the usual ones.
        allow_http: Whether the token may be sent unencrypted to another machine.

    Attributes:
        token: Whether requests carry a token.

    Raises:
        InputError: If there is no such server.
    """

    def __init__(
        self, address: str, *, cacert: Path | None = None, allow_http: bool = False
    ) -> None:
        self.address = address.rstrip("/")
        _check_form(self.address)
        _check_extra()
        self._headers = _token_headers()
        self.token = bool(self._headers)
        parts = urlsplit(self.address)
        plain = parts.scheme == "http" and not is_loopback(str(parts.hostname))
        if plain and self.token and not allow_http:
            raise self._error(
                "must be https://, or a tunnel to this machine (`ray dashboard CLUSTER.yaml`, then "
                "http://localhost:8265): Ray's token would be sent unencrypted (--allow-http "
                "allows it)"
            )
        self._cacert, self._allow_http = cacert, plain and allow_http
        named = cacert or os.environ.get("SSL_CERT_FILE") or os.environ.get("REQUESTS_CA_BUNDLE")
        if named and not Path(named).exists():
            raise InputError(f"SSL_CERT_FILE or REQUESTS_CA_BUNDLE: no such file: {named}")
        self._verify = str(Path(named).absolute()) if named else True
        self._check_versions()

    @property
    def words(self) -> str:
        """Options of this project's commands that connect to it."""
        words = ["--address", self.address]
        words += ["--cacert", str(self._cacert)] if self._cacert is not None else []
        return shlex.join([*words, *(["--allow-http"] if self._allow_http else [])])

    @property
    def ray_words(self) -> str:
        """Options of Ray's own commands that connect to it."""
        words = ["--address", self.address]
        trusts = self._verify is not True and self.address.startswith("https://")
        return shlex.join([*words, *(["--verify", str(self._verify)] if trusts else [])])

    def client(self) -> Any:
        """Ray's client of the server, whose requests have a timeout."""
        from ray.job_submission import JobSubmissionClient

        client = job_client(JobSubmissionClient, (ANSWER_S, READ_S))
        for handler in logging.getLogger("ray").handlers:
            handler.setLevel(logging.WARNING)
        for name in ("RAY_API_SERVER_ADDRESS", "RAY_ADDRESS"):
            os.environ.pop(name, None)  # Ray would use it instead of the address
        try:
            return client(self.address, headers=dict(self._headers), verify=self._verify)
        except (OSError, RuntimeError) as error:  # the client requests the version again
            raise self._error(_cause(error)) from None

    async def silence(self) -> str | None:
        """Reason why the server does not respond; None if it does."""
        import aiohttp

        limit = aiohttp.ClientTimeout(total=READ_S)
        try:
            async with (
                aiohttp.ClientSession(headers=self._headers, timeout=limit) as session,
                session.get(f"{self.address}/api/version", ssl=self._context()) as answer,
            ):
                return None if answer.status == 200 else f"HTTP status {answer.status}"
        except TimeoutError:
            return f"no response within {READ_S:g} s"
        except (OSError, aiohttp.ClientError) as error:
            return _cause(error)

    def _context(self) -> ssl.SSLContext | bool:
        if self._verify is True:
            return True
        trusted = Path(str(self._verify))
        if trusted.is_dir():  # as REQUESTS_CA_BUNDLE may be
            return ssl.create_default_context(capath=trusted)
        return ssl.create_default_context(cafile=trusted)

    def _check_versions(self) -> None:
        import ray

        metadata = self._ask("/api/v0/cluster_metadata")
        theirs = metadata.get("rayVersion"), _minor(str(metadata.get("pythonVersion")))
        if theirs[0] is None:
            raise self._error(NO_RAY)
        ours = ray.__version__, _minor(platform.python_version())
        if theirs != ours:
            names = (f"Ray {version} and Python {python}" for version, python in (ours, theirs))
            raise self._error("must run {} as here, got {}".format(*names))

    def _ask(self, path: str) -> dict[str, Any]:
        """Data of the response to a request; empty if it is not a response of Ray."""
        import requests

        try:
            answer = requests.get(
                self.address + path,
                headers=self._headers,
                timeout=(ANSWER_S, READ_S),
                verify=self._verify,
                allow_redirects=False,  # the token goes to this address only
            )
        except requests.exceptions.SSLError as error:
            raise self._error(_refused(error)) from None
        except requests.exceptions.Timeout:
            raise self._error("does not respond in time") from None
        except (requests.exceptions.RequestException, ValueError) as error:
            raise self._error(f"cannot be reached: {_cause(error)}") from None
        if answer.status_code == 401:
            raise self._error(f"requires a token, got none (from {TOKEN})")
        if answer.status_code == 403:
            raise self._error(f"rejects the token (from {TOKEN})")
        try:
            data = answer.json()["data"]
        except (ValueError, KeyError, TypeError):
            return {}
        return data if isinstance(data, dict) else {}

    def _error(self, reason: str) -> InputError:
        return InputError(f"--address {self.address}: {reason}")


def _check_form(address: str) -> None:
    try:
        parts = urlsplit(address)
        good = bool(parts.hostname) and parts.port != 0 and not (parts.query or parts.fragment)
    except ValueError:
        good = False
    if good and parts.username is not None:
        raise InputError(
            f"--address: must not contain a user name or password; Ray takes its token from {TOKEN}"
        )
    if not good:
        raise InputError(f"--address: must be https://host or http://host:8265, got {address!r}")


def _check_extra() -> None:
    try:
        import aiohttp  # noqa: F401
        import requests  # noqa: F401
        from ray.job_submission import JobSubmissionClient  # noqa: F401
    except ImportError as error:
        raise InputError(
            f"--address http://...: needs the extra cluster (no module {error.name}): "
            "pip install '.[cluster]'"
        ) from None


def _token_headers() -> dict[str, str]:
    """Header with Ray's token, which its own client only sends if `RAY_AUTH_MODE` is `token`."""
    if os.environ.get("RAY_AUTH_MODE", "token").lower() != "token":
        return {}
    from ray.exceptions import AuthenticationError

    try:
        return token_headers()
    except AuthenticationError as error:
        raise InputError(f"--address: {str(error).partition('. ')[0]}") from None


def _refused(error: BaseException) -> str:
    """Why a connection by TLS failed."""
    inner: BaseException | None = error
    while inner is not None and not isinstance(inner, ssl.SSLError):
        wrapped = getattr(inner, "reason", None) or next(iter(inner.args), None)
        inner = wrapped if isinstance(wrapped, BaseException) else inner.__context__
    if isinstance(inner, ssl.SSLCertVerificationError):
        reason = inner.verify_message.rstrip(".")
        unknown = "self-signed" in reason or "issuer" in reason
        hint = " (--cacert names the authority to trust)" if unknown else ""
        return f"its certificate is refused: {reason}{hint}"
    if isinstance(inner, ssl.SSLError) and "WRONG_VERSION_NUMBER" in str(inner.reason):
        return "does not use TLS: http:// instead of https://?"
    return f"no connection by TLS: {_cause(error)}"


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _cause(error: BaseException) -> str:
    """Innermost reason of a failed request."""
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, OSError) and inner.strerror:
            return inner.strerror
        wrapped = getattr(inner, "reason", None) or next(iter(inner.args), None)
        inner = wrapped if isinstance(wrapped, BaseException) else inner.__context__
    return " ".join(str(error).split())
