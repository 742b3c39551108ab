"""A real Slurm in the lab: slurmctld on the client, slurmd on hosts, one munge for all.

The hosts share the machine's kernel, so that they reach the one munge by its socket, in the shared
directory. Slurm knows of two GPUs on every host, whose device files are /dev/null and /dev/zero.
Jobs in the partition `urgent` preempt those in `main`, which are requeued, and those in `graceful`,
which have a minute before.
"""

import os
import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tests.lab.hosts import SUBNET, Lab
from tests.lab.machine import HOME, PROJECT, Machine

PROGRAMS = ("slurmctld", "slurmd", "munged", "sbatch", "srun", "scontrol", "squeue")
CONF = """\
ClusterName=lab
SlurmctldHost=client({subnet}.1)
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
SlurmUser=root
SlurmdUser=root
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
JobRequeue=1
ReturnToService=2
KillWait=30
GresTypes=gpu
SlurmdParameters=config_overrides
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.%n.log
{nodes}
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP PriorityTier=1
PartitionName=graceful Nodes=ALL MaxTime=INFINITE State=UP PriorityTier=1 GraceTime=60
PartitionName=urgent Nodes=ALL MaxTime=INFINITE State=UP PriorityTier=2 PreemptMode=OFF
"""
GPUS = ("/dev/null", "/dev/zero")


def missing() -> str | None:
    """Why there can be no Slurm here; None where there can."""
    path = "/usr/sbin:/usr/bin:/sbin:/bin"
    absent = [name for name in PROGRAMS if shutil.which(name, path=path) is None]
    return (
        f"not installed: {', '.join(absent)} (slurmctld slurmd slurm-client munge)" * bool(absent)
        or None
    )


class Slurm:
    """Slurm on hosts of a lab.

    Args:
        lab: The lab.
        hosts: Those that run jobs, which are up.
        cpus: Cores of each, as Slurm is told.
    """

    def __init__(self, lab: Lab, hosts: Sequence[Machine], cpus: int) -> None:
        self.lab, self.folder = lab, lab.shared / "slurm"
        for name in ("state", *(f"spool.{host.name}" for host in hosts)):
            (self.folder / name).mkdir(parents=True)
        nodes = "\n".join(
            f"NodeName={h.name} NodeAddr={h.address} CPUs={cpus} Gres=gpu:{len(GPUS)}"
            for h in hosts
        )
        conf = self.folder / "slurm.conf"
        conf.write_text(CONF.format(folder=self.folder, nodes=nodes, subnet=SUBNET))
        names = ",".join(host.name for host in hosts)
        gpus = [f"NodeName={names} Name=gpu File={device}\n" for device in GPUS]
        (self.folder / "gres.conf").write_text("".join(gpus))
        self.env = {"SLURM_CONF": str(conf)}
        self._munge()
        lab.client.run("slurmctld", env=self.env)
        for host in hosts:
            host.run(f"slurmd -N {host.name}", env=self.env)
        lab.client.start(f"true && {self._until_idle(len(hosts))}", env=self.env).wait(60)

    def _munge(self) -> None:
        key = self.folder / "munge.key"
        key.touch(0o600)
        key.write_bytes(os.urandom(128))
        files = {"key-file": key, "socket": self.folder / "munge.socket"}
        files |= {f"{n}-file": self.folder / f"munge.{n}" for n in ("log", "pid", "seed")}
        words = " ".join(f"--{name}={path}" for name, path in files.items())
        self.lab.client.run(f"munged --force {words}")

    def _until_idle(self, count: int) -> str:
        return f"until [ $(sinfo -h -N -p main -t idle | wc -l) = {count} ]; do sleep 0.2; done"

    def submit(
        self, folder: Path, words: str, variables: Mapping[str, str], *, options: str = ""
    ) -> str:
        """Submits `clusters/slurm.sh`; returns the job's number.

        Args:
            folder: Where it is submitted, in the shared directory.
            words: Arguments of the script.
            variables: More environment variables.
            options: Options of sbatch, besides two nodes with one core and a GPU each.
        """
        script = PROJECT / "clusters" / "slurm.sh"
        given = ",".join(f"{name}={value}" for name, value in variables.items())
        options = f"--nodes=2 --cpus-per-task=1 {options} --export=ALL,HOME={HOME},{given}"
        return self.sbatch(folder, f"{options} {script} {words}")

    def sbatch(self, folder: Path, words: str) -> str:
        """Submits anything; returns the job's number."""
        command = f"cd {folder} && sbatch --parsable {words}"
        return self.lab.client.run(command, env=self.env).strip().splitlines()[-1]

    def cancel(self, job: str, options: str = "") -> None:
        """Ends a job, or sends it a signal."""
        self.lab.client.run(f"scancel {options} {job}", env=self.env)

    def tasks(self, array: str) -> dict[int, str]:
        """The job's number of each task of an array, once all have started."""
        said = self.lab.client.run(f"scontrol -o show job {array}", env=self.env)
        jobs = [_fields(line) for line in said.splitlines() if line]
        return {int(job["ArrayTaskId"]): job["JobId"] for job in jobs}

    def state(self, job: str) -> dict[str, str]:
        """What `scontrol` tells of a job, such as `JobState`."""
        return _fields(self.lab.client.run(f"scontrol -o show job {job}", env=self.env))

    def end_soon(self, job: str) -> None:
        """Sets a running job's time limit, in whole minutes, to one that is near."""
        seconds = 0
        for part in self.state(job)["RunTime"].split(":"):
            seconds = 60 * seconds + int(part)
        self.limit(job, (seconds + 35) // 60 + 1)

    def limit(self, job: str, minutes: int) -> None:
        """Sets a job's time limit."""
        self.lab.client.run(f"scontrol update JobId={job} TimeLimit={minutes}", env=self.env)

    def wait(self, job: str, seconds: float, *ends: str) -> dict[str, str]:
        """Waits until a job is in one of some states; by default until it has ended."""
        ends = ends or ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL")
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with suppress(AssertionError):  # the controller is busy
                if (state := self.state(job))["JobState"] in ends:
                    return state
            time.sleep(1)
        raise AssertionError(f"{self.state(job)}\n{self.output(job)}")

    def output(self, job: str) -> str:
        """What a job has said, and its Ray."""
        logs = [*self.lab.shared.rglob(f"*-{job}.out"), *self.lab.shared.rglob("ray-*.log")]
        return "\n".join(f"{log}:\n{log.read_text()}" for log in logs)


def _fields(line: str) -> dict[str, str]:
    """Names and values of a line of `scontrol`."""
    return dict(word.split("=", 1) for word in line.split() if "=" in word)
