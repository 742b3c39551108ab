"""The lab itself: closed to the outside, and gone whatever ends it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.hosts import KEY, Lab
from tests.lab.machine import PROJECT
from tests.lab.sweeping import namespaces_in_use, within

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    lab = Lab(tmp_path_factory.mktemp("lab"), "someone", tmp_path_factory.mktemp("shared"))
    try:
        lab.boot(4)
        lab.boot(5)
        yield lab
    finally:
        lab.close()


def ssh(lab: Lab, command: str, status: int = 0) -> str:
    """A command on the first host."""
    options = "-o StrictHostKeyChecking=no -o LogLevel=ERROR -o ConnectTimeout=1"
    return lab.client.run(
        f"ssh -i {KEY} {options} someone@10.77.0.4 '{command}'", status=status
    ).strip()


def test_hosts_have_names_homes_and_a_network(lab: Lab) -> None:
    assert ssh(lab, "hostname; pwd; cat /proc/1/comm").split() == ["host4", "/root", "sshd"]
    assert ssh(lab, "read -rt 2 line </dev/tcp/10.77.0.5/22; echo $line").startswith("SSH")


def test_a_cable_that_is_cut_and_plugged_in_again(lab: Lab) -> None:
    lab.unplug(lab.hosts["host4"])
    ssh(lab, "true", status=255)
    lab.plug_in(lab.hosts["host4"])
    assert ssh(lab, "hostname") == "host4"


def test_a_host_is_found_again_after_a_power_cut(lab: Lab) -> None:
    ssh(lab, "touch ~/written /tmp/written")
    lab.hosts["host4"].power_off()
    ssh(lab, "true", status=255)
    lab.boot(4)
    assert ssh(lab, "ls ~ /tmp | grep -c written") == "1"
    lab.hosts["host4"].power_off()
    lab.boot(4, fresh=True)
    assert ssh(lab, "ls ~ /tmp | grep -c written || true") == "0"


@pytest.mark.parametrize("address", ["192.0.2.1", "1.1.1.1", "10.77.0.99"])
def test_no_address_outside_answers(lab: Lab, address: str) -> None:
    knock = f'timeout 1 bash -c "</dev/tcp/{address}/22" 2>/dev/null || echo closed'
    assert ssh(lab, knock) == "closed"
    assert lab.client.run(knock).strip() == "closed"
    outside = lab.client.run("ip -o link | cut -d: -f2").split()
    assert all(name == "lo" or name.startswith(("lab", "host")) for name in outside)


def test_only_the_shared_directory_can_be_written_to(lab: Lab) -> None:
    for folder in (PROJECT, Path(sys.prefix), Path("/usr"), Path("/var/lib")):
        assert "Read-only" in ssh(lab, f"touch {folder}/written 2>&1 || true")
    marker = "/etc/lab-was-here"
    ssh(lab, f"touch {marker}")
    assert not Path(marker).exists()


def test_a_test_that_is_killed_leaves_nothing(tmp_path: Path) -> None:
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from tests.lab.hosts import Lab\n"
        "lab = Lab(Path(sys.argv[1]), 'someone', Path(sys.argv[2]))\n"
        "host = lab.boot(4)\n"
        "lab.client.start('sleep 1000')\n"
        "print(*lab.client.namespaces, *host.namespaces, flush=True)\n"
        "time.sleep(1000)\n"
    )
    folders = [tmp_path / "lab", tmp_path / "shared"]
    for folder in folders:
        folder.mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", script, *folders],
        cwd=PROJECT,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        spaces = set(process.stdout.readline().split())
        assert len(spaces) == 10
        assert spaces <= namespaces_in_use()
        process.send_signal(signal.SIGKILL)
    within(10, lambda: not spaces & namespaces_in_use())
