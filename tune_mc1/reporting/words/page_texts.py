"""Texts of page and slides, in English and German (Swiss spelling and decimal point)."""

from tune_mc1.config.field_types import Lang
from tune_mc1.reporting.words import catalogue
from tune_mc1.reporting.words.catalogue import Catalogue, Say
from tune_mc1.reporting.words.iteration_words import in_iterations
from tune_mc1.reporting.words.winner_texts import WINNER_TEXTS

TEXTS: Catalogue = {
    **WINNER_TEXTS,
    "report_title": ("Report of {names}", "Bericht über {names}"),
    "contents": ("Contents", "Inhalt"),
    "verdicts": ("Conclusions, tested", "Schlussfolgerungen, geprüft"),
    "verdicts_note": (
        "Each conclusion of the published study is a rule, evaluated on these results. Undecided "
        "means that the interval is compatible with both answers.",
        "Jede Schlussfolgerung der veröffentlichten Studie ist eine Regel, die an diesen "
        "Resultaten geprüft wird. Unentschieden heisst, dass das Intervall beides zulässt.",
    ),
    "statement": ("Conclusion", "Schlussfolgerung"),
    "result": ("Result", "Urteil"),
    "confirmed": ("confirmed", "bestätigt"),
    "not confirmed": ("not confirmed", "nicht bestätigt"),
    "undecided": ("undecided", "unentschieden"),
    "not run": ("not run", "nicht durchgeführt"),
    "effect": ("Effect", "Effekt"),
    "interval": ("95 % interval", "95-%-Intervall"),
    "trials": ("Trials", "Trials"),
    "compared_what": ("Compared", "Verglichen"),
    "why": ("Why", "Begründung"),
    "facts": ("Facts", "Fakten"),
    "data": ("Images", "Bilder"),
    "data_value": (
        "{data} ({fingerprint}): {train} for training and validation, {test} for testing",
        "{data} ({fingerprint}): {train} für Training und Validierung, {test} zum Testen",
    ),
    "validation": ("Validation", "Validierung"),
    "holdout": (
        "a random {part:.3g} % of the training images, stratified by class",
        "zufällige {part:.3g} % der Trainingsbilder, geschichtet nach Klassen",
    ),
    "folds": ("{folds} folds of the training images", "{folds} Faltungen der Trainingsbilder"),
    "test": ("the test images", "die Testbilder"),
    "val": ("the validation images of the data set", "die Validierungsbilder des Datensatzes"),
    "search": ("Search", "Suche"),
    "search_value": (
        "{method}: {settings} settings, {runs} each; {states}",
        "{method}: {settings} Einstellungen, je {runs}; {states}",
    ),
    "one_run": ("one run", "ein Lauf"),
    "runs": ("{n} runs", "{n} Läufe"),
    "metric": ("Metric", "Metrik"),
    "metric_value": (
        "{metric} at each trial's best epoch, {goal}",
        "{metric} in der besten Epoche jedes Trials, {goal}",
    ),
    "maximize": ("higher is better", "höher ist besser"),
    "minimize": ("lower is better", "tiefer ist besser"),
    "time": ("Training time", "Trainingszeit"),
    "time_value": (
        "{time} over all trials, on {processor}",
        "{time} über alle Trials, auf {processor}",
    ),
    "recall_title": (
        "The winner by class, test images",
        "Der Sieger nach Klasse, Testbilder",
    ),
    "recall_note": (
        "Recall is the share of a class's images that the winner assigns to it; precision is the "
        "share of the images assigned to a class that belong to it; F1 is their harmonic mean. All "
        "are taken over the trials of the winner together, with the lowest recall first.",
        "Die Trefferquote (Recall) ist der Anteil der Bilder einer Klasse, die der Sieger ihr "
        "zuordnet; die Genauigkeit (Precision) ist der Anteil der einer Klasse zugeordneten "
        "Bilder, die zu ihr gehören; F1 ist ihr harmonisches Mittel. Alle gelten über die Trials "
        "des Siegers zusammen; die tiefste Trefferquote steht zuoberst.",
    ),
    "precision": ("Precision", "Genauigkeit"),
    "class": ("Class", "Klasse"),
    "images": ("Images", "Bilder"),
    "recall": ("Recall", "Trefferquote"),
    "confused": ("Most often taken for", "Am häufigsten verwechselt mit"),
    "no_winner": ("No trial has a score yet.", "Noch hat kein Trial einen Wert."),
    "warn_unfinished": (
        "Unfinished: {ended} of {total} trials have ended. Everything here is provisional.",
        "Unvollständig: {ended} von {total} Trials sind zu Ende. Alles hier ist vorläufig.",
    ),
    "warn_failed": (
        "Trials that failed or diverged and have no final score: {n}.",
        "Gescheiterte oder divergierte Trials ohne letzten Wert: {n}.",
    ),
    "warn_test": (
        "The winner was chosen on the test images (validation: test), so its score does not "
        "estimate the accuracy on new images.",
        "Die Testbilder haben den Sieger ausgewählt (validation: test); sein Wert schätzt darum "
        "die Genauigkeit auf neuen Bildern nicht.",
    ),
    "warn_one_run": (
        "Each setting ran once, so differences between settings cannot be told from differences "
        "that the seed alone makes.",
        "Jede Einstellung lief einmal; Unterschiede zwischen Einstellungen lassen sich darum nicht "
        "von solchen trennen, die allein der Seed macht.",
    ),
    "warn_exchanged": (
        "Trials went on with weights and settings of others. They do not depend on their "
        "last settings alone, nor are they independent of each other: intervals and p-values are "
        "too small, and comparisons by parameter, which take the last settings, do not say what "
        "a parameter does.",
        "Trials liefen mit Gewichten und Einstellungen anderer weiter. Sie hängen nicht "
        "allein von ihren letzten Einstellungen ab und auch voneinander: Intervalle und p-Werte "
        "sind zu klein, und Vergleiche nach Parametern, für die die letzten Einstellungen zählen, "
        "sagen nicht, was ein Parameter bewirkt.",
    ),
    "warn_equal_seeds": (
        "Trials of one setting with the same `seed` are repeats, not replicates: they count once, "
        "with their mean.",
        "Trials einer Einstellung mit gleichem `seed` sind Wiederholungen, keine Replikate: sie "
        "zählen einmal, mit ihrem Mittel.",
    ),
    "warn_scaled": (
        "Scaled down: {parts}. The published study used everything.",
        "Verkleinert: {parts}. Die veröffentlichte Studie verwendete alles.",
    ),
    "warn_images": (
        "Only {part:.3g} % of the images were used: with all of them, scores are likely to be "
        "higher, and other settings may be best.",
        "Nur {part:.3g} % der Bilder wurden verwendet: mit allen sind die Werte wohl höher, und "
        "andere Einstellungen können die besten sein.",
    ),
    "scaled_images": ("{part:.3g} % of the images", "{part:.3g} % der Bilder"),
    "scaled_work": ("{part:.3g} % of the work", "{part:.3g} % der Arbeit"),
    "effects": ("Mean score by parameter", "Mittlerer Wert nach Parameter"),
    "parameter": ("Parameter", "Parameter"),
    "value": ("Value", "Wert"),
    "mean": ("Mean", "Mittel"),
    "settings": ("Settings", "Einstellungen"),
    "n": ("Trials", "Trials"),
    "sd": ("SD", "SD"),
    "comparisons": ("Pairwise comparisons", "Paarweise Vergleiche"),
    "comparison": ("Comparison", "Vergleich"),
    "difference": ("Difference", "Differenz"),
    "trends": ("Continuous parameters", "Stetige Parameter"),
    "behind": ("Behind the best", "Rückstand"),
    "p_holm": ("p (Holm)", "p (Holm)"),
    "effect_size": ("Effect size", "Effektstärke"),
    "pairs": ("Pairs", "Paare"),
    "more": ("To decide it", "Zur Entscheidung"),
    "best_set": (
        "Settings not worse than the best",
        "Einstellungen, die nicht schlechter als die beste sind",
    ),
    "reference": ("Reference and ours", "Referenz und unsere Resultate"),
    "where": ("Which trials", "Welche Trials"),
    "one_seed": ("{result}, on one seed", "{result}, mit einem Seed"),
    "epoch": ("Epoch", "Epoche"),
    "published": ("Reference", "Referenz"),
    "ours": ("Ours", "Unsere"),
    "inside": ("Inside", "Innerhalb"),
    "yes": ("yes", "ja"),
    "no": ("no", "nein"),
    "all": ("all", "alle"),
    "best_of": ("best of {where}", "bester von {where}"),
    "settings_title": ("All settings", "Alle Einstellungen"),
    "pareto_title": ("Pareto front", "Pareto-Front"),
    "pareto_note": (
        "{n} of {total} trials that no other trial beats in all objectives; values after the last "
        "epoch.",
        "{n} von {total} Trials, die kein anderer Trial in allen Zielen übertrifft; Werte nach der "
        "letzten Epoche.",
    ),
    "trials_title": ("All trials", "Alle Trials"),
    "trials_cut": (
        "The best {shown} of {total}; `trials.parquet` has all.",
        "Die besten {shown} von {total}; `trials.parquet` enthält alle.",
    ),
    "sort_hint": ("A click on a heading sorts.", "Ein Klick auf eine Überschrift sortiert."),
    "trial": ("Trial", "Trial"),
    "state": ("State", "Zustand"),
    "seconds": ("Seconds", "Sekunden"),
    "why_stopped": ("Why it was stopped", "Warum gestoppt"),
    "language": ("en", "de"),
    "best": ("Best {metric}", "Bestes {metric}"),
    "last": ("Last {metric}", "Letztes {metric}"),
    "at_epoch": ("At epoch", "In Epoche"),
    "run_again": ("Run it again", "Noch einmal laufen lassen"),
    "run_again_note": (
        "`sweep.yaml` below holds the whole sweep: save it and run",
        "`sweep.yaml` unten enthält den ganzen Sweep: speichern und ausführen",
    ),
    "provenance": ("Provenance", "Herkunft"),
    "command": ("Command", "Befehl"),
    "commit": ("Commit", "Commit"),
    "started": ("Started", "Gestartet"),
    "versions": ("Versions", "Versionen"),
    "machine": ("Machine", "Rechner"),
    "made_by": ("Made by tune_mc1 {version}.", "Erstellt mit tune_mc1 {version}."),
    "compared": ("Side by side", "Nebeneinander"),
    "unknown": ("unknown", "unbekannt"),
    "weaknesses": ("What to keep in mind", "Was zu bedenken ist"),
    "left_out": ("Left out", "Weggelassen"),
    "deck_subtitle": (
        "Hyperparameters of image classifiers, tuned with tune_mc1",
        "Hyperparameter von Bildklassifikatoren, abgestimmt mit tune_mc1",
    ),
    "deck_subtitle_any": (
        "Hyperparameters, tuned with tune_mc1",
        "Hyperparameter, abgestimmt mit tune_mc1",
    ),
    "agenda": ("What was run", "Was gelaufen ist"),
    "study": ("Study", "Studie"),
    "best_short": ("Best", "Bestes"),
    "test_short": ("Test", "Test"),
    "minutes": ("Minutes", "Minuten"),
}


