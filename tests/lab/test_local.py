"""`ray up clusters/local.yaml` on a machine of the lab that logs in to itself, and a sweep."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import write_images
from tests.lab.hosts import KEY, Lab
from tests.lab.launcher import Launcher, cluster_file, without_pip
from tests.support.faults import result_dir, trials, write_sweep

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    shared = tmp_path_factory.mktemp("shared")
    write_images(shared / "images")
    lab = Lab(tmp_path_factory.mktemp("lab"), "me", shared)
    try:
        yield lab
    finally:
        lab.close()


def test_a_machine_launches_a_cluster_of_itself(lab: Lab, tmp_path: Path) -> None:
    host = lab.boot(4)
    for name in (KEY.name, f"{KEY.name}.pub"):  # as by ssh-keygen and ssh-copy-id localhost
        shutil.copy(lab.folder / "client-home" / ".ssh" / name, lab.folder / "host4-home" / ".ssh")
    token = lab.folder / "client-home" / ".ray" / "auth_token"
    shutil.copy(token, lab.folder / "host4-home" / ".ray")
    config = cluster_file("local.yaml")
    setup = without_pip(config["setup_commands"])
    here = [command.replace("$HOME/tune_mc1", "$HOME/tune_mc1-here") for command in setup]
    config["setup_commands"] = here
    cluster = Launcher(lab, config, on=host)
    cluster.up()
    content = {
        "method": "grid",
        "parameters": {"learning_rate": {"values": [0.01, 0.03]}, "epochs": {"value": 2}},
        "data": str(lab.shared / "images"),
    }
    file = write_sweep(lab.shared, content)
    out = lab.shared / "out"
    command = f"python -m tune_mc1 sweep grid {file} --address auto -o {out} --wandb disabled"
    host.run(f"ray exec ~/cluster.yaml '{command}'", 300)
    assert trials(result_dir(out))["state"].eq("completed").all()
    cluster.down()
    assert "raylet" not in host.run("ps -eo args")
