"""Names of Ray that are not part of its documented API: authentication tokens."""

import os

from tune_mc1.private_names import PrivateName

SEEN = "seen in Ray 2.60"

TOKEN = PrivateName(
    "ray._raylet:AuthenticationTokenLoader",
    "shows a cluster's dashboard the token of this machine",
    SEEN,
    "a dashboard that asks for a token refuses the job",
)
CONFIG = PrivateName(
    "ray._raylet:Config.initialize",
    "a process that has ended its own Ray can connect to a cluster without a token",
    SEEN,
    "such a cluster ends each trial before it runs; a new process has no such trouble",
)

NAMES = (TOKEN, CONFIG)
"""All names; a test looks for each in the version that is installed."""

AUTH_MODE = "RAY_AUTH_MODE"


def set_auth_mode(mode: str | None) -> None:
    """Makes Ray in this process ask for a token, or not, from its next start on.

    Ray (2.60) turns tokens on for a Ray of our own, in the environment and in a setting, keeps the
    token that it has read, and leaves all of that so. Connected to a cluster without tokens then,
    the process would refuse what the cluster asks it: whether an actor is still needed. The cluster
    takes that for a no, and cancels each actor before it runs.

    Args:
        mode: What `RAY_AUTH_MODE` is to be; None removes it.
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
    """The header that shows Ray's token; empty without one.

    Raises:
        ray.exceptions.AuthenticationError: If there should be a token and it cannot be read.
    """
    loader = TOKEN.get()
    if loader is None:
        return {}
    return dict(loader.instance().get_token_for_http_header(ignore_auth_mode=True))
