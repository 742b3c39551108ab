"""Conclusions on regularisation, batch norm and Adam."""

from tune_mc1.reporting.conclusions.claims import Spread
from tune_mc1.reporting.conclusions.findings import Claim
from tune_mc1.reporting.conclusions.outcomes import BestIn
from tune_mc1.reporting.conclusions.rules.rule import Rule, less
from tune_mc1.reporting.words.text import Text

_RATES = Text(
    "Each optimiser has a learning rate of its own (SGD 0.01, Adam 1e-4), not tuned.",
    "Jeder Optimierer hat seine eigene, nicht abgestimmte Lernrate (SGD 0.01, Adam 1e-4).",
)
_NORMED = Text(
    "Learning rate, decay and dropout were not tuned for batch norm.",
    "Lernrate, Decay und Dropout wurden für Batch Norm nicht abgestimmt.",
)
_BN = ("batch_norm", "regularisation")
_WITHOUT = {"batch_norm": (None, False), "optimizer": "SGD"}
_WITH = {"batch_norm": True, "optimizer": "SGD"}
_ADAM = ("adam", "regularisation")
_SGD, _BY_ADAM = {"optimizer": "SGD"}, {"optimizer": "Adam"}

TRAINING: tuple[Rule, ...] = (
    Rule(
        "regularisation",
        ("regularisation",),
        "Ridge Regularisierung und Dropout",
        Text(
            "Decay and dropout change the accuracy by five points between settings.",
            "Decay und Dropout machen fünf Prozentpunkte zwischen Einstellungen aus.",
        ),
        Text("90th − 10th percentile of settings", "90. − 10. Perzentil der Einstellungen"),
        Spread("regularisation", 0.05),
    ),
    Rule(
        "batch_norm_start",
        _BN,
        "Batch Normalization",
        Text("Batch norm starts faster.", "Batch Norm startet schneller."),
        Text("with batch norm − without", "mit Batch Norm − ohne"),
        Claim(_BN, _WITHOUT, _WITH, at="first"),
        0.126,
    ),
    Rule(
        "batch_norm_stagnates",
        _BN,
        "Batch Normalization",
        Text(
            "Batch norm stagnates sooner: it gains less after the first sixth of the epochs.",
            "Batch Norm stagniert früher: nach dem ersten Sechstel der Epochen gewinnt es weniger.",
        ),
        Text("with batch norm − without", "mit Batch Norm − ohne"),
        Claim(_BN, _WITHOUT, _WITH, "less", "late gain"),
        -0.033,
        _NORMED,
    ),
    Rule(
        "batch_norm_end",
        _BN,
        "Batch Normalization",
        Text("Batch norm ends worse.", "Batch Norm endet schlechter."),
        Text("with batch norm − without", "mit Batch Norm − ohne"),
        Claim(_BN, _WITHOUT, _WITH, "less"),
        -0.029,
        _NORMED,
    ),
    Rule(
        "adam_start",
        _ADAM,
        "Optimierung mit Adam",
        Text("Adam starts faster than SGD.", "Adam startet schneller als SGD."),
        less("SGD", "Adam"),
        Claim(_ADAM, _SGD, _BY_ADAM, at="first", free=("learning_rate",)),
        None,
        _RATES,
    ),
    Rule(
        "adam_end",
        _ADAM,
        "Optimierung mit Adam",
        Text(
            "In the end Adam and SGD differ little: by at most two points.",
            "Am Ende kein grosser Unterschied zwischen Adam und SGD: höchstens zwei Punkte.",
        ),
        less("SGD", "Adam"),
        Claim(_ADAM, _SGD, _BY_ADAM, "equal", free=("learning_rate",)),
        -0.008,
        _RATES,
    ),
    Rule(
        "best_cnn",
        _ADAM,
        "Optimierung mit Adam",
        Text(
            "The best CNN is CNN8 with Adam and regularisation.",
            "Das beste CNN ist CNN8 mit Adam und Regularisierung.",
        ),
        Text("best with Adam − best of the others", "bestes mit Adam − bestes der anderen"),
        BestIn("adam", ("regularisation", "batch_norm", "layers_and_units_long", "complexity")),
        0.009,
        _RATES,
    ),
)
