"""Names of W&B that are not part of its documented API."""

from typing import Any

from tune_mc1.private_names import PrivateName

SEEN = "seen in wandb 0.31"

RECORD = PrivateName(
    "wandb.proto.wandb_internal_pb2:Record",
    "checks that the file of an offline run is complete",
    SEEN,
    "a file that was cut short by a full disk is only noticed when it is uploaded",
)
SETTINGS: dict[str, Any] = {
    "x_disable_machine_info": True,
    "x_disable_meta": True,
    "x_disable_stats": True,
    "x_save_requirements": False,
    "x_service_wait": 120.0,  # a busy machine
    "x_transaction_log_flush_interval": 5.0,
}
"""Settings that W&B calls experimental, by name."""

_WITHOUT = {
    "x_disable_machine_info": "runs describe the machine of the sweep, not of the trial",
    "x_disable_meta": "runs include the command line and environment of the sweep's process",
    "x_disable_stats": "runs include the load of the sweep's machine, not of the trial's",
    "x_save_requirements": "each run includes the list of all installed packages",
    "x_service_wait": "W&B fails on a busy machine, where its process is slow to start",
    "x_transaction_log_flush_interval": "a killed process loses more of an offline run",
}
FIELDS = {
    name: PrivateName(f"wandb:Settings({name})", "a setting of each run", SEEN, _WITHOUT[name])
    for name in SETTINGS
}

NAMES = (RECORD, *FIELDS.values())
"""All names of W&B; a test looks for each in the version that is installed."""


def experimental_settings() -> dict[str, Any]:
    """The `SETTINGS` that this version of W&B supports; it rejects unknown ones."""
    return {name: value for name, value in SETTINGS.items() if FIELDS[name].usable()}
