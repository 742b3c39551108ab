"""The CloudFormation stack of clusters/aws: what the machines may do, and what they may not."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from moto import mock_aws

from tune_mc1.cluster.files.cluster_file import read_cluster

CLUSTERS = Path(__file__).parents[2] / "clusters"
REGION = read_cluster(CLUSTERS / "gpu.yaml").region


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """Outputs of the stack, in an AWS that moto plays."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("cloudformation", region_name=REGION)
        client.create_stack(
            StackName="tune-mc1",
            TemplateBody=(CLUSTERS / "aws" / "access.yaml").read_text(),
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        (made,) = client.describe_stacks(StackName="tune-mc1")["Stacks"]
        assert made["StackStatus"] == "CREATE_COMPLETE"
        yield {output["OutputKey"]: output["OutputValue"] for output in made["Outputs"]}


def test_it_makes_the_bucket_and_every_profile_that_the_cluster_file_names(
    stack: dict[str, str],
) -> None:
    boto3.client("s3", region_name=REGION).head_bucket(Bucket=stack["Bucket"])
    content = read_cluster(CLUSTERS / "gpu.yaml").documents[0].content
    iam = boto3.client("iam", region_name=REGION)
    for name, node in content["available_node_types"].items():
        profile = node["node_config"]["IamInstanceProfile"]["Name"]
        assert profile == ("tune-mc1-head" if name == "head" else "tune-mc1-worker")
        made = iam.get_instance_profile(InstanceProfileName=profile)["InstanceProfile"]
        assert [role["RoleName"] for role in made["Roles"]] == [profile]


def test_workers_reach_the_bucket_and_nothing_else() -> None:
    assert allowed("WorkerRole") == {"s3"}
    for statement in statements("WorkerRole"):
        assert "Results.Arn" in statement["Resource"]


def test_the_head_starts_workers_with_their_role_and_ends_only_machines_of_a_cluster() -> None:
    assert allowed("HeadRole") == {"s3", "ec2", "iam", "ssm"}
    by_action = {action: s for s in statements("HeadRole") for action in s["Action"]}
    assert by_action["iam:PassRole"]["Resource"] == "WorkerRole.Arn"
    assert "ray-cluster-name" in json.dumps(by_action["ec2:TerminateInstances"]["Condition"])
    content = read_cluster(CLUSTERS / "gpu.yaml").documents[0].content
    for node in content["available_node_types"].values():
        parameter = node["node_config"]["ImageId"].removeprefix("resolve:ssm:")
        assert parameter != node["node_config"]["ImageId"]
        there = by_action["ssm:GetParameters"]["Resource"].partition(":parameter")[2]
        assert parameter.startswith(there.rstrip("*"))


class Template(yaml.SafeLoader):
    """Reads CloudFormation's tags, such as `!Ref`, as what they are given."""


Template.add_multi_constructor("!", lambda loader, tag, node: node.value)


def statements(role: str) -> list[dict[str, Any]]:
    """Everything that a role of the template may do, with a list of actions each.

    moto attaches no managed policies to the roles of a stack, so they are read from the template.
    """
    resources = yaml.load((CLUSTERS / "aws" / "access.yaml").read_text(), Template)["Resources"]
    properties = resources[role]["Properties"]
    documents = [policy["PolicyDocument"] for policy in properties.get("Policies", ())]
    for name in properties["ManagedPolicyArns"]:
        documents.append(resources[name]["Properties"]["PolicyDocument"])
    found = []
    for statement in (s for document in documents for s in document["Statement"]):
        action = statement["Action"]
        found.append(statement | {"Action": [action] if isinstance(action, str) else action})
    return found


def allowed(role: str) -> set[str]:
    """Services of AWS that a role may use."""
    return {a.partition(":")[0] for s in statements(role) for a in s["Action"]}
