"""Trains a small network on scikit-learn's digits; takes its parameters from the command line.

WANDB_MODE=offline python argparse_train.py --learning-rate 0.01 --hidden 64
"""

import argparse

import numpy as np
import wandb
from sklearn.datasets import load_digits
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier


def main() -> None:
    """Trains and logs loss and accuracy of each epoch."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--learning-rate", type=float, required=True)
    parser.add_argument("--hidden", type=int, default=32)
    parser.add_argument("--l2", type=float, default=1e-4)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--nesterov", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    images, labels = load_digits(return_X_y=True)
    train_x, val_x, train_y, val_y = train_test_split(
        images / 16, labels, test_size=0.3, random_state=0, stratify=labels
    )
    network = MLPClassifier(
        (args.hidden,),
        solver="sgd",
        alpha=args.l2,
        batch_size=32,
        learning_rate_init=args.learning_rate,
        nesterovs_momentum=args.nesterov,
        random_state=args.seed,
    )
    with wandb.init(project="digits", config=vars(args)) as run:
        for epoch in range(args.epochs):
            network.partial_fit(train_x, train_y, classes=np.arange(10))
            probabilities = network.predict_proba(val_x)
            accuracy = float(np.mean(probabilities.argmax(1) == val_y))
            run.log(
                {
                    "epoch": epoch,
                    "train_loss": network.loss_,
                    "val_loss": log_loss(val_y, probabilities),
                    "val_accuracy": accuracy,
                }
            )
            print(f"epoch {epoch}: val_accuracy {accuracy:.4f}")


if __name__ == "__main__":
    main()
