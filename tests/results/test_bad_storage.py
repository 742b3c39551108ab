"""Object stores that cannot be used: one line each, within seconds, before anything starts."""

import re
import time
from collections.abc import Iterator

import pytest

from tests.support.bad_input import PARAMETERS, CommandLine
from tests.support.object_store import KEY, KEY_ID, ObjectStore, serving
from tune_mc1.results.store.filesystems import filesystem

GRID = ("sweep", "grid", "sweep.yaml", "-d", "shapes10", "--wandb", "disabled")
ENDPOINT = "(credentials and endpoint come from the environment: AWS_ACCESS_KEY_ID, "


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch, command_line: CommandLine) -> Iterator[ObjectStore]:
    filesystem.cache_clear()
    (command_line.here / "sweep.yaml").write_text(PARAMETERS)
    with serving(monkeypatch) as server:
        yield server
    filesystem.cache_clear()


URLS = {
    "s4://sweeps/x": "must be a directory, s3://..., gs://... or az://..., got 's4://sweeps/x'",
    "ftp://sweeps/x": "must be a directory, s3://..., gs://... or az://..., got 'ftp://sweeps/x'",
    "s3://": "must name a bucket, as in s3://bucket/prefix, got 's3://'",
    "gs://B": "must name a bucket, as in gs://bucket/prefix, got 'gs://B'",
    "s3://BUCKET/x": "must name a bucket, as in s3://bucket/prefix, got 's3://BUCKET/x'",
    "s3://sweeps/../x": "must have no '.' or '..' in its prefix, got 's3://sweeps/../x'",
    f"s3://{KEY_ID}:{KEY}@sweeps/x": "must be bucket and prefix only, got 's3://***@sweeps/x' "
    f"{ENDPOINT}AWS_ENDPOINT_URL, ...)",
    f"s3://sweeps/x?secret_key={KEY}": "must be bucket and prefix only, got 's3://sweeps/x?***' "
    f"{ENDPOINT}AWS_ENDPOINT_URL, ...)",
    "s3://nobody-has-it/x": "s3://nobody-has-it/x: cannot be written to: there is no such bucket",
}


@pytest.mark.parametrize("url", URLS)
def test_url(command_line: CommandLine, store: ObjectStore, url: str) -> None:
    command_line.refuses(*GRID, "-o", url, message=f"-o: {URLS[url]}")


@pytest.mark.parametrize("url", ["s4://sweeps/x", "s3://nobody-has-it/x"])
def test_url_in_the_sweep_file(command_line: CommandLine, store: ObjectStore, url: str) -> None:
    (command_line.here / "sweep.yaml").write_text(f"{PARAMETERS}storage: {url}\n")
    command_line.refuses(*GRID, message=f"storage: {URLS[url]}")


@pytest.mark.parametrize("command", ["show", "list", "report", "wandb sync"])
def test_what_reads_a_directory_says_how_to_get_one(
    command_line: CommandLine, store: ObjectStore, command: str
) -> None:
    command_line.refuses(
        *command.split(),
        "s3://sweeps/x/grid-1",
        message="s3://sweeps/x/grid-1: must be a local directory; to download it, run "
        "python -m tune_mc1 fetch s3://sweeps/x/grid-1",
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("train", "-o", "s3://sweeps/x"), "-o: must be a directory, got 's3://sweeps/x'"),
        (("fetch", "results"), "fetch: must be s3://..., gs://... or az://..., got 'results'"),
        (("fetch", "s4://b/x"), "fetch: " + URLS["s4://sweeps/x"].replace("sweeps", "b")),
        (
            ("fetch", "s3://sweeps/none"),
            "s3://sweeps/none: not a result directory (no journal.jsonl)",
        ),
        (
            ("fetch", "s3://nobody-has-it/x"),
            "s3://nobody-has-it/x: cannot be read: there is no such bucket",
        ),
        (
            ("sweep", "grid", "--resume", "s3://sweeps/none"),
            "s3://sweeps/none: not a result directory (no journal.jsonl)",
        ),
        (
            ("sweep", "grid", "--resume", "s4://b/x"),
            "--resume: " + URLS["s4://sweeps/x"].replace("sweeps", "b"),
        ),
    ],
    ids=lambda x: str(x)[:40],
)
def test_other_commands(
    command_line: CommandLine, store: ObjectStore, words: tuple[str, ...], message: str
) -> None:
    command_line.refuses(*words, message=message)


def test_a_store_that_does_not_answer(command_line: CommandLine, store: ObjectStore) -> None:
    store.stop()
    began = time.monotonic()
    for words, what in (
        ((*GRID, "-o", "s3://sweeps/x"), "-o: s3://sweeps/x: cannot be written to"),
        (("fetch", "s3://sweeps/x/y"), "s3://sweeps/x/y: cannot be read"),
        (("sweep", "grid", "--resume", "s3://sweeps/x/y"), "s3://sweeps/x/y: cannot be read"),
    ):
        status, (line,) = command_line(*words)
        assert (status, line[: len(what)]) == (2, what)
        refused = rf"127\.0\.0\.1:{store.port} after \d+ ms: Could not connect to server$"
        assert re.search(refused, line), line
    assert time.monotonic() - began < 60
    store.start()


def test_keys_that_are_not_known(
    command_line: CommandLine, store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """moto checks keys when it is told to."""
    monkeypatch.setattr("moto.core.responses.ActionAuthenticatorMixin.request_count", 1)
    monkeypatch.setattr("moto.settings.INITIAL_NO_AUTH_ACTION_COUNT", 0)
    command_line.refuses(
        *GRID,
        "-o",
        "s3://sweeps/x",
        message="-o: s3://sweeps/x: cannot be written to: the access key is unknown",
    )


def test_a_place_without_room_for_the_local_copy(
    command_line: CommandLine, store: ObjectStore
) -> None:
    (command_line.here / "results").touch()
    message = "results: must be a directory, got the file 'results'"
    command_line.refuses(*GRID, "-o", "s3://sweeps/x", message=message)
    assert store.names("x/") <= {"x/"}  # pyarrow's mark of a folder
