"""The cluster files pass Ray's own checks, and keep to what they promise."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from ray.autoscaler._private.util import prepare_config, validate_config

CLUSTERS = Path(__file__).parent.parent / "clusters"


@pytest.fixture(params=sorted(p.name for p in CLUSTERS.glob("*.yaml")))
def cluster(request: pytest.FixtureRequest) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((CLUSTERS / request.param).read_text())
    return content


def test_ray_accepts_it(cluster: dict[str, Any]) -> None:
    validate_config(prepare_config(cluster))


def test_ray_would_refuse_a_mistake(cluster: dict[str, Any]) -> None:
    cluster["max_wokers"] = 3
    with pytest.raises(Exception, match="max_wokers"):
        validate_config(prepare_config(cluster))


def test_every_node_gets_the_token_and_workers_scale_from_zero(cluster: dict[str, Any]) -> None:
    assert "~/.ray/auth_token" in cluster["file_mounts"]
    for name, kind in cluster["available_node_types"].items():
        assert name == cluster["head_node_type"] or kind["min_workers"] == 0
