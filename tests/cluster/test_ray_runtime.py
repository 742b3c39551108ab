"""The start of a Ray of our own, and what is left of it in this process."""

import os
from pathlib import Path
from typing import Any

import pytest
import ray
from ray import _raylet
from ray._private import services
from ray._private.authentication.authentication_token_setup import enable_token_auth_by_default
from ray.tune.execution import class_cache

from tests.support.in_process import disconnect
from tune_mc1.cluster.ray_runtime import QUIET_RAY, Cluster, start_ray
from tune_mc1.cluster.ray_tokens_private import AUTH_MODE
from tune_mc1.errors import SweepStopped


@pytest.fixture(autouse=True)
def no_ray() -> None:
    """None that an earlier test has left in this process."""
    disconnect()


@pytest.mark.parametrize("failures", [0, 1, 2, 3])
def test_ray_may_need_further_tries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failures: int
) -> None:
    tries: list[dict[str, Any]] = []

    def init(**options: Any) -> None:
        tries.append(options)
        if len(tries) <= failures:
            raise Exception("The current node timed out\nduring startup.")  # noqa: TRY002

    monkeypatch.setattr(ray, "init", init)
    cluster = Cluster(None, tmp_path)
    if failures == 3:
        with pytest.raises(SweepStopped, match=r"Ray could not be started: The current node timed"):
            cluster.connect()
    else:
        cluster.connect()
    assert len(tries) == min(failures, 2) + 1
    assert len({options["_temp_dir"] for options in tries}) == 1
    cluster.shutdown()


def asks_for_tokens() -> bool:
    """Whether Ray does so in this process."""
    raylet: Any = _raylet
    return bool(raylet.get_authentication_mode() == raylet.AuthenticationMode.TOKEN)


def test_a_ray_of_our_own_leaves_no_token_mode_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cluster without tokens could not ask this process whether its actors are still needed."""
    monkeypatch.delenv(AUTH_MODE, raising=False)

    def init(**options: Any) -> None:
        enable_token_auth_by_default()  # as the real one does for a Ray on this machine
        assert asks_for_tokens()

    monkeypatch.setattr(ray, "init", init)
    cluster = Cluster(None, tmp_path)
    cluster.connect()
    cluster.shutdown()
    assert AUTH_MODE not in os.environ
    assert not asks_for_tokens()


def test_a_cluster_gets_an_environment_only_where_trials_need_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else trials could not take processes that Ray has started beforehand."""
    tries: list[dict[str, Any]] = []
    monkeypatch.setattr(ray, "init", lambda **options: tries.append(options))
    start_ray("127.0.0.1:6379", None)
    start_ray("127.0.0.1:6379", None, environment={"working_dir": "here"})
    assert "runtime_env" not in tries[0]
    assert tries[1]["runtime_env"] == {"working_dir": "here", "env_vars": QUIET_RAY}


def test_tune_gives_trials_on_a_cluster_only_variables_that_the_driver_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    default, copied = class_cache.DEFAULT_ENV_VARS, class_cache.ENV_VARS_TO_PROPAGATE
    assert default
    monkeypatch.setattr(ray, "init", lambda **_: None)
    cluster = Cluster("127.0.0.1:6379", tmp_path)
    for _ in range(2):  # while images are loaded, and when the sweep starts
        cluster.connect()
        assert not class_cache.DEFAULT_ENV_VARS
        assert copied == class_cache.ENV_VARS_TO_PROPAGATE
    cluster.shutdown()
    assert default == class_cache.DEFAULT_ENV_VARS


def test_a_ray_of_our_own_waits_for_no_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ray looks for its node, and for its object store, once a second if they are not there."""
    raylet: Any = _raylet
    find: Any = services.get_node
    there = []

    def found(gcs_address: str, node_id: str) -> Any:
        there.append(len(raylet.GcsClient(address=gcs_address).get_all_node_info(timeout=10)))
        return find(gcs_address, node_id)

    monkeypatch.setattr(services, "get_node", found)
    cluster = Cluster(None, tmp_path)
    cluster.connect()
    try:
        assert there == [1], "Ray is asked once its node is there"
        assert services.get_node is found, "and is put back"
        waits = raylet.Config.raylet_client_connect_timeout_milliseconds()
        assert waits == 20
        assert waits * raylet.Config.raylet_client_num_connect_attempts() == 10_000
    finally:
        cluster.shutdown()
