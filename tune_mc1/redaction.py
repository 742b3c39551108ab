"""Redaction of API keys and tokens in everything that is printed or written."""

import os
import re
from pathlib import Path

MASK = "***"
_NAMES = re.compile(r"(KEY|KEY_ID|TOKEN|SECRET|PASSWORD|PASSWD|CONNECTION_STRING)$", re.IGNORECASE)
_MIN_LENGTH = 8  # a shorter value may occur within an ordinary word
_IN_ADDRESS = re.compile(r"(?<=://)[^/@\s]+@")
_OF_AZURE = re.compile(r"(?<=\bAccountKey=)[^;\s'\"]+|(?<=[?&;]sig=)[^&;\s'\"]+")
"""The key in a connection string, and the signature in an address with a SAS token."""


def redact(text: str) -> str:
    """Masks the secrets of this process's environment, including Ray's token.

    Args:
        text: Text about to be printed or written.
    """
    for secret in sorted(_secrets(), key=len, reverse=True):
        text = text.replace(secret, MASK)
    return _OF_AZURE.sub(MASK, _IN_ADDRESS.sub(f"{MASK}@", text))


def _secrets() -> set[str]:
    named = {value for name, value in os.environ.items() if _NAMES.search(name)}
    return {value for value in (*named, _ray_token()) if len(value) >= _MIN_LENGTH}


def _ray_token() -> str:
    named = os.environ.get("RAY_AUTH_TOKEN_PATH")
    try:
        path = Path(named) if named else Path.home() / ".ray" / "auth_token"
        return path.read_text().strip()
    except (OSError, RuntimeError, ValueError):  # no home directory, or not text
        return ""
