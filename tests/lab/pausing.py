"""Plugin for the lab: a network whose epochs take time, but hardly any of the CPU's.

What befalls hosts, and how long Ray takes to notice it, takes its time by the clock. Hosts share
the cores of this machine, so trials that need these to outlast that would slow down all else.
"""

from pathlib import Path

from tests.support.plugins import write_plugin

MODEL = "Pausing"
SECONDS = "LAB_PAUSE_S"
"""Variable with the seconds of a pause, one an epoch; without it there are none."""

CODE = f'''
import os
import time

from tune_mc1.config.architectures import ARCHITECTURES, Architecture


def build(config, image_shape, classes):
    from torch import nn

    class Pausing(nn.Sequential):
        def forward(self, images):
            if not self.training:
                time.sleep(float(os.environ.get("{SECONDS}", "0")))
            return super().forward(images)

    return Pausing(
        nn.Conv2d(image_shape[0], 8, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(4),
        nn.Flatten(),
        nn.Linear(8 * 16, classes),
    )


ARCHITECTURES.register("{MODEL}", Architecture(build=f"{{__name__}}:build"))
'''


def install(folder: Path) -> Path:
    """Makes the plugin; returns the directory that goes on PYTHONPATH."""
    folder.mkdir()
    write_plugin(folder, CODE, "pausing")
    return folder
