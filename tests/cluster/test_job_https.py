"""Jobs over https, by a TLS proxy with its own certificate; Ray's token only where it may go."""

from pathlib import Path

import pytest

from tests.cluster.test_job_refused import (
    CLOSED,
    HERE,
    SWEEP,
    answering,
    sweep_file,  # noqa: F401  a fixture
    versions,
)
from tests.support.bad_input import CommandLine
from tests.support.certificates import make_certificate, server_context
from tests.support.job_head import Head, Tunnel, head_token
from tune_mc1.cluster.jobs.follow import Job, follow
from tune_mc1.cluster.jobs.server import JobServer
from tune_mc1.cluster.jobs.submit import new_id
from tune_mc1.errors import InputError

REFUSED = "its certificate is refused:"


def test_a_job_through_a_tls_proxy(
    tmp_path: Path, job_head: Head, capsys: pytest.CaptureFixture[str]
) -> None:
    certificate = make_certificate(tmp_path)
    proxy = Tunnel(job_head.url, server_context(certificate))
    with head_token():
        server = JobServer(proxy.url, cacert=certificate)
        assert server.token
        client = server.client()
        job = Job(new_id(), server, "sweep grid", "s3://bucket/out")
        client.submit_job(entrypoint="echo Results: /out/x; exit 1", submission_id=job.id)
        assert follow(job, client) == 1, "its output comes by a websocket, over TLS too"
    said = capsys.readouterr()
    assert "Results: /out/x" in said.out
    assert f"--resume /out/x --address {proxy.url} --cacert {certificate}" in said.err
    assert job.ray("stop").endswith(f"--address {proxy.url} --verify {certificate} {job.id}")
    proxy.cut()


@pytest.mark.parametrize(
    ("address", "days", "trusted", "reason"),
    [
        ("127.0.0.1", 1, False, f"{REFUSED} self-signed certificate (--cacert names the authority "
         "to trust)"),
        ("127.0.0.1", -1, True, f"{REFUSED} certificate has expired"),
        ("127.0.0.2", 1, True, f"{REFUSED} IP address mismatch, certificate is not valid for "
         "'127.0.0.1'"),
    ],
)  # fmt: skip
def test_a_certificate_that_is_refused_has_one_line(
    tmp_path: Path,
    command_line: CommandLine,
    address: str,
    days: int,
    trusted: bool,
    reason: str,
) -> None:
    certificate = make_certificate(tmp_path, address, days)
    with answering(200, versions("2.60.0", HERE)) as url:
        proxy = Tunnel(url, server_context(certificate))
        more = ("--cacert", certificate) if trusted else ()
        words = (*SWEEP, "--address", proxy.url, *more)
        command_line.refuses(*words, message=f"--address {proxy.url}: {reason}")
        proxy.cut()


def test_the_environment_names_authorities_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    import ray

    with answering(200, versions(ray.__version__, HERE)) as url:
        proxy = Tunnel(url, server_context(certificate))
        assert JobServer(proxy.url).address == proxy.url
        monkeypatch.setenv("SSL_CERT_FILE", "/none.pem")
        with pytest.raises(InputError, match=r"REQUESTS_CA_BUNDLE: no such file: /none\.pem"):
            JobServer(proxy.url)
        proxy.cut()


def test_a_server_without_tls(command_line: CommandLine) -> None:
    with answering(200, {}) as url:
        https = url.replace("http", "https")
        reason = "does not use TLS: http:// instead of https://?"
        command_line.refuses(*SWEEP, "--address", https, message=f"--address {https}: {reason}")


def test_the_token_is_not_sent_unencrypted_to_another_machine(
    command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.setenv("RAY_AUTH_TOKEN", "c" * 64)
    rule = (
        "must be https://, or a tunnel to this machine (`ray dashboard CLUSTER.yaml`, then "
        "http://localhost:8265): Ray's token would be sent unencrypted (--allow-http allows it)"
    )
    with answering(404, "") as url:
        other = url.replace("127.0.0.1", "0.0.0.0")  # reaches this machine, but is no loopback
        words = (*SWEEP, "--address", other)
        command_line.refuses(*words, message=f"--address {other}: {rule}")
        status, (line,) = command_line(*words, "--allow-http")
        assert (status, "not a Ray dashboard" in line) == (2, True), "it was asked"
        status, (line,) = command_line(*SWEEP, "--address", url)
        assert "not a Ray dashboard" in line


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--cacert", "a.pem"), "--cacert: only valid with --address https://..."),
        (("--allow-http",), "--allow-http: only valid with --address http://..."),
        (("--address", CLOSED, "--cacert", "a.pem"),
         "--cacert: only valid with --address https://..."),
        (("--address", "https://h", "--cacert", "a.pem"), "--cacert: a.pem: no such file"),
        (("--address", "https://h", "--cacert", "sweep.yaml"),
         "--cacert: sweep.yaml: has no certificates"),
    ],
)  # fmt: skip
def test_options_that_do_not_go_with_the_address(
    command_line: CommandLine, words: tuple[str, ...], message: str
) -> None:
    command_line.refuses(*SWEEP, *words, message=message)
