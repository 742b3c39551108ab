"""Conclusions on the larger models."""

from tune_mc1.reporting.conclusions.outcomes import Reaches
from tune_mc1.reporting.conclusions.rules.rule import Rule
from tune_mc1.reporting.words.text import Text

LARGE: tuple[Rule, ...] = (
    Rule(
        "vgg",
        ("larger_models",),
        "Extra: ChatGPT",
        Text("The VGG-type model reaches 0.88.", "Das Modell vom VGG-Typ erreicht 0.88."),
        Text("ours − published accuracy", "unsere − veröffentlichte Accuracy"),
        Reaches("larger_models", "VGG", 0.88),
    ),
    Rule(
        "vgg_f1",
        ("larger_models",),
        "Extra: ChatGPT",
        Text(
            "The VGG-type model reaches a macro F1 of 0.875.",
            "Das Modell vom VGG-Typ erreicht einen Makro-F1 von 0.875.",
        ),
        Text("ours − published F1", "unser − veröffentlichter F1"),
        Reaches("larger_models", "VGG", 0.875, "val_f1"),
    ),
    Rule(
        "resnext",
        ("larger_models",),
        "Extra: ResNeXt-50",
        Text("ResNeXt-50 reaches 0.70.", "ResNeXt-50 erreicht 0.70."),
        Text("ours − published accuracy", "unsere − veröffentlichte Accuracy"),
        Reaches("larger_models", "ResNeXt50", 0.70),
    ),
    Rule(
        "resnext_f1",
        ("larger_models",),
        "Extra: ResNeXt-50",
        Text(
            "ResNeXt-50 reaches a macro F1 of 0.688.",
            "ResNeXt-50 erreicht einen Makro-F1 von 0.688.",
        ),
        Text("ours − published F1", "unser − veröffentlichter F1"),
        Reaches("larger_models", "ResNeXt50", 0.688, "val_f1"),
        None,
        Text(
            "The reference averaged F1 over batches, which biases it low.",
            "Die Referenz mittelte F1 über Batches, was ihn zu niedrig ausfallen lässt.",
        ),
    ),
)
