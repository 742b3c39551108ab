"""Conclusions of the single-batch check and of the first grid."""

from tune_mc1.reporting.conclusions.claims import Matters, SignDiffers
from tune_mc1.reporting.conclusions.findings import Claim
from tune_mc1.reporting.conclusions.outcomes import Learns
from tune_mc1.reporting.conclusions.rules.rule import Rule
from tune_mc1.reporting.words.text import Text

INITS = ("xavier_normal", "xavier_uniform", "kaiming_normal", "kaiming_uniform")
_STEPS = Text(
    "Smaller batches also mean more optimiser steps per epoch, at the same learning rate.",
    "Kleinere Batches bedeuten auch mehr Optimierungsschritte je Epoche bei gleicher Lernrate.",
)


def _batches(a: int, b: int) -> Claim:
    return Claim(("first_grid",), {"batch_size": a}, {"batch_size": b})


GRID: tuple[Rule, ...] = (
    Rule(
        "single_batch",
        ("single_batch",),
        "",
        Text("The network learns a single batch.", "Das Netz lernt einen einzelnen Batch."),
        Text("training loss, last epoch − first", "Trainings-Loss, letzte Epoche − erste"),
        Learns("single_batch"),
    ),
    Rule(
        "batch_size_128",
        ("first_grid",),
        "Learning Rate und Batchsize",
        Text(
            "Small batches generalise better: 32 than 128.",
            "Kleine Batches generalisieren besser: 32 als 128.",
        ),
        Text("batch 32 − 128", "Batch 32 − 128"),
        _batches(128, 32),
        0.043,
        _STEPS,
    ),
    Rule(
        "batch_size_64",
        ("first_grid",),
        "Learning Rate und Batchsize",
        Text(
            "Small batches generalise better: 32 than 64.",
            "Kleine Batches generalisieren besser: 32 als 64.",
        ),
        Text("batch 32 − 64", "Batch 32 − 64"),
        _batches(64, 32),
        0.040,
        _STEPS,
    ),
    Rule(
        "learning_rate",
        ("first_grid",),
        "Learning Rate und Batchsize",
        Text(
            "There is no rule of thumb for the learning rate: 0.03 is better than 0.01 for some "
            "models and batch sizes, worse for others.",
            "Für die Lernrate gibt es keine Faustregel: 0.03 ist für manche Modelle und "
            "Batchgrössen besser als 0.01, für andere schlechter.",
        ),
        Text("learning rate 0.03 − 0.01", "Lernrate 0.03 − 0.01"),
        SignDiffers("first_grid", "learning_rate", 0.01, 0.03, ("model", "batch_size")),
        0.047,
    ),
    Rule(
        "initialisation",
        ("first_grid",),
        "Gewichtsinitialisierung",
        Text(
            "Initialisation matters after the last epoch.",
            "Die Initialisierung macht nach der letzten Epoche einen Unterschied.",
        ),
        Text("the clearest pair of initialisations", "das deutlichste Paar von Initialisierungen"),
        Matters("first_grid", "weights_init_type"),
        0.035,
    ),
    Rule(
        "initialisation_start",
        ("first_grid",),
        "Gewichtsinitialisierung",
        Text(
            "After the first epoch PyTorch's default is behind Xavier and Kaiming (0.25 against "
            "0.37 to 0.40).",
            "Nach der ersten Epoche liegt PyTorchs Standard hinter Xavier und Kaiming (0.25 "
            "gegen 0.37 bis 0.40).",
        ),
        Text("Xavier and Kaiming − default", "Xavier und Kaiming − Standard"),
        Claim(
            ("first_grid",),
            {"weights_init_type": "default"},
            {"weights_init_type": INITS},
            at="first",
        ),
        0.136,
        Text(
            "The default also draws the biases at random; the others set them to 0.",
            "Der Standard zieht auch die Bias-Werte zufällig; die anderen setzen sie auf 0.",
        ),
    ),
)