OF_PROGRAMS: Catalogue = {
    "time": ("Run time", "Laufzeit"),
    "winner_val": ("Score", "Wert"),
    "winner_bias": (
        "This is the best of {n} settings by this score, which therefore overestimates what it "
        "reaches in another run.",
        "Dies ist nach diesem Wert die beste von {n} Einstellungen; er überschätzt darum, was sie "
        "in einem weiteren Lauf erreicht.",
    ),
    "warn_repeats": (
        "Trials of one setting are repeats that differ by chance alone, as the program has no "
        "parameter `seed`.",
        "Trials einer Einstellung sind Wiederholungen, die nur der Zufall unterscheidet: das "
        "Programm hat keinen Parameter `seed`.",
    ),
    "warn_one_run": (
        "Each setting ran once, so differences between settings cannot be told from differences "
        "that chance alone makes.",
        "Jede Einstellung lief einmal; Unterschiede zwischen Einstellungen lassen sich darum nicht "
        "von solchen trennen, die allein der Zufall macht.",
    ),
    "no_winner_metric": (
        "The sweep names no metric by which trials could be compared.",
        "Der Sweep nennt keine Metrik, nach der sich Trials vergleichen liessen.",
    ),
    "program": ("Program", "Programm"),
    "iterations": ("Iterations", "Iterationen"),
    "no_metric": ("none", "keine"),
}
"""Texts of sweeps of programs beside those of `TEXTS`, or in their place."""


def speaker(lang: Lang, *, of_program: bool = False) -> Say:
    """Makes the function that gives the text of a key of `TEXTS` in a language.

    Args:
        lang: The language.
        of_program: Whether the texts are about a program.
    """
    words = {**in_iterations(TEXTS), **OF_PROGRAMS} if of_program else TEXTS
    return catalogue.speaker(words, lang)
