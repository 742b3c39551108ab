"""What is refused before a job is sent, each with one line."""

import json
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
import ray

from tests.cli.test_bad_environment import run
from tests.running.test_sweep import tune_mc1
from tests.support.bad_input import PARAMETERS, CommandLine
from tests.support.job_head import TOKEN, Head
from tune_mc1.cluster.jobs import server as job_server

CLOSED = "http://127.0.0.1:1"
SWEEP = ("sweep", "grid", "sweep.yaml", "-d", "shapes10", "-o", "/shared/out")
PLACE = "a URL or an absolute path that all nodes of the cluster share"
FORM = "--address: must be https://host or http://host:8265, got"
NO_RAY = "the server there is not a Ray dashboard (usually at port 8265)"


@pytest.fixture(autouse=True)
def sweep_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("sweep.yaml").write_text(PARAMETERS)
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")  # no token of this user goes anywhere


FLAGS: dict[tuple[str, ...], str] = {
    ("SWEEP", "--address", CLOSED): f"--address {CLOSED}: cannot be reached: Connection refused",
    ("stop", "/out/x", "--address", CLOSED): f"--address {CLOSED}: cannot be reached: Connection "
    "refused",
    ("stop", "out/x", "t0001", "--address", CLOSED): "stop: must be an absolute path on the "
    "cluster, or a URL, with --address, got 'out/x'",
    ("add", "/out/x", "-n", "2", "--address", "auto"): "--address: must be https://head or "
    "http://localhost:8265; without it, the directory is looked up here, got 'auto'",
    ("SWEEP", "--address", "http://"): f"{FORM} 'http:'",
    ("SWEEP", "--address", "http://h:x"): f"{FORM} 'http://h:x'",
    ("SWEEP", "--address", "http://h:8265/#/jobs"): f"{FORM} 'http://h:8265/#/jobs'",
    ("SWEEP", "--address", "https://h?x=1"): f"{FORM} 'https://h?x=1'",
    ("SWEEP", "--address", "http://me:secret@h:8265"): "--address: must not contain a user name or "
    "password; Ray takes its token from RAY_AUTH_TOKEN, RAY_AUTH_TOKEN_PATH or ~/.ray/auth_token",
    ("GRID", "--address", CLOSED): f"-o: is required with --address http://...: {PLACE}",
    ("GRID", "-o", "out", "--address", CLOSED): f"-o: must be {PLACE}, got 'out'",
    ("GRID", "-o", "~/out", "--address", CLOSED): f"-o: must be {PLACE}, got '~/out'",
    ("GRID", "--resume", "out/x", "--address", CLOSED): f"--resume: must be {PLACE}, got 'out/x'",
    ("GRID", "--resume", "/out/x", "--dry-run", "--address", CLOSED): "--dry-run: cannot read the "
    "--resume directory, which is on the cluster",
    ("SWEEP", "-d", "images", "--address", CLOSED): "--data: must be cifar10, "
    "shapes10, auto, torchvision:NAME, or an absolute path on the cluster, got 'images'",
    ("SWEEP", "-d", "cifra10", "--address", CLOSED): "--data: must be cifar10, "
    "shapes10, auto, torchvision:NAME, or an absolute path on the cluster, got 'cifra10', did you "
    "mean 'cifar10'?",
    ("SWEEP", "--set", "epochs=0", "--address", CLOSED): "--set epochs: must be at least 1, got 0",
    ("SWEEP", "--epochs", "3", "--address", CLOSED): "--epochs: only valid with --resume; for a "
    "new sweep use --set epochs=N",
    ("study", "first_grid", "--address", CLOSED): "-o: is required with --address http://...: "
    f"{PLACE}",
    ("study", "first_grid", "--scale", "2", "--address", CLOSED): "--scale: must be greater than "
    "0 and at most 1, got 2",
}


@pytest.mark.parametrize("words", FLAGS, ids=lambda words: " ".join(words)[:80])
def test_flag(command_line: CommandLine, words: tuple[str, ...]) -> None:
    short = {"SWEEP": SWEEP, "GRID": SWEEP[:5]}
    spelled = [w for word in words for w in short.get(word, (word,))]
    command_line.refuses(*spelled, message=FLAGS[words])


def test_mistakes_of_the_file_come_before_the_cluster(command_line: CommandLine) -> None:
    Path("sweep.yaml").write_text(PARAMETERS + "data: images\nstorage: out\n")
    known = "cifar10, shapes10, auto, torchvision:NAME, or an absolute path on the cluster"
    rule = f"must be {known}, got 'images'"
    words = ("sweep", "grid", "sweep.yaml", "--address", CLOSED)
    command_line.refuses(*words, message=f"sweep.yaml: data: {rule}")
    command_line.refuses(*words, "-d", "/images", message=f"storage: must be {PLACE}, got 'out'")
    Path("sweep.yaml").write_text("parameters:\n  learning_rate: {values: [-1]}\n")
    command_line.refuses(
        *words,
        message="sweep.yaml:2: parameters.learning_rate.values[0]: must be greater than 0, got -1",
    )


