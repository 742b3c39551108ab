"""Conclusions on the complexity of networks."""

from tune_mc1.reporting.conclusions.findings import Claim
from tune_mc1.reporting.conclusions.rules.rule import Rule, less
from tune_mc1.reporting.words.text import Text

_SIZE = Text(
    "Filters, layers and units change together, so the cause is not isolated.",
    "Filter, Schichten und Neuronen ändern sich gemeinsam; die Ursache ist nicht isoliert.",
)


def _models(study: str, a: str, b: str) -> Claim:
    return Claim((study,), {"model": a}, {"model": b})


NETWORKS: tuple[Rule, ...] = (
    Rule(
        "padding",
        ("layers_and_units",),
        "Conv2D Layer",
        Text(
            "Keep the image size: padding helps (CNN2 against CNN).",
            "Die Bildgrösse erhalten: Padding hilft (CNN2 gegen CNN).",
        ),
        less("CNN", "CNN2"),
        _models("layers_and_units", "CNN", "CNN2"),
        0.009,
        Text(
            "With padding the first linear layer gets more inputs too.",
            "Mit Padding bekommt auch die erste lineare Schicht mehr Eingänge.",
        ),
    ),
    Rule(
        "pooling",
        ("layers_and_units",),
        "Conv2D Layer",
        Text(
            "Pool sparingly: a third pooling hurts (CNN6 against CNN5).",
            "Sparsam poolen: ein drittes Pooling schadet (CNN6 gegen CNN5).",
        ),
        less("CNN5", "CNN6"),
        _models("layers_and_units", "CNN5", "CNN6"),
        -0.010,
        Text(
            "The linear layers differ too (128-64-32-16 against 512-256-128-64). In the "
            "reference this pair came out the other way.",
            "Auch die linearen Schichten unterscheiden sich (128-64-32-16 gegen 512-256-128-64). "
            "In der Referenz ging dieses Paar umgekehrt aus.",
        ),
    ),
    Rule(
        "more_layers",
        ("layers_and_units",),
        "Fazit zur Modellkomplexität",
        Text(
            "More complex models suit images: three convolutions (CNN5) beat two (CNN4).",
            "Komplexere Modelle passen zu Bildern: drei Faltungen (CNN5) schlagen zwei (CNN4).",
        ),
        less("CNN4", "CNN5"),
        _models("layers_and_units", "CNN4", "CNN5"),
        0.055,
        _SIZE,
    ),
    Rule(
        "complexity",
        ("layers_and_units",),
        "Fazit zur Modellkomplexität",
        Text(
            "More complex models suit images: CNN7 beats CNN.",
            "Komplexere Modelle passen zu Bildern: CNN7 schlägt CNN.",
        ),
        less("CNN", "CNN7"),
        _models("layers_and_units", "CNN", "CNN7"),
        0.064,
        _SIZE,
    ),
    Rule(
        "complexity_long",
        ("layers_and_units_long",),
        "Fazit zur Modellkomplexität",
        Text("The larger kernel of CNN8 beats CNN7.", "Der grössere Kernel von CNN8 schlägt CNN7."),
        less("CNN7", "CNN8"),
        _models("layers_and_units_long", "CNN7", "CNN8"),
    ),
    Rule(
        "complexity_random",
        ("complexity",),
        "Fazit zur Modellkomplexität",
        Text(
            "More complex models suit images, whatever batch size and learning rate: CNN8 beats "
            "CNN.",
            "Komplexere Modelle passen zu Bildern, gleich bei welcher Batchgrösse und Lernrate: "
            "CNN8 schlägt CNN.",
        ),
        less("CNN", "CNN8"),
        _models("complexity", "CNN", "CNN8"),
        None,
        _SIZE,
    ),
)
