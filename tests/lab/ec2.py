"""Amazon's EC2, IAM and S3 in a lab: moto answers the calls, and what it launches boots as a host.

An instance that moto says is running is a host at the instance's private address; when it is
terminated, the host's power is cut.
"""

import json
import shlex
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.lab.hosts import KEY, SUBNET, Lab

PORT = 5000
BUCKET = "tune-mc1-lab"
KEY_NAME = "lab"

WATCH = """
import boto3, json, time
ec2 = boto3.client("ec2")

def node(instance):
    tags = {t["Key"]: t["Value"] for t in instance.get("Tags", [])}
    return tags.get("ray-user-node-type", "")

while True:
    found = [i for r in ec2.describe_instances()["Reservations"] for i in r["Instances"]]
    print(json.dumps([{
        "id": i["InstanceId"],
        "state": i["State"]["Name"],
        "address": i.get("PrivateIpAddress"),
        "type": i["InstanceType"],
        "spot": i.get("InstanceLifecycle") == "spot",
        "node": node(i),
    } for i in found]), flush=True)
    time.sleep(0.5)
"""

PREPARE = """
import boto3, json, os, sys
zone, profiles, public = json.loads(sys.argv[1])
ec2, iam = boto3.client("ec2"), boto3.client("iam")
vpc = ec2.create_vpc(CidrBlock="%s.0/24")["Vpc"]["VpcId"]
subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="%s.0/24", AvailabilityZone=zone)
ec2.import_key_pair(KeyName="lab", PublicKeyMaterial=open(os.path.expanduser(public)).read())
where = {"LocationConstraint": ec2.meta.region_name}
boto3.client("s3").create_bucket(Bucket="%s", CreateBucketConfiguration=where)
for name in profiles:
    iam.create_instance_profile(InstanceProfileName=name)
print("subnet:", subnet["Subnet"]["SubnetId"])
""" % (SUBNET, SUBNET, BUCKET)  # noqa: UP031 (braces would have to be doubled)

TERMINATE = 'import boto3, sys; boto3.client("ec2").terminate_instances(InstanceIds=sys.argv[1:])'


def environment(region: str) -> dict[str, str]:
    """What sends a client of AWS to the lab's server, and nowhere else."""
    return {
        "AWS_ENDPOINT_URL": f"http://{SUBNET}.1:{PORT}",
        "AWS_ACCESS_KEY_ID": "lab",
        "AWS_SECRET_ACCESS_KEY": "lab",
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


class Ec2:
    """The cloud of a lab.

    Args:
        lab: The lab; its client runs the server.
        region: AWS's name of the region.
        zone: The availability zone of the one subnet.
        profiles: Names of the instance profiles that the cluster file expects to be there.

    Attributes:
        env: Environment variables of its clients.
        subnet: AWS's name of the subnet, which has the lab's addresses.
        instances: What was launched, by AWS's name of the instance, as it was last seen.
        error: What has kept a host from booting, if anything.
    """

    def __init__(self, lab: Lab, region: str, zone: str, profiles: Sequence[str]) -> None:
        self.lab, self.env = lab, environment(region)
        self.instances: dict[str, dict[str, Any]] = {}
        self.error: Exception | None = None
        lab.client.start(
            f"moto_server --host {SUBNET}.1 --port {PORT}",
            log=lab.folder / "moto.log",
            env={"MOTO_IAM_LOAD_MANAGED_POLICIES": "true"},
        )
        lab.wait_until(f"exec 3<>/dev/tcp/{SUBNET}.1/{PORT}")
        said = self._python(PREPARE, json.dumps([zone, list(profiles), f"{KEY}.pub"]))
        self.subnet = said.partition("subnet:")[2].strip()
        self._watch = lab.client.start(_command(WATCH), env=self.env)
        threading.Thread(target=self._follow, daemon=True).start()

    def running(self, node: str = "") -> dict[str, dict[str, Any]]:
        """Instances that run, of one of the cluster file's node types or of all."""
        if self.error is not None:
            raise self.error
        return {
            name: i
            for name, i in self.instances.copy().items()
            if i["state"] == "running" and node in ("", i["node"])
        }

    def take_back(self, name: str) -> None:
        """Ends an instance, as AWS does with spot machines."""
        self._python(TERMINATE, name)

    def _python(self, script: str, *words: str) -> str:
        return self.lab.client.run(_command(script, *words), env=self.env)

    def _follow(self) -> None:
        assert self._watch.stdout is not None
        hosts = {}
        for line in self._watch.stdout:
            if not line.startswith("["):
                continue
            seen = {i["id"]: i for i in json.loads(line)}
            for name, instance in seen.items():
                if instance["state"] == "running" and name not in hosts:
                    number = int(instance["address"].rpartition(".")[2])
                    try:
                        hosts[name] = self.lab.boot(number, fresh=True)
                    except Exception as error:  # of a thread: said where it is asked for
                        self.error = error
                        return
                elif instance["state"] != "running" and name in hosts:
                    hosts[name].power_off()
            self.instances = seen


def _command(script: str, *words: str) -> str:
    return shlex.join(["python", "-c", script, *words])


def profile(env: dict[str, str]) -> str:
    """Lines of the hosts' `.bashrc`: the head's autoscaler is a client of the cloud too."""
    return "export " + " ".join(f"{k}={shlex.quote(v)}" for k, v in env.items())


def logs(lab: Lab) -> str:
    """The end of what the server said."""
    return Path(lab.folder, "moto.log").read_text()[-3000:]
