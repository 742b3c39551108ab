"""Check on the node of a trial that it shares the result directory with the driver."""

import platform

from tune_mc1.errors import StorageError
from tune_mc1.results.directory import ResultDir


def check_shared(where: ResultDir) -> None:
    """Raises StorageError if this node does not see the driver's files.

    The node may have joined the cluster after all nodes were asked at the sweep's start.

    Args:
        where: The result directory.
    """
    if not where.sweep_file.exists():
        raise StorageError(
            f"node {platform.node()} does not see the driver's files in {where.root}; "
            "name a directory that all nodes share, or an object store, s3://..."
        )
