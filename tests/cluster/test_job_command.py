"""What a job is made of: the command as it was given, and the code that is sent along."""

import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.bad_input import PARAMETERS, CommandLine
from tune_mc1.cluster.jobs import submit as job
from tune_mc1.cluster.jobs.job_command import JobCommand
from tune_mc1.cluster.jobs.package import pack
from tune_mc1.planning.plan import Plan
from tune_mc1.results.provenance import git_commit

CLOSED = "http://127.0.0.1:1"


def test_the_command_is_the_same_again(
    command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[JobCommand, list[Plan]]] = []

    def submit(command: JobCommand, plans: list[Plan], notify: Any) -> int:
        sent.append((command, plans))
        return 0

    monkeypatch.setattr(job, "submit", submit)
    name = "-a 'b' $(c)\n.yaml"
    Path(name).write_text(PARAMETERS)
    words = ["sweep", "random", "-n", "3", "--set", "epochs=2", "--set", "seed=1,2", "-o"]
    words += ["s3://bucket/a b", "--wandb", "offline", "--limit-images", "0.5", "--address", CLOSED]
    assert command_line(*words, "--", name) == (0, [])
    line = sent[0][0].entrypoint()
    assert line.startswith("exec python -m tune_mc1 sweep random ")
    Path("files").mkdir()
    Path(name).rename(Path("files") / name)
    again = [f"--address={CLOSED}" if w == "--address=auto" else w for w in shlex.split(line)[4:]]
    assert command_line(*again) == (0, [])
    assert sent[1][0].options == sent[0][0].options
    here = [replace(plan, source=name) for plan in sent[1][1]]  # the file has been moved
    assert here == sent[0][1], "the plans"
    assert "'--output=s3://bucket/a b'" in line
    assert {"--address", "--dry-run", "--json"}.isdisjoint(sent[0][0].options)


def test_what_is_sent(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    name = os.fsdecode(b"caf\xe9.yaml")
    (tmp_path / name).write_text(PARAMETERS)
    pack(folder, tmp_path / name)
    sent = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert {"tune_mc1/cli/app.py", "tune_mc1/_configs/grid.yaml", "files/caf\ufffd.yaml"} <= sent
    assert {Path(path).parts[0] for path in sent} == {"tune_mc1", "files"}
    assert not [path for path in sent if "__pycache__" in path or path.endswith(".parquet")]
    archive = shutil.make_archive(str(tmp_path / "sent"), "zip", folder)
    assert Path(archive).stat().st_size < 1_500_000
    code = "from tune_mc1.results.provenance import git_commit; print(git_commit())"
    words = [sys.executable, "-c", code]
    told = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == str(git_commit())
