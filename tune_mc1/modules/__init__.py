"""A user's own LightningModule as a trial: arguments, Trainer, checkpoints, reports."""
