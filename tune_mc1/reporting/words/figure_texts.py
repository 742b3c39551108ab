"""The words on figures and in their captions, in English and German (Swiss spelling)."""

from collections.abc import Callable
from typing import Any

from tune_mc1.config.labels import label
from tune_mc1.reporting.words.captions_curves import CURVE_CAPTIONS
from tune_mc1.reporting.words.captions_results import RESULT_CAPTIONS
from tune_mc1.reporting.words.page_texts import Lang

Say = Callable[..., str]

WORDS: dict[str, tuple[str, str]] = {
    # metrics
    "train_loss": ("training loss", "Trainingsverlust"),
    "val_loss": ("validation loss", "Validierungsverlust"),
    "train_acc": ("training accuracy", "Trainingsgenauigkeit"),
    "val_acc": ("validation accuracy", "Validierungsgenauigkeit"),
    "train_f1": ("training macro F1", "Makro-F1 (Training)"),
    "val_f1": ("validation macro F1", "Makro-F1 (Validierung)"),
    # values
    "none": ("default", "Standard"),
    "yes": ("yes", "ja"),
    "no": ("no", "nein"),
    # axes and legends
    "epoch": ("epoch", "Epoche"),
    "training": ("training", "Training"),
    "validating": ("validation", "Validierung"),
    "loss": ("cross-entropy loss", "Kreuzentropie"),
    "acc": ("accuracy", "Genauigkeit"),
    "f1": ("macro F1", "Makro-F1"),
    "running": ("trials", "Trials"),
    "mean_of": ("mean of {n}", "Mittel über {n}"),
    "best_setting": ("best setting ({n})", "beste Einstellung ({n})"),
    "single": ("single trials", "einzelne Trials"),
    "reference": ("reference", "Referenz"),
    "reference_best": ("reference, best", "Referenz, bester Trial"),
    "mean_all": ("mean of all settings", "Mittel aller Einstellungen"),
    "best_one": ("best setting", "beste Einstellung"),
    "each_setting": ("each setting", "jede Einstellung"),
    "winner_val": ("best setting, validation", "beste Einstellung, Validierung"),
    "winner_test": ("the same, test images", "dieselbe, Testbilder"),
    "best_at": ("best epoch", "beste Epoche"),
    "cut": ("▲ higher losses are cut off", "▲ höhere Verluste sind abgeschnitten"),
    "at_best": ("best epoch", "beste Epoche"),
    "at_last": ("last epoch", "letzte Epoche"),
    "best_setting_short": ("best setting", "beste Einstellung"),
    "front": ("best so far", "bisher bester"),
    "weights_axis": ("Trained parameters", "Trainierte Parameter"),
    "seconds_axis": ("Training time of a trial (s)", "Trainingszeit eines Trials (s)"),
    "rung_out": ("stopped", "gestoppt"),
    "rung_on": ("went on", "weiter"),
    "rung_label": (
        "epoch {epoch}\n{n} came\n{on} went on",
        "Epoche {epoch}\n{n} kamen\n{on} weiter",
    ),
    "rung_end": ("end\n{n} completed", "Ende\n{n} fertig"),
    "predicted": ("predicted class", "vorhergesagte Klasse"),
    "true": ("true class", "wahre Klasse"),
    "confusion_bar": ("Part of the true class", "Anteil der wahren Klasse"),
    "mistake": ("{true}\n→ {predicted}, {sure}", "{true}\n→ {predicted}, {sure}"),
    "importance": ("importance", "Wichtigkeit"),
    "correlation": ("correlation", "Korrelation"),
    # counts
    "trial_1": ("1 trial", "1 Trial"),
    "trial_n": ("{n} trials", "{n} Trials"),
    "setting_1": ("1 setting", "1 Einstellung"),
    "setting_n": ("{n} settings", "{n} Einstellungen"),
    "run_1": ("one run a setting", "ein Lauf pro Einstellung"),
    "run_n": ("{n} runs a setting", "{n} Läufe pro Einstellung"),
    "run_range": ("{low} to {high} runs a setting", "{low} bis {high} Läufe pro Einstellung"),
    "fold_n": ("{n} folds", "{n} Folds"),
    "unit_setting_1": ("1 setting", "1 Einstellung"),
    "unit_setting_n": ("{n} settings", "{n} Einstellungen"),
    "unit_run_1": ("1 run", "1 Lauf"),
    "unit_run_n": ("{n} runs", "{n} Läufe"),
    "unit_fold_1": ("1 fold", "1 Fold"),
    "unit_fold_n": ("{n} folds", "{n} Folds"),
    "state_stopped": ("{n} stopped early", "{n} vorzeitig gestoppt"),
    "state_diverged": ("{n} diverged", "{n} divergiert"),
    "state_failed": ("{n} failed", "{n} gescheitert"),
    # the foot of a figure
    "data": ("Data: {data} ({fingerprint})", "Daten: {data} ({fingerprint})"),
    "scaled_images": ("{part:.3g} % of the images", "{part:.3g} % der Bilder"),
    "scaled_work": (
        "scaled to {part:.3g} % of the study",
        "auf {part:.3g} % der Studie verkleinert",
    ),
    "warn_data": (
        "Not the same images: compare with care.",
        "Nicht dieselben Bilder: nur mit Vorsicht zu vergleichen.",
    ),
    "warn_validation": (
        "Not validated on the same images: compare with care.",
        "Nicht auf denselben Bildern validiert: nur mit Vorsicht zu vergleichen.",
    ),
    "warn_test": (
        "The test images chose the winner (validation: test): its score flatters.",
        "Die Testbilder haben den Sieger gewählt (validation: test): sein Wert ist geschönt.",
    ),
    "warn_unfinished": (
        "Unfinished: {n} of {total} trials have ended.",
        "Unvollständig: {n} von {total} Trials sind zu Ende.",
    ),
}

TEXTS = WORDS | CURVE_CAPTIONS | RESULT_CAPTIONS


def speaker(lang: Lang) -> Say:
    """Gives the function that words a key in a language, with the values that its text names."""
    index = 0 if lang == "en" else 1

    def say(key: str, **values: Any) -> str:
        text = TEXTS.get(key)
        return label(key, lang) if text is None else text[index].format(**values)

    return say


def count(t: Say, what: str, n: int) -> str:
    """A number of trials, settings or units, in the right number."""
    return t(f"{what}_1") if n == 1 else t(f"{what}_n", n=n)


def capital(text: str) -> str:
    """A text with its first letter large."""
    return text[:1].upper() + text[1:]


def number(value: float, digits: int = 3) -> str:
    """A number in so many significant digits at most, without a needless exponent."""
    if value == 0 or 1e-4 <= abs(value) < 1e6:
        text = f"{value:.{digits}g}" if abs(value) < 10**digits else f"{value:.0f}"
    else:
        text = f"{value:.{digits - 1}e}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")
        mantissa, _, exponent = text.partition("e")
        text = f"{mantissa.rstrip('0').rstrip('.')}e{exponent}"
    return text.replace("-", "−") if text.startswith("-") else text
