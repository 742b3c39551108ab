"""Titles and captions of learning curves, and of several sweeps side by side."""

CURVE_CAPTIONS: dict[str, tuple[str, str]] = {
    "curves_title": ("Learning curves of all trials", "Lernkurven aller Trials"),
    "curves_caption": (
        "{metric} after each epoch: every trial thin, their mean thick{band}{best}. "
        "{early}{reference}",
        "{metric} nach jeder Epoche: jeder Trial dünn, ihr Mittel dick{band}{best}. "
        "{early}{reference}",
    ),
    "curves_best": ("; and the best setting", "; und die beste Einstellung"),
    "curves_cut": (
        "Only {shown} of {total} trials are drawn thin, evenly from best to worst; the mean is "
        "over all. ",
        "Nur {shown} von {total} Trials sind dünn gezeichnet, gleichmässig vom besten zum "
        "schlechtesten; das Mittel ist über alle. ",
    ),
    "by_title": ("Learning curves by {parameter}", "Lernkurven nach {parameter}"),
    "by_caption": (
        "Mean {metric} after each epoch, by {parameter}{quantiles}{band}. {early}{reference}",
        "{metric} (Mittel) nach jeder Epoche, nach {parameter}{quantiles}{band}. "
        "{early}{reference}",
    ),
    "by_quantiles": (
        " (its values cut into {n} groups of equal size)",
        " (Werte in {n} gleich grosse Gruppen geteilt)",
    ),
    "band_interval": (
        "; {what} the 95 % interval of the mean (Student's t) over {units}",
        "; {what} das 95-%-Intervall des Mittels (Student-t) über {units}",
    ),
    "band_range": (
        "; {what} the range from least to largest over {units}",
        "; {what} den Bereich vom kleinsten zum grössten Wert über {units}",
    ),
    "bands": ("bands show", "Bänder zeigen"),
    "whiskers": (
        "whiskers at the markers, set apart a little, show",
        "Striche an den etwas versetzten Marken zeigen",
    ),
    "band_none": (
        "; without a band, as there is one run only",
        "; ohne Band, da es nur einen Lauf gibt",
    ),
    "units_between": ("{low} to {units}", "{low} bis {units}"),
    "early": (
        "Some trials have fewer epochs, which would bias the mean: where any is missing it is "
        "thin. ",
        "Einige Trials haben weniger Epochen, was das Mittel verzerren würde: wo welche fehlen, "
        "ist es dünn. ",
    ),
    "early_panel": (
        "The lower panel counts those that it is over. ",
        "Das untere Feld zählt, über wie viele es geht. ",
    ),
    "reference_curves": (
        "Dashed: the reference ({source}), of its own trials. ",
        "Gestrichelt: die Referenz ({source}), über deren eigene Trials. ",
    ),
    "reference_points": (
        "Hollow markers: the reference ({source}), of its own trials. ",
        "Hohle Marken: die Referenz ({source}), über deren eigene Trials. ",
    ),
    "pair_title": ("{a} and {b}", "{a} und {b}"),
    "pair_by_title": (
        "Learning curves by {parameter}: {a} and {b}",
        "Lernkurven nach {parameter}: {a} und {b}",
    ),
    "pair_caption": (
        "{metric} after each epoch{different}. Left the mean of all settings{band}; right the best "
        "setting of each sweep. {early}{reference}",
        "{metric} nach jeder Epoche{different}. Links das Mittel aller Einstellungen{band}; rechts "
        "die beste Einstellung jedes Sweeps. {early}{reference}",
    ),
    "pair_different": (
        " (the sweeps differ in: {what})",
        " (die Sweeps unterscheiden sich in: {what})",
    ),
    "winners_title": ("Best settings of all sweeps", "Beste Einstellungen aller Sweeps"),
    "winners_caption": (
        "{metric}, at each trial's best epoch: every setting a grey dot, the best one filled with "
        "the range of its runs where it has several, and hollow the test images' score of the same "
        "runs, which chose nothing.",
        "{metric} in der besten Epoche jedes Trials: jede Einstellung ein grauer Punkt, die beste "
        "gefüllt mit dem Bereich ihrer Läufe, wo sie mehrere hat, und hohl der Wert derselben "
        "Läufe auf den Testbildern, die nichts ausgewählt haben.",
    ),
    "overfitting_title": (
        "Training and validation of the best setting",
        "Training und Validierung der besten Einstellung",
    ),
    "overfitting_caption": (
        "Loss and accuracy of the best setting{setting} on training and validation images{band}. "
        "Where the two part, the model learns its training images by heart. Training values are "
        "taken while the weights still change in the epoch, with dropout where there is any, so "
        "they may lie below those of validation.",
        "Verlust und Genauigkeit der besten Einstellung{setting} auf Trainings- und "
        "Validierungsbildern{band}. Wo sie auseinandergehen, lernt das Modell die Trainingsbilder "
        "auswendig. Trainingswerte entstehen, während sich die Gewichte in der Epoche noch ändern, "
        "und mit Dropout, wo es ihn gibt, können also unter denen der Validierung liegen.",
    ),
    "settings_differ": (
        "Settings differ in the other parameters too, so curves may lie close where the difference "
        "in pairs is clear. ",
        "Die Einstellungen unterscheiden sich auch in anderen Parametern; Kurven können darum nahe "
        "beieinanderliegen, wo der Unterschied in Paaren klar ist. ",
    ),
}
"""Key: (English, German)."""
