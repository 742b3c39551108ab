"""Names of W&B that its documentation does not promise."""

from typing import Any

from tune_mc1.private_names import PrivateName

SEEN = "seen in wandb 0.31"

RECORD = PrivateName(
    "wandb.proto.wandb_internal_pb2:Record",
    "tells whether the file of an offline run is whole",
    SEEN,
    "a file that a full disk has cut short is noticed only when it is sent",
)
SETTINGS: dict[str, Any] = {
    "x_disable_machine_info": True,
    "x_disable_meta": True,
    "x_disable_stats": True,
    "x_save_requirements": False,
    "x_service_wait": 120.0,  # a busy machine
    "x_transaction_log_flush_interval": 5.0,
}
"""Settings that W&B calls experimental, by their names."""

_WITHOUT = {
    "x_disable_machine_info": "runs hold facts on the machine of the sweep, not of the trial",
    "x_disable_meta": "runs hold the command line and the environment of the sweep's process",
    "x_disable_stats": "runs hold the load of the machine of the sweep, not of the trial",
    "x_save_requirements": "each run takes the list of all installed packages along",
    "x_service_wait": "W&B fails on a busy machine, where its process takes long to start",
    "x_transaction_log_flush_interval": "a process that is killed loses more of an offline run",
}
FIELDS = {
    name: PrivateName(f"wandb:Settings({name})", "a setting of each run", SEEN, _WITHOUT[name])
    for name in SETTINGS
}

NAMES = (RECORD, *FIELDS.values())
"""All names of W&B; a test looks for each in the version that is installed."""


def experimental_settings() -> dict[str, Any]:
    """Those of `SETTINGS` that this version of W&B takes; it refuses what it does not know."""
    return {name: value for name, value in SETTINGS.items() if FIELDS[name].usable()}
