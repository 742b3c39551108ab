"""A lab on one machine: hosts that can be logged in to, and a client with nothing else around.

The client owns the only network. It has no link to the real machine, so an address that is
mistyped leads nowhere. No namespace, link or mount of the lab is seen outside of it.
"""

import secrets
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from tests.lab import relay
from tests.lab.machine import HOME, SSHD, Machine, Place

SUBNET = "10.77.0"
TOOLS = ("ip", "unshare", "nsenter", "setpriv", "findmnt", "ssh", "ssh-keygen", "rsync")
KEY = HOME / ".ssh" / "id_ed25519"
"""The client's key, which all hosts accept."""


def missing() -> str | None:
    """Why there can be no lab on this machine; None where there can."""
    absent = [tool for tool in TOOLS if shutil.which(tool) is None]
    if SSHD is None:
        absent.append("sshd")
    if absent:
        return f"not installed: {', '.join(absent)}"
    tried = subprocess.run(
        ["unshare", "--mount", "--net", "--pid", "--ipc", "--uts", "--fork", "true"],
        capture_output=True,
        text=True,
        check=False,
    )
    return f"needs root: {tried.stderr.strip()}" if tried.returncode else None


class Lab:
    """The client and its hosts.

    Args:
        folder: Where the lab keeps keys and logs; the real machine's.
        user: The name by which the cluster file logs in.
        shared: A directory that client and hosts share with the real machine.
        profile: Lines of the hosts' `.bashrc`.
    """

    def __init__(self, folder: Path, user: str, shared: Path, profile: str = "") -> None:
        self.folder, self.user, self.shared = folder, user, shared
        self._fresh = self._write_home("fresh", profile)
        home = self._write_home("client")
        self._write_secrets(home, self._fresh)
        client = Place(home, user, shared)
        self.client = Machine("client", f"{SUBNET}.1", client, ["sleep", "infinity"])
        self.hosts: dict[str, Machine] = {}
        self._cables: dict[str, subprocess.Popen[str]] = {}
        self.wait_until("ip -br address show lab | grep -q /24")

    def boot(
        self, number: int, *, profile: str = "", fresh: bool = False, far: bool = False
    ) -> Machine:
        """Boots a host for the first time, or again after its power was cut.

        Args:
            number: The last part of its address.
            profile: Lines for the `.bashrc` of this host.
            fresh: Whether it is another machine than the one that had this address before, if any;
                else its home is as it was.
            far: Whether its cable can be made long (`distance`).
        """
        name = f"host{number}"
        home = self.folder / f"{name}-home"
        if fresh:
            shutil.rmtree(home, ignore_errors=True)
        if not home.exists():
            shutil.copytree(self._fresh, home)
            with (home / ".bashrc").open("a") as file:
                file.write(profile + "\n")
        options = ("UsePAM no", "StrictModes no", "PermitRootLogin prohibit-password")
        words = [str(SSHD), "-D", "-e", "-f", "none", "-h", str(HOME / ".ssh" / "host_key")]
        words += [word for option in options for word in ("-o", option)]
        place = Place(home, self.user, self.shared)
        host = Machine(name, f"{SUBNET}.{number}", place, words, self.client)
        self.hosts[name] = host
        # With a new hardware address, the others would not find a host again for a minute.
        mac = f"02:00:0a:4d:00:{number:02x}"
        self.client.run(f"ip link delete {name} 2>/dev/null || true")  # the kernel is slow to
        if far:
            self._cables[name] = _long_cable(self.client, host, name, mac)
        else:
            self.client.run(
                f"ip link add {name} type veth peer name eth0 address {mac} "
                f"netns {host.number_in(self.client)}"
            )
        self.client.run(f"ip link set {name} master lab up")
        self.wait_until(f"read -rt 1 line </dev/tcp/{host.address}/22; [[ $line == SSH* ]]")
        return host

    def unplug(self, host: Machine) -> None:
        """Cuts a host's cable."""
        self.client.run(f"ip link set {host.name} down")

    def plug_in(self, host: Machine) -> None:
        """Joins it again."""
        self.client.run(f"ip link set {host.name} up")

    def distance(self, host: Machine, seconds: float) -> None:
        """Sets how long every frame from and to a host is on its way; it was booted as `far`."""
        cable = self._cables[host.name].stdin
        assert cable is not None
        cable.write(f"{seconds}\n")
        cable.flush()

    def close(self) -> None:
        """Ends everything; what is just booting ends with the client."""
        self.client.power_off()
        for host in list(self.hosts.values()):
            host.power_off()
        for cable in self._cables.values():
            cable.communicate()

    def wait_until(self, command: str, seconds: float = 30.0) -> None:
        """Waits until a shell command succeeds on the client."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with suppress(AssertionError):
                self.client.run(command)
                return
            time.sleep(0.05)
        self.client.run(command)

    def _write_home(self, name: str, profile: str = "") -> Path:
        home = self.folder / f"{name}-home"
        (home / ".ssh").mkdir(parents=True)
        (home / ".ray").mkdir()
        # `ray down` stops nothing, and says nothing of it, where `ray` is not on the PATH.
        path = f"export PATH={sys.prefix}/bin:$PATH LANG=C.UTF-8"
        (home / ".bashrc").write_text(f"{path}\n{profile}\n")
        return home

    def _write_secrets(self, client: Path, host: Path) -> None:
        for path in (client / ".ssh" / KEY.name, host / ".ssh" / "host_key"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
        public = (client / ".ssh" / f"{KEY.name}.pub").read_text()
        (host / ".ssh" / "authorized_keys").write_text(public)
        (client / ".ray" / "auth_token").write_text(secrets.token_hex(32))


def _long_cable(client: Machine, host: Machine, name: str, mac: str) -> "subprocess.Popen[str]":
    """Starts the process that is a host's cable."""
    cable = subprocess.Popen(
        [sys.executable, "-I", "-S", relay.__file__, str(client.pid), str(host.pid), name, mac],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert cable.stdout is not None
    assert cable.stdout.readline() == "ready\n", "no cable"
    return cable
