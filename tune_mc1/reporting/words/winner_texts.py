"""Texts on the winner and how sure its lead is, in English and German (Swiss spelling)."""

from tune_mc1.reporting.words.catalogue import Catalogue

WINNER_TEXTS: Catalogue = {
    "winner": ("The winner", "Der Sieger"),
    "winner_setting": ("Setting", "Einstellung"),
    "winner_val": ("Validation score", "Validierungswert"),
    "winner_test": ("Test score", "Testwert"),
    "winner_majority": ("Majority baseline", "Häufigste Klasse"),
    "winner_majority_value": (
        "test_acc {share} for always guessing {name}",
        "test_acc {share}, wer immer {name} rät",
    ),
    "winner_majority_equal": (
        "test_acc {share} for always guessing one class; all have as many images",
        "test_acc {share}, wer immer dieselbe Klasse rät; alle haben gleich viele Bilder",
    ),
    "winner_bias": (
        "The winner is the best of {n} settings, each at its best epoch, so its validation score "
        "overestimates what it reaches on new images.",
        "Der Sieger ist die beste von {n} Einstellungen, jede in ihrer besten Epoche; sein "
        "Validierungswert überschätzt darum, was er auf neuen Bildern erreicht.",
    ),
    "winner_apart": (
        "The test images played no part in the choice.",
        "Die Testbilder hatten an der Wahl keinen Anteil.",
    ),
    "winner_epochs": (
        "This is the score of the best epoch, which chance favours: it overestimates what the "
        "setting reaches on new images.",
        "Dies ist der Wert der besten Epoche, die der Zufall begünstigt: er überschätzt, was die "
        "Einstellung auf neuen Bildern erreicht.",
    ),
    "summary_tried": ("{n} settings were compared.", "{n} Einstellungen wurden verglichen."),
    "summary_one": ("One setting was trained.", "Eine Einstellung wurde trainiert."),
    "summary_best": (
        "The best one{setting} reached {score} ({metric}).",
        "Die beste{setting} erreichte {score} ({metric}).",
    ),
    "summary_test_acc": (
        "On the test images its accuracy is {score}; always guessing the largest class would give "
        "{majority}.",
        "Auf den Testbildern ist ihre Genauigkeit {score}; wer immer die grösste Klasse rät, "
        "erreicht {majority}.",
    ),
    "summary_test": (
        "On the test images its {metric} is {score}.",
        "Auf den Testbildern ist ihr {metric} {score}.",
    ),
    "summary_alone": (
        "Every other setting is worse at the 5 % level, after Holm's correction.",
        "Alle anderen Einstellungen sind auf dem 5-%-Niveau schlechter, mit Holms Korrektur.",
    ),
    "summary_tested": (
        "Of the {of} other settings, {n} can be tested; these are worse at the 5 % level, after "
        "Holm's correction.",
        "Von den {of} anderen Einstellungen lassen sich {n} prüfen; diese sind auf dem 5-%-Niveau "
        "schlechter, mit Holms Korrektur.",
    ),
    "summary_tied_1": (
        "One of the other {of} settings cannot be told apart from it at the 5 % level, so the "
        "choice between the two remains open.",
        "Eine der anderen {of} Einstellungen ist auf dem 5-%-Niveau nicht von ihr zu "
        "unterscheiden; die Wahl zwischen beiden bleibt offen.",
    ),
    "summary_tied_n": (
        "{n} of the other {of} settings cannot be told apart from it at the 5 % level, so the "
        "choice among them remains open.",
        "{n} der anderen {of} Einstellungen sind auf dem 5-%-Niveau nicht von ihr zu "
        "unterscheiden; die Wahl unter ihnen bleibt offen.",
    ),
    "summary_images": (
        "This accounts for chance in the validation images only: as each setting ran once, chance "
        "in training is not measured.",
        "Dies berücksichtigt nur den Zufall der Validierungsbilder: da jede Einstellung einmal "
        "lief, ist jener des Trainings nicht gemessen.",
    ),
    "winner_error": ("Standard error", "Standardfehler"),
    "winner_error_value": (
        "{error}, {method} over {images} validation images",
        "{error}, {method} über {images} Validierungsbilder",
    ),
    "binomial": ("binomial", "binomial"),
    "jackknife": ("jackknife", "Jackknife"),
    "winner_error_images": (
        "not known, nor is the number of validation images behind this score",
        "unbekannt, wie auch die Zahl der Validierungsbilder hinter diesem Wert",
    ),
    "winner_error_share": (
        "not known: {metric} is not a proportion of the {images} validation images, whose "
        "predictions are not kept",
        "unbekannt: {metric} ist kein Anteil der {images} Validierungsbilder, deren Vorhersagen "
        "nicht aufbewahrt sind",
    ),
    "test_error": ("Standard error of {score}", "Standardfehler von {score}"),
    "test_error_value": (
        "{error}, {method} over {images} test images",
        "{error}, {method} über {images} Testbilder",
    ),
    "winner_gap": ("Runner-up", "Zweitbeste"),
    "winner_gap_value": ("{trials}, {gap} behind", "{trials}, {gap} dahinter"),
    "winner_ties": ("Tied with the winner", "Vom Sieger nicht zu unterscheiden"),
    "winner_ties_value": (
        "{n} of {of} others (tested {basis}, Holm's correction): {trials}",
        "{n} von {of} anderen ({basis} geprüft, Holms Korrektur): {trials}",
    ),
    "winner_ties_none": (
        "none; every other setting is worse (tested {basis}, Holm's correction)",
        "keine; alle anderen sind schlechter ({basis} geprüft, Holms Korrektur)",
    ),
    "winner_ties_tested": (
        "none of the {n} others that can be tested; these are worse (tested {basis}, Holm's "
        "correction)",
        "keine der {n} anderen, die sich prüfen lassen; diese sind schlechter ({basis} geprüft, "
        "Holms Korrektur)",
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
        "=: cannot be told apart from the best at the 5 % level (tested {basis}, Holm's "
        "correction).",
        "=: auf dem 5-%-Niveau von der besten nicht zu unterscheiden ({basis} geprüft, Holms "
        "Korrektur).",
    ),
    "points_note": (
        "Settings with two runs show both scores instead of an interval, as two runs say next to "
        "nothing about the spread.",
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