def test_a_dry_run_stays_here(command_line: CommandLine) -> None:
    words = ("sweep", "grid", "sweep.yaml", "-d", "/images", "--dry-run", "--address", CLOSED)
    assert command_line(*words) == (0, [])


class Answers(BaseHTTPRequestHandler):
    """A server that answers everything so, or not at all."""

    status = 200
    body: ClassVar[Any] = None
    wait: ClassVar[threading.Event]

    def do_GET(self) -> None:
        if self.status == 0:
            self.wait.wait(60)
        self.send_response(self.status)
        self.end_headers()
        text = self.body if isinstance(self.body, str) else json.dumps(self.body)
        self.wfile.write(text.encode())

    def log_message(self, *words: Any) -> None:
        """Says nothing."""


@contextmanager
def answering(status: int, body: Any) -> Iterator[str]:
    end = threading.Event()
    handler = type("Handler", (Answers,), {"status": status, "body": body, "wait": end})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        end.set()
        server.shutdown()


def versions(ray_version: str, python: str) -> dict[str, Any]:
    return {"result": True, "data": {"rayVersion": ray_version, "pythonVersion": python}}


HERE = ".".join(map(str, sys.version_info[:2]))
OURS = f"must run Ray {ray.__version__} and Python {HERE} as here, got"
TOKENS = "(from RAY_AUTH_TOKEN, RAY_AUTH_TOKEN_PATH or ~/.ray/auth_token)"
SERVERS = {
    "another Ray": (200, versions("2.11.0", f"{HERE}.1"), f"{OURS} Ray 2.11.0 and Python {HERE}"),
    "another Python": (
        *(200, versions(ray.__version__, "3.9.18")),
        f"{OURS} Ray {ray.__version__} and Python 3.9",
    ),
    "a web page": (200, "<html>welcome</html>", NO_RAY),
    "other data": (200, ["rayVersion"], NO_RAY),
    "not found": (404, "Not Found", NO_RAY),
    "no token": (401, "Unauthorized", f"requires a token, got none {TOKENS}"),
    "wrong token": (403, "Forbidden", f"rejects the token {TOKENS}"),
    "silence": (0, "", "does not respond in time"),
}


@pytest.mark.parametrize("kind", SERVERS)
def test_server(command_line: CommandLine, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    status, body, reason = SERVERS[kind]
    monkeypatch.setattr(job_server, "READ_S", 30.0 if status else 0.5)
    with answering(status, body) as url:
        command_line.refuses(*SWEEP, "--address", url, message=f"--address {url}: {reason}")


def test_what_speaks_no_http(command_line: CommandLine) -> None:
    """Such as Ray's own port, 6379."""

    def answer() -> None:
        connection, _ = server.accept()
        connection.recv(1000)
        connection.sendall(b"\0\0\0\4\10\0\0\0\0\0\0\0")
        connection.close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=answer, daemon=True).start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        status, lines = command_line(*SWEEP, "--address", url)
    assert (status, len(lines)) == (2, 1)
    assert lines[0].startswith(f"--address {url}: cannot be reached: ")


def test_a_real_cluster_with_another_token(
    job_head: Head, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = (*SWEEP, "--address", job_head.url)
    plain: dict[str, str | None] = {"HOME": str(tmp_path), "RAY_AUTH_MODE": None}
    refused = f"--address {job_head.url}: rejects the token {TOKENS}\n"
    assert run(*words, env={**plain, "RAY_AUTH_TOKEN": "b" * 64}) == (2, refused)
    none = f"--address {job_head.url}: requires a token, got none {TOKENS}\n"
    assert run(*words, env=plain) == (2, none)
    (tmp_path / ".ray").mkdir()
    (tmp_path / ".ray" / "auth_token").write_text(TOKEN)
    monkeypatch.delenv("RAY_AUTH_MODE")
    done = tune_mc1(*words, "--resume", "/none", cwd=tmp_path, HOME=str(tmp_path))
    assert (done.returncode, done.stderr) == (2, "")
    assert "/none: no such directory" in done.stdout, "the job itself says it"


def test_a_token_that_cannot_be_read() -> None:
    env = {"RAY_AUTH_MODE": None, "RAY_AUTH_TOKEN": None, "RAY_AUTH_TOKEN_PATH": "/none/token"}
    assert run(*SWEEP, "--address", CLOSED, env=env) == (
        2,
        "--address: RAY_AUTH_TOKEN_PATH is set but file cannot be opened or is empty: "
        "/none/token\n",
    )


@pytest.mark.parametrize("module", ["aiohttp", "requests"])
def test_without_the_extra(module: str) -> None:
    code = f"import sys; sys.modules['{module}'] = None"
    assert run(*SWEEP, "--address", CLOSED, before=code) == (
        2,
        f"--address http://...: needs the extra cluster (no module {module}): "
        "pip install '.[cluster]'\n",
    )
