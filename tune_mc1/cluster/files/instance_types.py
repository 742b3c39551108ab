"""Sizes and prices of cloud machine types: those of our cluster files, and common GPU types.

Prices are USD per hour for Linux in AWS's us-west-2, GCP's us-central1 and Azure's eastus, as of
`PRICES_OF`: good for comparisons, not for billing. Other regions cost up to a third more. Spot
prices are typical values and change hourly. Disks, traffic and taxes are not included.
"""

from dataclasses import dataclass
from typing import Literal

PRICES_OF = "2026-11"

Provider = Literal["aws", "gcp", "azure"]
REGIONS: dict[Provider, str] = {"aws": "us-west-2", "gcp": "us-central1", "azure": "eastus"}
"""Region of each provider's prices."""


@dataclass(frozen=True)
class InstanceType:
    """One type of machine.

    Attributes:
        cpus: Virtual cores.
        memory: Memory in GiB.
        gpus: Number of GPUs.
        gpu: GPU model; empty without GPUs.
        price: USD per hour on demand.
        spot: Typical USD per hour as a spot machine.
    """

    cpus: int
    memory: int
    gpus: int
    gpu: str
    price: float
    spot: float


INSTANCE_TYPES: dict[Provider, dict[str, InstanceType]] = {
    "aws": {
        "t3.xlarge": InstanceType(4, 16, 0, "", 0.166, 0.06),
        "m5.large": InstanceType(2, 8, 0, "", 0.096, 0.04),
        "m5.xlarge": InstanceType(4, 16, 0, "", 0.192, 0.08),
        "m5.2xlarge": InstanceType(8, 32, 0, "", 0.384, 0.16),
        "m6i.xlarge": InstanceType(4, 16, 0, "", 0.192, 0.08),
        "m7i.xlarge": InstanceType(4, 16, 0, "", 0.202, 0.08),
        "g4dn.xlarge": InstanceType(4, 16, 1, "T4", 0.526, 0.21),
        "g4dn.2xlarge": InstanceType(8, 32, 1, "T4", 0.752, 0.3),
        "g4dn.12xlarge": InstanceType(48, 192, 4, "T4", 3.912, 1.6),
        "g5.xlarge": InstanceType(4, 16, 1, "A10G", 1.006, 0.42),
        "g5.2xlarge": InstanceType(8, 32, 1, "A10G", 1.212, 0.5),
        "g5.4xlarge": InstanceType(16, 64, 1, "A10G", 1.624, 0.65),
        "g5.12xlarge": InstanceType(48, 192, 4, "A10G", 5.672, 2.4),
        "g5.48xlarge": InstanceType(192, 768, 8, "A10G", 16.288, 6.6),
        "g6.xlarge": InstanceType(4, 16, 1, "L4", 0.805, 0.34),
        "g6.2xlarge": InstanceType(8, 32, 1, "L4", 0.978, 0.42),
        "g6.12xlarge": InstanceType(48, 192, 4, "L4", 4.602, 1.9),
        "g6.48xlarge": InstanceType(192, 768, 8, "L4", 13.35, 5.5),
        "g6e.xlarge": InstanceType(4, 32, 1, "L40S", 1.861, 0.8),
        "g6e.12xlarge": InstanceType(48, 384, 4, "L40S", 10.493, 4.3),
        "p4d.24xlarge": InstanceType(96, 1152, 8, "A100", 21.958, 9.5),
        "p5.4xlarge": InstanceType(16, 256, 1, "H100", 6.88, 3.0),
        "p5.48xlarge": InstanceType(192, 2048, 8, "H100", 55.04, 24.0),
    },
    "gcp": {
        "e2-standard-4": InstanceType(4, 16, 0, "", 0.134, 0.05),
        "n1-standard-4": InstanceType(4, 15, 0, "", 0.19, 0.04),
        "n1-standard-8": InstanceType(8, 30, 0, "", 0.38, 0.08),
        "n2-standard-4": InstanceType(4, 16, 0, "", 0.194, 0.05),
        "g2-standard-4": InstanceType(4, 16, 1, "L4", 0.707, 0.28),
        "g2-standard-8": InstanceType(8, 32, 1, "L4", 0.854, 0.34),
        "g2-standard-48": InstanceType(48, 192, 4, "L4", 4.001, 1.6),
        "g2-standard-96": InstanceType(96, 384, 8, "L4", 8.001, 3.2),
        "a2-highgpu-1g": InstanceType(12, 85, 1, "A100", 3.673, 1.8),
        "a2-highgpu-4g": InstanceType(48, 340, 4, "A100", 14.694, 7.2),
        "a2-highgpu-8g": InstanceType(96, 680, 8, "A100", 29.387, 14.5),
        "a3-highgpu-1g": InstanceType(26, 234, 1, "H100", 11.061, 3.7),
        "a3-highgpu-8g": InstanceType(208, 1872, 8, "H100", 88.49, 30.0),
    },
    "azure": {
        "Standard_D2s_v3": InstanceType(2, 8, 0, "", 0.096, 0.02),
        "Standard_D4s_v5": InstanceType(4, 16, 0, "", 0.192, 0.04),
        "Standard_NC4as_T4_v3": InstanceType(4, 28, 1, "T4", 0.526, 0.11),
        "Standard_NC64as_T4_v3": InstanceType(64, 440, 4, "T4", 4.352, 0.87),
        "Standard_NV36ads_A10_v5": InstanceType(36, 440, 1, "A10", 3.2, 0.64),
        "Standard_NC24ads_A100_v4": InstanceType(24, 220, 1, "A100", 3.673, 0.75),
        "Standard_NC40ads_H100_v5": InstanceType(40, 320, 1, "H100", 6.98, 2.1),
    },
}

ADDED_GPUS: dict[str, tuple[float, float]] = {
    "nvidia-tesla-t4": (0.35, 0.14),
    "nvidia-tesla-p100": (1.46, 0.6),
    "nvidia-tesla-v100": (2.48, 0.99),
}
"""GPUs that GCP attaches to n1 machines: USD per hour each, on demand and typically on spot."""


def find_type(provider: str, name: str | None) -> InstanceType | None:
    """Size and price of a machine type; None if unknown.

    Args:
        provider: Ray's name for the cloud.
        name: The cloud's name for the type.
    """
    if provider not in INSTANCE_TYPES or name is None:
        return None
    return INSTANCE_TYPES[provider].get(name)
