"""Files of `side_by_side`: networks that tell their steps, bare scripts and sweep files."""

TICKS = """
import os, time
from pathlib import Path

class Ticks:
    def __init__(self):
        self.name, self.count = f"{{os.getpid()}}-{{time.time_ns()}}", 0
        self.file = Path(os.environ["TICKS"], self.name).open("w", buffering=1)

    def __call__(self, *_):
        self.file.write(f"{{time.perf_counter()}} {{time.process_time()}}\\n")
        self.count += 1
        if self.count == {per_epoch}:  # all at once begin the second epoch together
            ready = Path("{folder}/ready")
            (ready / self.name).touch()
            while len(list(ready.iterdir())) % {at_once}:
                time.sleep(0.05)
"""

LIT = """
import sys
sys.path.insert(0, {examples!r})
from lit_digits import DigitsData, LitDigits
from ticks import Ticks

class Net(LitDigits):
    def on_fit_start(self):
        self.ticks = Ticks()

    def training_step(self, batch, index):
        self.ticks()
        return super().training_step(batch, index)

class Data(DigitsData):
    pass
"""

BARE_LIT = """
import torch
from lightning.pytorch import Trainer, seed_everything
from net import Data, Net

torch.set_num_threads(1)
seed_everything(0)
trainer = Trainer(max_epochs={epochs}, accelerator="cpu", devices=1, enable_progress_bar=False)
trainer.fit(Net(filters=32, lr=0.003), datamodule=Data(batch_size=32))
"""

LIT_SWEEP = """
module: net:Net
datamodule: net:Data
trainer: {{max_epochs: {epochs}}}
method: grid
metric: {{name: val_acc, goal: maximize}}
resources: {{cpu: 1}}
parameters:
  lr: {{values: [0.003, 0.0031]}}
  filters: {{value: 32}}
  data.batch_size: {{value: 32}}
"""

NETWORK = """
import timm
from ticks import Ticks

def resnet18(num_classes):
    network = timm.create_model("resnet18", num_classes=num_classes)
    ticks = Ticks()
    network.register_forward_pre_hook(lambda net, _: ticks() if net.training else None)
    return network
"""

BARE_NETWORK = """
import torch
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset
from net import resnet18
from tests.benchmarks.common import images

torch.set_num_threads(1)
torch.manual_seed(0)
data = images({train} + {val})
x = torch.from_numpy(data.train_images.copy()).permute(0, 3, 1, 2).contiguous() / 127.5 - 1
y = torch.from_numpy(data.train_labels.copy()).long()
train = DataLoader(TensorDataset(x[:{train}], y[:{train}]), {batch}, shuffle=True)
val = DataLoader(TensorDataset(x[{train}:], y[{train}:]), 256)
network = resnet18(10)
optimizer = torch.optim.SGD(network.parameters(), 0.01, momentum=0.9)
for epoch in range({epochs}):
    network.train()
    for images, labels in train:
        optimizer.zero_grad()
        loss = cross_entropy(network(images), labels)
        loss.backward()
        optimizer.step()
    network.eval()
    with torch.no_grad():
        right = sum(int((network(i).argmax(1) == l).sum()) for i, l in val)
    print(epoch, loss.item(), right / {val}, flush=True)
    torch.save(network.state_dict(), "last.pt")
"""

NETWORK_SWEEP = """
method: grid
metric: {{name: val_acc, goal: maximize}}
fuse: off
limit_images: {part}
validation: {{holdout: {holdout}}}
resources: {{cpu: 1}}
parameters:
  model: {{value: "net:resnet18"}}
  optimizer: {{value: SGD}}
  momentum: {{value: 0.9}}
  batch_size: {{value: {batch}}}
  learning_rate: {{values: [0.01, 0.011]}}
  epochs: {{value: {epochs}}}
"""

SIDES = {
    "module": (LIT, BARE_LIT, LIT_SWEEP, 45),
    "timm:resnet18": (NETWORK, BARE_NETWORK, NETWORK_SWEEP, None),
}
"""The network's file, the bare script, the sweep file, and steps of an epoch, if they are given."""
