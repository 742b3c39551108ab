"""Trains a small convolutional network on scikit-learn's digits; all parameters in `wandb.config`.

WANDB_MODE=offline python nested_config.py
"""

import torch
import wandb
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import functional as F

DEFAULTS = {
    "epochs": 12,
    "batch_size": 32,
    "model": {"channels": 8, "dropout": 0.1, "activation": "ReLU"},
    "optimizer": {"name": "Adam", "lr": 0.003},
    "seed": 0,
}


def build(model: dict) -> nn.Sequential:
    """Makes the network."""
    channels, activation = model["channels"], getattr(nn, model["activation"])
    return nn.Sequential(
        nn.Conv2d(1, channels, 3, padding=1),
        activation(),
        nn.MaxPool2d(2),
        nn.Conv2d(channels, 2 * channels, 3, padding=1),
        activation(),
        nn.Flatten(),
        nn.Dropout(model["dropout"]),
        nn.Linear(2 * channels * 16, 10),
    )


def main() -> None:
    """Trains; logs the loss of each batch and, after each epoch, the accuracy."""
    run = wandb.init(project="digits", config=DEFAULTS)
    config = run.config
    torch.manual_seed(config.seed)
    digits = load_digits()
    images = torch.tensor(digits.images[:, None] / 16, dtype=torch.float32)
    labels = torch.tensor(digits.target)
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))
    train, val = order[:1200], order[1200:]
    network = build(config.model)
    make = getattr(torch.optim, config.optimizer["name"])
    optimizer = make(network.parameters(), lr=config.optimizer["lr"])
    for epoch in range(config.epochs):
        network.train()
        for batch in train[torch.randperm(len(train))].split(config.batch_size):
            loss = F.cross_entropy(network(images[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            run.log({"train/loss": loss.item()})
        network.eval()
        with torch.no_grad():
            scores = network(images[val])
        accuracy = (scores.argmax(1) == labels[val]).float().mean().item()
        val_loss = F.cross_entropy(scores, labels[val]).item()
        run.log({"val": {"loss": val_loss}, "val/acc": accuracy, "epoch": epoch})
    run.finish()


if __name__ == "__main__":
    main()
