"""KubeRay's own resource definitions: the OpenAPI schemas that its operator installs.

They are what an API server validates a manifest against, pod templates included. Data only, by the
KubeRay authors, under the Apache License 2.0 (`kuberay_definitions/LICENSE`); packed by
`tests/support/pack_kuberay.py`.
"""

import json
import lzma
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tune_mc1.cluster.files.json_schema import schema_problems
from tune_mc1.config.problems import Problem
from tune_mc1.errors import did_you_mean

PACKED = Path(__file__).with_name("kuberay_definitions") / "definitions.json.xz"


@cache
def _definitions() -> Mapping[str, Any]:
    definitions: Mapping[str, Any] = json.loads(lzma.decompress(PACKED.read_bytes()))
    return definitions


def kuberay_release() -> str:
    """The operator's release whose definitions are used, such as `1.7`."""
    return str(_definitions()["release"])


def kuberay_kinds() -> list[str]:
    """The kinds of resources that the operator defines."""
    return list(_definitions()["schemas"])


def definition_problems(content: Mapping[str, Any]) -> Iterator[Problem]:
    """Why an API server with the operator's definitions would reject a manifest.

    Args:
        content: A manifest with an `apiVersion` of KubeRay.
    """
    kinds = kuberay_kinds()
    kind, version = content.get("kind"), content.get("apiVersion")
    if kind not in kinds:
        rule = f"must be one of {', '.join(kinds)}{did_you_mean(str(kind), kinds)}"
        yield Problem(("kind",), rule, kind)
        return
    served = _definitions()["schemas"][kind]
    if version not in served:
        rule = f"must be one of {', '.join(served)}{did_you_mean(str(version), served)}"
        yield Problem(("apiVersion",), rule, version)
        return
    for field in ("metadata", "spec"):
        if not isinstance(content.get(field), dict):
            yield Problem((field,), "is required")
            return
    yield from schema_problems(content, served[version], kubernetes=True)
