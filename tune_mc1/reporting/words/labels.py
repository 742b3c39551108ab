"""Labels of metrics and trial parameters in English and German."""

from tune_mc1.config import labels
from tune_mc1.config.field_types import Lang
from tune_mc1.reporting.words.catalogue import Catalogue

METRICS: Catalogue = {
    "train_loss": ("training loss", "Trainingsverlust"),
    "val_loss": ("validation loss", "Validierungsverlust"),
    "train_acc": ("training accuracy", "Trainingsgenauigkeit"),
    "val_acc": ("validation accuracy", "Validierungsgenauigkeit"),
    "train_f1": ("training macro F1", "Makro-F1 (Training)"),
    "val_f1": ("validation macro F1", "Makro-F1 (Validierung)"),
}


def label(name: str, lang: Lang) -> str:
    """The label of a metric or trial parameter; its own name if it has none."""
    return METRICS[name][lang == "de"] if name in METRICS else labels.label(name, lang)
