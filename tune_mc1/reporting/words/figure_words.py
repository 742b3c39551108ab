"""Words that several figures share, in English and German (Swiss spelling)."""

from tune_mc1.reporting.words.catalogue import Catalogue

OF_PROGRAMS: Catalogue = {
    "none": ("null", "null"),
    "yes": ("true", "true"),
    "no": ("false", "false"),
    "cut": ("▲ worse values are cut off", "▲ schlechtere Werte sind abgeschnitten"),
    "cut_below": ("▼ worse values are cut off", "▼ schlechtere Werte sind abgeschnitten"),
}
"""Those that differ for a program, whose values have no words and whose metrics no unit."""

SHARED: Catalogue = {
    # values
    "none": ("default", "Standard"),
    "inapplicable": ("not applicable", "entfällt"),
    "yes": ("yes", "ja"),
    "no": ("no", "nein"),
    # axes and legends
    "epoch": ("epoch", "Epoche"),
    "running": ("trials", "Trials"),
    "reference": ("reference", "Referenz"),
    "best_setting": ("best setting", "beste Einstellung"),
    "best_epoch": ("best epoch", "beste Epoche"),
    "cut": ("▲ higher losses are cut off", "▲ höhere Verluste sind abgeschnitten"),
    # counts
    "trial_1": ("1 trial", "1 Trial"),
    "trial_n": ("{n} trials", "{n} Trials"),
    "setting_1": ("1 setting", "1 Einstellung"),
    "setting_n": ("{n} settings", "{n} Einstellungen"),
    "run_1": ("1 run", "1 Lauf"),
    "run_n": ("{n} runs", "{n} Läufe"),
    "fold_1": ("1 fold", "1 Fold"),
    "fold_n": ("{n} folds", "{n} Folds"),
    # the foot of a figure
    "each_run_1": ("one run per setting", "ein Lauf pro Einstellung"),
    "each_run_n": ("{n} runs per setting", "{n} Läufe pro Einstellung"),
    "each_run_range": (
        "{low} to {high} runs per setting",
        "{low} bis {high} Läufe pro Einstellung",
    ),
    "state_stopped": ("{n} stopped early", "{n} vorzeitig gestoppt"),
    "state_diverged": ("{n} diverged", "{n} divergiert"),
    "state_failed": ("{n} failed", "{n} gescheitert"),
    "data": ("Data: {data} ({fingerprint})", "Daten: {data} ({fingerprint})"),
    "program": ("Program: {program}", "Programm: {program}"),
    "scaled_images": ("{part:.3g} % of the images", "{part:.3g} % der Bilder"),
    "scaled_work": (
        "scaled to {part:.3g} % of the study",
        "auf {part:.3g} % der Studie verkleinert",
    ),
    "warn_data": (
        "Not the same images: compare with care.",
        "Nicht dieselben Bilder: nur mit Vorsicht zu vergleichen.",
    ),
    "warn_program": (
        "Not the same program: compare with care.",
        "Nicht dasselbe Programm: nur mit Vorsicht zu vergleichen.",
    ),
    "warn_validation": (
        "Not validated on the same images: compare with care.",
        "Nicht auf denselben Bildern validiert: nur mit Vorsicht zu vergleichen.",
    ),
    "warn_test": (
        "The winner was chosen on the test images (validation: test): its score is optimistic.",
        "Die Testbilder haben den Sieger gewählt (validation: test): sein Wert ist geschönt.",
    ),
    "warn_unfinished": (
        "Unfinished: {n} of {total} trials have ended.",
        "Unvollständig: {n} von {total} Trials sind zu Ende.",
    ),
    # parts of captions
    "by_parameter": (
        "Mean {metric} after each epoch, by {parameter}{quantiles}{band}. {early}{reference}",
        "{metric} (Mittel) nach jeder Epoche, nach {parameter}{quantiles}{band}. "
        "{early}{reference}",
    ),
    "band_interval": (
        "; {what} the 95 % interval of the mean (Student's t) over {units}",
        "; {what} das 95-%-Intervall des Mittels (Student-t) über {units}",
    ),
    "band_range": (
        "; {what} the range from smallest to largest over {units}",
        "; {what} den Bereich vom kleinsten zum grössten Wert über {units}",
    ),
    "band_none": (
        "; no band, as there is only one run",
        "; ohne Band, da es nur einen Lauf gibt",
    ),
    "bands": ("bands show", "Bänder zeigen"),
    "whiskers": (
        "whiskers at the slightly offset markers show",
        "Striche an den etwas versetzten Marken zeigen",
    ),
    "units_between": ("{low} to {units}", "{low} bis {units}"),
    "early": (
        "Some trials have fewer epochs, which biases the mean: it is drawn thin where any trial is "
        "missing. ",
        "Einige Trials haben weniger Epochen, was das Mittel verzerrt: wo welche fehlen, ist "
        "es dünn. ",
    ),
    "early_panel": (
        "The lower panel shows the number of trials in it. ",
        "Das untere Feld zählt, über wie viele es geht. ",
    ),
    "reference_curves": (
        "Dashed: the reference ({source}), from its own trials. ",
        "Gestrichelt: die Referenz ({source}), über deren eigene Trials. ",
    ),
    "reference_points": (
        "Hollow markers: the reference ({source}), from its own trials. ",
        "Hohle Marken: die Referenz ({source}), über deren eigene Trials. ",
    ),
    "stopped_count": (
        "Trials that were stopped early count with their best epoch so far.",
        "Vorzeitig gestoppte Trials zählen mit ihrer bisher besten Epoche.",
    ),
    "cost_bars": (
        "; lines span its worst to its best run",
        "; Striche reichen vom schlechtesten zum besten ihrer Läufe",
    ),
}
