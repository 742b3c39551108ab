"""Identity of a setting."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def setting_hash(values: Mapping[str, Any]) -> str:
    """Twelve hex digits that identify a setting, by its values."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:12]
