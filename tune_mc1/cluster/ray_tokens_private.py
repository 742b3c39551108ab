"""Names of Ray that are not part of its documented API: authentication tokens."""

import os

from tune_mc1.private_names import PrivateName

SEEN = "seen in Ray 2.60"

TOKEN = PrivateName(
    "ray._raylet:AuthenticationTokenLoader",
    "sends the token of this machine to a cluster's dashboard",
    SEEN,
    "a dashboard that requires a token rejects the job",
)
CONFIG = PrivateName(
    "ray._raylet:Config.initialize",
    "lets a process that has shut down its own Ray connect to a cluster without tokens",
    SEEN,
    "such a cluster cancels each trial before it runs; a new process is not affected",
)

NAMES = (TOKEN, CONFIG)
"""All names; a test looks for each in the version that is installed."""

AUTH_MODE = "RAY_AUTH_MODE"


def set_auth_mode(mode: str | None) -> None:
    """Sets whether Ray in this process uses tokens, from its next start on.

    Ray (2.60) enables tokens for our own Ray, in the environment and in a setting, caches the
    token, and never resets them. Connected to a cluster without tokens afterwards, the process
    would reject the cluster's question whether an actor is still needed. The cluster takes that for
    a no, and cancels each actor before it runs.

    Args:
        mode: New value of `RAY_AUTH_MODE`; None removes it.
    """
    if mode is None:
        os.environ.pop(AUTH_MODE, None)
    else:
        os.environ[AUTH_MODE] = mode
    initialize, loader = CONFIG.get(), TOKEN.get()
    if initialize is not None and loader is not None:
        initialize("")
        loader.instance().reset_cache()


def token_headers() -> dict[str, str]:
    """HTTP header with Ray's token; empty without one.

    Raises:
        ray.exceptions.AuthenticationError: If a token is configured but cannot be read.
    """
    loader = TOKEN.get()
    if loader is None:
        return {}
    return dict(loader.instance().get_token_for_http_header(ignore_auth_mode=True))
