"""W&B's own reader of its run files, as `wandb leet inspect --json` starts it, without Python."""

import json
import subprocess
from pathlib import Path
from typing import Any

from wandb.util import get_core_path


def inspect(file: Path, *options: str) -> list[dict[str, Any]]:
    """Records of a run file; with `--summary`, what its reader sums up."""
    place = ["--run-file", str(file), str(file.parents[1])]
    command = [get_core_path(), "leet", "inspect", "--no-observability", *options, "--json", *place]
    text = subprocess.run(command, capture_output=True, check=True).stdout
    return [json.loads(text)] if options else [json.loads(line) for line in text.splitlines()]
