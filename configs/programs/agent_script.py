"""A script that starts its own sweep over logistic regression on scikit-learn's digits.

With an account: python agent_script.py
Without a network: python -m tune_mc1 sweep random agent_script.py
"""

import numpy as np
import wandb
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import train_test_split

SWEEP = {
    "method": "random",
    "metric": {"name": "accuracy", "goal": "maximize"},
    "parameters": {
        "alpha": {"distribution": "log_uniform_values", "min": 1e-6, "max": 1e-1},
        "loss": {"values": ["log_loss", "hinge", "modified_huber"]},
        "average": {"values": [True, False]},
    },
}


def train() -> None:
    """One trial."""
    with wandb.init() as run:
        config = run.config
        images, labels = load_digits(return_X_y=True)
        train_x, val_x, train_y, val_y = train_test_split(images / 16, labels, random_state=0)
        model = SGDClassifier(
            loss=config.loss, alpha=config.alpha, average=config.average, random_state=0
        )
        for _ in range(10):
            model.partial_fit(train_x, train_y, classes=np.arange(10))
            run.log({"accuracy": model.score(val_x, val_y)})


if __name__ == "__main__":
    sweep_id = wandb.sweep(SWEEP, project="digits")
    wandb.agent(sweep_id, function=train, count=6)
