"""Following a job through its ends, with jobs that are no sweeps, and lines that break."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.job_head import TOKEN, Head, Tunnel, head_token
from tune_mc1.cluster.jobs import follow as job_follow
from tune_mc1.cluster.jobs import server as job_server
from tune_mc1.cluster.jobs.follow import Job, follow
from tune_mc1.cluster.jobs.server import JobServer
from tune_mc1.cluster.jobs.submit import new_id


@pytest.fixture(autouse=True)
def token() -> Iterator[None]:
    with head_token():
        yield


def start(url: str, command: str) -> tuple[Job, Any]:
    server = JobServer(url)
    job = Job(new_id(), server, "sweep grid", "/shared/out")
    client = server.client()
    client.submit_job(entrypoint=command, submission_id=job.id)
    return job, client


def await_output(job: Job, client: Any) -> None:
    end = time.monotonic() + 100
    while "here" not in client.get_job_logs(job.id):
        assert time.monotonic() < end
        time.sleep(0.2)


def test_the_status_is_that_of_the_sweep(
    job_head: Head, capsys: pytest.CaptureFixture[str]
) -> None:
    statuses = (0, 1, 2, 130)
    says = f"echo 'Results: /shared/out/x y'; echo it is {TOKEN}; exit"
    jobs = {status: start(job_head.url, f"{says} {status}") for status in statuses}
    fetch = "Fetch: ray rsync-down CLUSTER.yaml '/shared/out/x y/' 'results/x y/' (with the file"
    resume = (
        "Resume: python -m tune_mc1 sweep grid --resume '/shared/out/x y' "
        f"--address {job_head.url}\n"
    )
    for status, (job, client) in jobs.items():
        assert follow(job, client) == status
        said = capsys.readouterr()
        assert "Results: /shared/out/x y\nit is ***\n" in said.out
        assert said.err.startswith({0: fetch, 2: ""}.get(status, resume))
        assert bool(said.err) == (status != 2), "bad input has nothing that could go on"
        assert "ray job" not in said.err, "there is nothing to stop any more"


def test_what_is_no_status_of_a_sweep(job_head: Head, capsys: pytest.CaptureFixture[str]) -> None:
    job, client = start(job_head.url, "kill -KILL $$")
    assert follow(job, client) == 1
    assert f"Job {job.id}: its process ended with status -9\n" in capsys.readouterr().err


def test_a_job_that_cannot_start(job_head: Head, capsys: pytest.CaptureFixture[str]) -> None:
    server = JobServer(job_head.url)
    job = Job(new_id(), server, "sweep grid", "/shared/out")
    client = server.client()
    client.submit_job(
        entrypoint="true", submission_id=job.id, runtime_env={"working_dir": "file:///none.zip"}
    )
    assert follow(job, client) == 1
    assert f"Job {job.id}: Ray could not run it: " in capsys.readouterr().err


@pytest.mark.parametrize("ending", ["cut", "silence"])
def test_a_connection_that_breaks(
    job_head: Head,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    ending: str,
) -> None:
    tunnel = Tunnel(job_head.url)
    job, client = start(tunnel.url, "echo here; exec sleep 300")
    await_output(job, client)
    if ending == "silence":
        monkeypatch.setattr(job_follow, "WATCH_S", 0.5)
        monkeypatch.setattr(job_server, "READ_S", 2.0)
    monkeypatch.setattr(Job, "show", lambda job, text: getattr(tunnel, ending)())
    assert follow(job, client) == 1
    error = capsys.readouterr().err
    assert f"The connection to {tunnel.url} broke (" in error
    assert f"continues as job {job.id} unless its cluster is down.\n" in error
    attach = f"Attach: RAY_AUTH_MODE=token ray job logs --follow --address {tunnel.url} {job.id}\n"
    assert attach + attach.replace("Attach", "Stop").replace("logs --follow", "stop") in error
    assert "Resume, once it has stopped: python -m tune_mc1 sweep grid --resume DIR" in error
    assert "Traceback" not in error
    tunnel.cut()
    assert job_head.job(job.id)["status"] == "RUNNING"
    JobServer(job_head.url).client().stop_job(job.id)
    assert job_head.await_end(job.id)["status"] == "STOPPED"


def test_a_job_that_is_stopped(
    job_head: Head, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    job, client = start(job_head.url, "echo here; exec sleep 300")
    await_output(job, client)
    assert client.stop_job(job.id)
    assert follow(job, client) == 130
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("said", "root"),
    [
        (["Results: /a b/c\n"], "/a b/c"),
        (["x\nResul", "ts: /a/", "b\ny\n"], "/a/b"),
        (["Results: results/x, and s3://bucket/a b/x\n"], "s3://bucket/a b/x"),
        (["Results: /x, and y\n"], "/x, and y"),
        (["no Results: /x\n", "Results: /half"], None),
    ],
)
def test_where_results_are_is_read_from_the_output(
    job_head: Head, capsys: pytest.CaptureFixture[str], said: list[str], root: str | None
) -> None:
    job = Job("tune_mc1-1", JobServer(job_head.url), None, "/shared/out")
    for text in said:
        job.show(text)
    assert job.root == root
    assert capsys.readouterr().out == "".join(said)
    assert ("python -m tune_mc1 fetch" in job.fetch_command()) == bool(root and "://" in root)
