"""The page's server: whom it answers, what it tells, and that it reads on as a sweep runs."""

import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.served_page import (
    ask,
    made_sweep,
    more_epochs,
    name,
    served,
)
from tune_mc1.page.live_sweep import LiveSweep
from tune_mc1.page.security import Guard
from tune_mc1.page.sweep_facts import facts
from tune_mc1.page.sweeps import read_whole
from tune_mc1.results.directory import ResultDir

TRIALS = 30


@pytest.fixture(scope="module")
def where(tmp_path_factory: pytest.TempPathFactory) -> ResultDir:
    return made_sweep(tmp_path_factory.mktemp("results") / "one", TRIALS, running=3)


@pytest.fixture(scope="module")
def address(where: ResultDir) -> Iterator[str]:
    with served(where.root.parent) as found:
        yield found


PAGES = ("/", "/api/place", "/api/sweeps", "/api/sweeps/one", "/api/sweeps/one/trials/t0001/log")


@pytest.mark.parametrize("path", PAGES)
def test_a_wrong_token_is_refused(address: str, path: str) -> None:
    for token in ("", "wrong", "a-token-of-the-test", "ä"):
        status, _, told = ask(address, path, X_Token=token.encode().decode("latin-1"))
        assert (status, "token" in told["error"]) == (403, True)
    base = address.partition("?")[0]
    assert ask(base, f"{path}?token=wrong", X_Token="")[0] == 403


def test_the_token_in_the_address_is_only_for_the_page(address: str) -> None:
    token = address.partition("token=")[2]
    assert ask(address, f"/?token={token}", X_Token="")[0] == 200
    assert ask(address, f"/api/sweeps?token={token}", X_Token="")[0] == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:80"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "192.168.0.1"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_pages_of_another_origin_are_refused(address: str, headers: dict[str, str]) -> None:
    status, found, told = ask(address, "/api/sweeps/one", **headers)
    assert status == 403
    assert "val_acc" not in str(told)
    assert not [n for n in found if n.lower().startswith("access-control")]
    request = {"ask": "stop_sweep"}
    assert ask(address, "/api/sweeps/one/requests", request, **headers)[0] == 403


def test_a_preflight_request_allows_nothing(address: str) -> None:
    base = address.partition("/?")[0]
    for origin in ("http://evil.example", base):
        status, found, _ = ask(address, "/api/sweeps/one", method="OPTIONS", Origin=origin)
        assert status in {403, 405}
        assert not [n for n in found if n.lower().startswith("access-control")]


def test_own_origin_is_answered(address: str) -> None:
    base = address.partition("/?")[0]
    headers = {"Origin": base, "Sec-Fetch-Site": "same-origin"}
    assert ask(address, "/api/sweeps/one", **headers)[0] == 200
    port = base.rpartition(":")[2]
    assert ask(address, "/api/sweeps/one", Host=f"localhost:{port}")[0] == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7"])
def test_a_server_for_others_is_reached_by_its_addresses_and_own_name(host: str) -> None:
    guard = Guard("t", host)
    for own in (host, "192.0.2.9:80", "[2001:db8::1]:80", socket.gethostname(), "localhost:1"):
        assert guard._is_our_name(own), own
    for foreign in ("evil.example", "evil.example:80", "1.2.3.4.evil.example", "", "127.1x"):
        assert not guard._is_our_name(foreign), foreign


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../server.py",
        "/assets/%2e%2e/server.py",
        "/assets/..%2fserver.py",
        "/assets//etc/passwd",
        "/assets/%2fetc%2fpasswd",
        "/assets/views",
        "/server.py",
        "/api/sweeps/..%2fone",
        "/api/sweeps/%2e%2e",
        "/api/sweeps/one%2f..%2fone",
        "/api/sweeps/one/trials/..%2f..%2fjournal.jsonl/log",
        "/api/sweeps/one/analysis/..%2fimportance",
        "/api/sweeps/%00",
    ],
)
def test_nothing_else_of_the_disk_is_served(address: str, path: str) -> None:
    status, _, told = ask(address, path)
    assert status in {400, 403, 404}, told
    assert "from tune_mc1" not in str(told)
    assert "root:" not in str(told)


@pytest.mark.parametrize("path", ["/", "/assets/main.js", "/api/sweeps", "/none"])
def test_every_answer_has_the_headers(address: str, path: str) -> None:
    token = address.partition("token=")[2]
    found = ask(address, f"{path}?token={token}")[1]
    assert "script-src 'self'" in found["Content-Security-Policy"]
    assert "default-src 'none'" in found["Content-Security-Policy"]
    assert "unsafe" not in found["Content-Security-Policy"]
    assert found["X-Content-Type-Options"] == "nosniff"
    assert found["Referrer-Policy"] == "no-referrer"
    assert found["Cache-Control"] == "no-store"


