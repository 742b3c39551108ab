"""Choice of the W&B mode, without importing W&B, which takes a second."""

import configparser
import netrc
import os
from pathlib import Path
from typing import Literal, cast
from urllib.parse import urlsplit

from tune_mc1.errors import InputError, did_you_mean

Mode = Literal["online", "offline", "disabled"]

MODES = ("online", "offline", "disabled")
OLD_NAMES = {"dryrun": "offline", "run": "online", "shared": "online"}
PUBLIC_HOSTS = ("api.wandb.ai", "api.forge.coreweave.com", "forge.coreweave.com")
"""Host names of W&B's public server; an API key for one is valid for all."""


def choose_mode(flag: str | None) -> Mode:
    """Chooses the mode by the flag, then like W&B by `WANDB_MODE`, settings files and API key.

    Args:
        flag: Value of `--wandb`, or None.

    Returns:
        The mode; if none is named, online with an API key, else offline.

    Raises:
        InputError: If the mode does not exist, or is online without an API key.
    """
    source, mode = named_mode(flag)
    if mode is None:
        return "online" if has_key() else "offline"
    if mode == "online" and not has_key():
        raise InputError(
            f"{source}: online requires an API key (run `wandb login` or set WANDB_API_KEY), got "
            f"none for {server()}"
        )
    return mode


def named_mode(flag: str | None) -> tuple[str, Mode | None]:
    """First source that names a mode, and the mode, regardless of an API key.

    Args:
        flag: Value of `--wandb`, or None.

    Raises:
        InputError: If the mode does not exist.
    """
    sources = {
        "--wandb": flag,
        "WANDB_MODE": os.environ.get("WANDB_MODE"),
        "W&B's settings file: mode": _settings().get("mode"),
    }
    source, value = next(((s, v) for s, v in sources.items() if v), ("", ""))
    mode = OLD_NAMES.get(value.lower(), value.lower())
    if mode and mode not in MODES:
        hint = did_you_mean(mode, MODES)
        raise InputError(f"{source}: must be one of {', '.join(MODES)}{hint}, got {value!r}")
    return source, cast(Mode, mode) if mode else None


def has_key() -> bool:
    """True if there is an API key for the server in use; the key itself is not read."""
    if os.environ.get("WANDB_API_KEY") or os.environ.get("WANDB_IDENTITY_TOKEN_FILE"):
        return True
    if _settings().get("api_key"):
        return True
    named = os.environ.get("NETRC")
    paths = [Path(named)] if named else [Path("~/.netrc"), Path("~/_netrc")]
    return any(_in_netrc(path) for path in paths)


def server() -> str:
    """Host name and port of the server in use."""
    return _hosts()[0].rpartition("@")[2]


def _in_netrc(path: Path) -> bool:
    try:
        entries = netrc.netrc(path.expanduser())
    except (OSError, RuntimeError, netrc.NetrcParseError):  # W&B gets no key from it either
        return False
    return any(entries.authenticators(host) for host in _hosts())


def _hosts() -> tuple[str, ...]:
    """Host names and ports that a netrc file may have for the server in use."""
    url = os.environ.get("WANDB_BASE_URL") or _settings().get("base_url", "")
    host = urlsplit(url).netloc
    return (host,) if host and host not in PUBLIC_HOSTS else PUBLIC_HOSTS


def _settings() -> dict[str, str]:
    """Settings written by `wandb login`, `wandb offline` etc.; the local file takes precedence."""
    folder = Path(os.environ.get("WANDB_CONFIG_DIR") or "~/.config/wandb")
    found: dict[str, str] = {}
    for path in (folder / "settings", Path("wandb/settings")):
        parser = configparser.ConfigParser(default_section="none", interpolation=None)
        try:
            parser.read(path.expanduser())
        except (OSError, RuntimeError, UnicodeDecodeError, configparser.Error):
            continue  # W&B reports that itself, and ignores the file
        if parser.has_section("default"):
            found |= dict(parser["default"])
    return found
