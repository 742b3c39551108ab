"""Networks of a user's file, and plans with them."""

from pathlib import Path

import yaml

from tune_mc1.planning.flags import PlanFlags
from tune_mc1.planning.plan import Plan, prepare

CODE = """
from torch import nn

class Net(nn.Module):
    def __init__(self, num_classes, in_chans=3, width=8, dropout_p=0.0, seed=0):
        super().__init__()
        self.head = nn.Linear(in_chans, num_classes)

    def forward(self, images):
        return self.head(images.mean((2, 3)))

class Deep(Net):
    def __init__(self, width, **kwargs):
        super().__init__(width=width, **kwargs)

def makes(**kwargs):
    return Net(**kwargs)

class Strict(nn.Module):
    def __init__(self, width=8, **kwargs):
        super().__init__(**kwargs)
        self.head = nn.Linear(width, 10)

class Swallows(nn.Module):
    def __init__(self, **kwargs):
        super().__init__()

class Shapes(nn.Module):
    def __init__(self, channels, units, num_classes):
        super().__init__()

class Flat(Net):
    def forward(self, images):
        return images.flatten(1)

class Large(Net):
    def forward(self, images):
        return super().forward(nn.Conv2d(3, 3, 40)(images))

class NoModule:
    pass

NUMBER = 3
MADE = Net(10)
"""
NET = "outside_nets:Net"
SIGNATURE = f"{NET}(num_classes, in_chans=3, width=8, dropout_p=0.0, seed=0)"


def plan(model: object, *overrides: str, **parameters: object) -> Plan:
    content = {"model": {"values" if isinstance(model, list) else "value": model}, **parameters}
    sweep = {"parameters": content, "data": "shapes10"}
    Path("sweep.yaml").write_text(yaml.safe_dump(sweep))
    return prepare("grid", Path("sweep.yaml"), PlanFlags(overrides))


def values(*listed: object) -> dict[str, object]:
    return {"values": list(listed)}
