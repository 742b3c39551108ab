"""Packs the operator's own resource definitions for shipping, unchanged but for their form.

    python -m tests.support.pack_kuberay KUBERAY/ray-operator/config/crd/bases 1.7

Run it on the folder of a newer release to move on to its definitions.
"""

import json
import lzma
import sys
from pathlib import Path

import yaml

from tune_mc1.cluster.files.kuberay_schema import PACKED


def pack(folder: Path, release: str) -> None:
    """Writes the OpenAPI schemas of every served version, as compressed JSON.

    Args:
        folder: The operator's custom resource definitions, one YAML file a kind.
        release: The operator's release, such as `1.7`.
    """
    schemas: dict[str, dict[str, object]] = {}
    for path in sorted(folder.glob("ray.io_*.yaml")):
        spec = yaml.load(path.read_text(), yaml.CSafeLoader)["spec"]
        served = {
            f"{spec['group']}/{v['name']}": v["schema"]["openAPIV3Schema"]
            for v in spec["versions"]
            if v["served"]
        }
        schemas[spec["names"]["kind"]] = served
    text = json.dumps({"release": release, "schemas": schemas}, separators=(",", ":"))
    PACKED.write_bytes(lzma.compress(text.encode(), preset=9))


if __name__ == "__main__":
    pack(Path(sys.argv[1]), sys.argv[2])
