"""Texts on the winner and how sure its lead is, in English and German (Swiss spelling)."""

from tune_mc1.reporting.words.catalogue import Catalogue

WINNER_TEXTS: Catalogue = {
    "winner": ("The winner", "Der Sieger"),
    "winner_setting": ("Setting", "Einstellung"),
    "winner_val": ("Validation score", "Validierungswert"),
    "winner_test": ("Test score", "Testwert"),
    "winner_bias": (
        "This setting was chosen among {n} by its validation score at its best epoch, which is "
        "therefore optimistic; the test images were not used for the choice.",
        "Der Validierungswert in der besten Epoche hat diese Einstellung unter {n} ausgewählt und "
        "ist darum geschönt; die Testbilder haben nichts ausgewählt.",
    ),
    "winner_epochs": (
        "This score is that of the best epoch, which chance has made better than the next will be.",
        "Dieser Wert ist der der besten Epoche, die der Zufall besser gemacht hat, als die nächste "
        "sein wird.",
    ),
    "winner_error": ("Standard error", "Standardfehler"),
    "winner_error_value": (
        "{error}, binomial over {images:,} validation images",
        "{error}, binomial über {images:,} Validierungsbilder",
    ),
    "winner_error_images": (
        "not known, nor is the number of validation images behind this score",
        "unbekannt, wie auch die Zahl der Validierungsbilder hinter diesem Wert",
    ),
    "winner_error_share": (
        "not known: {metric} is no share of the {images:,} validation images, whose predictions "
        "are not kept",
        "unbekannt: {metric} ist kein Anteil der {images:,} Validierungsbilder, deren Vorhersagen "
        "nicht aufbewahrt sind",
    ),
    "winner_gap": ("Runner-up", "Zweitbeste"),
    "winner_gap_value": ("{trials}, {gap} behind", "{trials}, {gap} dahinter"),
    "winner_ties": ("Tied with the winner", "Vom Sieger nicht zu unterscheiden"),
    "winner_ties_value": (
        "{n} of {of} others ({basis}, Holm): {trials}",
        "{n} von {of} anderen ({basis}, Holm): {trials}",
    ),
    "winner_ties_none": (
        "none: all others are worse ({basis}, Holm)",
        "keine: alle anderen sind schlechter ({basis}, Holm)",
    ),
    "winner_ties_unknown": (
        "not known, as each setting ran once",
        "unbekannt, da jede Einstellung einmal lief",
    ),
    "basis_seeds": ("in pairs by seed", "gepaart nach Seed"),
    "basis_folds": ("in pairs by fold", "gepaart nach Fold"),
    "basis_repeats": ("unpaired, by repeats", "ungepaart, nach Wiederholungen"),
    "basis_images": (
        "unpaired, by the number of validation images",
        "ungepaart, nach der Zahl der Validierungsbilder",
    ),
    "winner_losses": ("Trials that broke off", "Abgebrochene Trials"),
    "winner_losses_value": (
        "{n} of {of} trials of this setting diverged or failed; each counts with its best epoch "
        "before, if it has one",
        "{n} von {of} Trials dieser Einstellung sind divergiert oder gescheitert; jedes zählt mit "
        "seiner besten Epoche davor, wenn es eine hat",
    ),
    "winner_sound": (
        "best setting without: {setting} ({trials}), {score}",
        "beste Einstellung ohne solche: {setting} ({trials}), {score}",
    ),
    "winner_none_sound": (
        "there is no setting with a score of which none did",
        "keine Einstellung mit einem Wert ist ohne solche",
    ),
    "set_aside_note": (
        "Settings whose trials all diverged or failed, and that therefore rank last, by their "
        "scores before: {n}.",
        "Einstellungen, deren Trials alle divergiert oder gescheitert sind und die darum zuletzt "
        "stehen, nach den Werten davor: {n}.",
    ),
    "diverged": ("Diverged", "Divergiert"),
    "failed": ("Failed", "Gescheitert"),
    "share": ("{n} of {of}", "{n} von {of}"),
    "tied_note": (
        "=: cannot be told apart from the best ({basis}, Holm).",
        "=: von der besten nicht zu unterscheiden ({basis}, Holm).",
    ),
    "points_note": (
        "Two runs have no interval and are shown themselves: they say next to nothing of the "
        "spread.",
        "Zwei Läufe haben kein Intervall und sind selbst gezeigt: über die Streuung sagen sie fast "
        "nichts.",
    ),
    "winner_no_test": (
        "Not scored on the test images: the sweep is not finished, or the winner was chosen on "
        "them.",
        "Nicht auf den Testbildern bewertet: der Sweep ist nicht fertig, oder sie haben den "
        "Sieger ausgewählt.",
    ),
}