def test_bad_requests_get_one_line(address: str) -> None:
    path = "/api/sweeps/one/requests"
    assert ask(address, path, {"ask": "dance"})[0] == 400
    assert ask(address, path, {"ask": "resize", "max_concurrent": 0})[0] == 400
    assert ask(address, path, {"ask": "stop_trials", "trials": "t0001"})[0] == 400
    assert ask(address, path, [1])[0] == 400
    assert ask(address, path, {"ask": "stop_sweep"}, Content_Type="text/plain")[0] == 415
    assert ask(address, path, {"ask": "note", "trial": "t", "text": "x" * 70_000})[0] == 413
    status, _, told = ask(address, path, {"ask": "stop_sweep"})
    assert (status, "no sweep runs here" in told["error"]) == (400, True)
    assert ask(address, "/api/sweeps/none/requests", {"ask": "stop_sweep"})[0] == 404


def test_read_only_refuses_every_request(where: ResultDir) -> None:
    before = where.journal.read_bytes()
    with served(where.root, read_only=True) as address:
        assert ask(address, "/api/place")[2]["read_only"] is True
        for request in ({"ask": "stop_sweep"}, {"ask": "pin", "trial": "t0001", "pinned": True}):
            status, _, told = ask(address, "/api/sweeps/one/requests", request)
            assert (status, "read-only" in told["error"]) == (403, True)
    assert where.journal.read_bytes() == before
    assert not (where.root / "requests").exists()


def test_only_what_has_changed_is_told(tmp_path: Path) -> None:
    where = made_sweep(tmp_path / "grows", TRIALS, running=3)
    with served(tmp_path) as address:
        path = "/api/sweeps/grows"
        first = ask(address, path)[2]
        assert first["full"]
        assert len(first["rows"]) == TRIALS
        assert first["sweep"]["states"] == {"completed": 27, "running": 3}
        version = first["version"]
        again = ask(address, f"{path}?since={version}")[2]
        assert "rows" not in again
        curves = ask(address, f"{path}/curves?metric=val_acc")[2]["curves"]
        assert len(curves[name(29)]) == 3
        more_epochs(where, 2, 4, first=28)
        with where.journal.open("ab") as file:
            file.write(b'{"event":"epoch","trial":"t0028","epo')  # a line that is being written
        told = ask(address, f"{path}?since={version}")[2]
        assert not told["full"]
        assert [row[0] for row in told["rows"]] == [name(28), name(29)]
        new = ask(address, f"{path}/curves?metric=val_acc&since={version}")[2]
        assert {t: [e for e, _ in points] for t, points in new["curves"].items()} == {
            name(28): [4],
            name(29): [4],
        }
        whole = ask(address, path)[2]
        keys = [column["key"] for column in whole["columns"]]
        scores = {row[0]: row[keys.index("score")] for row in whole["rows"]}
        tables = where.read()
        assert scores == {t: tables.score(row) for t, row in tables.trials.items()}


def test_a_version_of_another_reading_gets_everything(where: ResultDir, address: str) -> None:
    for since in (1, 10**9):
        told = ask(address, f"/api/sweeps/one?since={since}")[2]
        assert told["full"]
        assert len(told["rows"]) == TRIALS


def test_summary_of_a_table_is_that_of_the_whole_sweep(where: ResultDir) -> None:
    quick = read_whole(where)
    assert quick is not None
    whole = LiveSweep(where)
    whole.refresh()
    assert facts(quick) == facts(whole)
    assert facts(whole)["best"]["trial"] == whole.tables.ranked()[0]["trial"]


def test_a_log_is_followed(where: ResultDir, address: str) -> None:
    path, log = "/api/sweeps/one/trials/t0002/log", where.root / "logs" / "t0002.log"
    assert ask(address, path)[2]["text"] == ""
    log.write_text("first\n")
    part = ask(address, path)[2]
    assert (part["text"], part["cut"]) == ("first\n", False)
    with log.open("a") as file:
        file.write("second\n")
    assert ask(address, f"{path}?start={part['end']}")[2]["text"] == "second\n"
    log.write_text("".join(f"line {i}\n" for i in range(20_000)))
    part = ask(address, path)[2]
    assert part["cut"]
    assert part["text"].startswith("line ")
    assert part["text"].endswith("line 19999\n")
    assert part["end"] == log.stat().st_size


def test_command_serves_until_it_is_ended(where: ResultDir) -> None:
    words = [sys.executable, "-m", "tune_mc1", "watch", str(where.root), "--port", "0"]
    words += ["--rank", "score"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().removeprefix("Page: ").strip()
        with urllib.request.urlopen(address, timeout=30) as answer:
            assert b"<!doctype html>" in answer.read()
        token = address.partition("token=")[2]
        told = ask(address, "/api/sweeps/one", X_Token=token)[2]
        assert told["sweep"]["rank"] == "score"
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert address.startswith("http://127.0.0.1:")
    assert len(address.partition("token=")[2]) >= 32


def test_bad_directories_get_one_line(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "tune_mc1", "watch", str(tmp_path / "none")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no such directory" in done.stderr
