"""Titles and captions of figures without learning curves, and why a figure is left out."""

RESULT_CAPTIONS: dict[str, tuple[str, str]] = {
    "parallel_title": (
        "Parameters and {metric} of every trial",
        "Parameter und {metric} jedes Trials",
    ),
    "parallel_caption": (
        "Each of {n} lines is a trial; its colour is its {metric} at its best epoch, with the best "
        "drawn last. Colours begin at the worst tenth. Trials with equal values are set apart a "
        "little.",
        "Jede von {n} Linien ist ein Trial; ihre Farbe zeigt: {metric} in der besten Epoche, die "
        "besten zuletzt gezeichnet. Die Farben beginnen beim schlechtesten Zehntel. Trials mit "
        "gleichen Werten sind etwas auseinandergerückt.",
    ),
    "parallel_cut": (
        "{shown} of {total} trials are drawn, evenly from worst to best.",
        "{shown} von {total} Trials sind gezeichnet, gleichmässig vom schlechtesten zum besten.",
    ),
    "parallel_axes": ("Not shown: {names}.", "Nicht gezeigt: {names}."),
    "stopped_count": (
        "Trials that stopped early count with their best epoch so far.",
        "Vorzeitig gestoppte Trials zählen mit ihrer bisher besten Epoche.",
    ),
    "without_score": ("{n} trials have no score.", "{n} Trials haben keinen Wert."),
    "heatmap_title": ("{metric} by {rows} and {columns}", "{metric} nach {rows} und {columns}"),
    "heatmap_caption": (
        "Mean {metric} at each trial's best epoch, by {rows} and {columns}, ± the standard "
        "deviation over the cell's n trials, which may differ in other parameters.",
        "{metric} (Mittel) in der besten Epoche jedes Trials, nach {rows} und {columns}, ± die "
        "Standardabweichung über die n Trials der Zelle, die sich in anderen Parametern "
        "unterscheiden können.",
    ),
    "heatmap_quantiles": (
        "Continuous parameters are cut into groups of equal size.",
        "Stetige Parameter sind in gleich grosse Gruppen geteilt.",
    ),
    "heatmap_panels": ("A panel a model.", "Ein Feld pro Modell."),
    "cost_bars": (
        "; lines reach from the worst to the best of its runs",
        "; Striche reichen vom schlechtesten zum besten ihrer Läufe",
    ),
    "parameters_title": ("{metric} by size of the model", "{metric} nach Grösse des Modells"),
    "parameters_caption": (
        "{metric} at the best epoch against the number of trained parameters; a marker a "
        "setting{bars}. Settings of one model are set apart a little.",
        "{metric} in der besten Epoche gegen die Anzahl trainierter Parameter; eine Marke pro "
        "Einstellung{bars}. Einstellungen desselben Modells sind etwas auseinandergerückt.",
    ),
    "time_title": ("{metric} by training time", "{metric} nach Trainingszeit"),
    "time_caption": (
        "{metric} at the best epoch against the training time of a trial; a marker a "
        "setting{bars}. Dotted: the best that a time bought. Times hold for the machine and the "
        "load under which the sweep ran.",
        "{metric} in der besten Epoche gegen die Trainingszeit eines Trials; eine Marke pro "
        "Einstellung{bars}. Gepunktet: das Beste, was eine Zeit eingebracht hat. Die Zeiten gelten "
        "für den Rechner und die Last, unter denen der Sweep lief.",
    ),
    "time_fused": (
        "Trials trained together as one model share their time equally.",
        "Trials, die zusammen als ein Modell trainiert wurden, teilen sich die Zeit zu gleichen "
        "Teilen.",
    ),
    "rungs_title": ("ASHA: which trials went on", "ASHA: welche Trials weiterliefen"),
    "rungs_caption": (
        "{metric} of every trial at each rung: filled where it went on, grey where it stopped; "
        "lines join those that came to the next one. About one in {eta} of those that came before "
        "it goes on, so an early arrival needs less to pass.",
        "{metric} jedes Trials auf jeder Stufe: gefüllt, wo er weiterlief, grau, wo er endete; "
        "Linien verbinden jene, die zur nächsten kamen. Von jenen, die vorher kamen, läuft etwa "
        "einer von {eta} weiter; wer früh ankommt, braucht also weniger.",
    ),
    "confusion_title": (
        "Confusion matrix of the best setting, test images",
        "Konfusionsmatrix der besten Einstellung, Testbilder",
    ),
    "confusion_caption": (
        "Test images by true class (row) and predicted class (column), in per cent of the row and "
        "counted below: {images} images{runs}, accuracy {accuracy:.3f}.",
        "Testbilder nach wahrer (Zeile) und vorhergesagter Klasse (Spalte), in Prozent der Zeile "
        "und darunter gezählt: {images} Bilder{runs}, Genauigkeit {accuracy:.3f}.",
    ),
    "confusion_runs": (" by each of {runs}, added up", " von jedem von {runs}, zusammengezählt"),
    "mistakes_title": (
        "Mistakes that the best setting is surest of",
        "Fehler, bei denen die beste Einstellung am sichersten ist",
    ),
    "mistakes_caption": (
        "The {n} test images that trial {trial} is surest of among the {total} that it gets wrong: "
        "true class, predicted class, and the probability that it gives the latter.",
        "Die {n} Testbilder, bei denen Trial {trial} unter seinen {total} Fehlern am sichersten "
        "ist: wahre Klasse, vorhergesagte Klasse und die Wahrscheinlichkeit, die er dieser gibt.",
    ),
    "folds_title": ("Scores of the folds", "Werte der Folds"),
    "folds_caption": (
        "{metric} of every fold (points) with median, quartiles, and whiskers to the last point "
        "within 1.5 times the interquartile range; at the right mean ± standard deviation. Folds "
        "share training images, so their spread is less than that of new images.",
        "{metric} jedes Folds (Punkte) mit Median, Quartilen und Antennen bis zum letzten Punkt "
        "innerhalb des 1.5-fachen Quartilsabstands; rechts Mittel ± Standardabweichung. Folds "
        "teilen Trainingsbilder, darum streuen sie weniger als neue Bilder.",
    ),
    "folds_cut": ("The best {n} settings are shown.", "Gezeigt sind die besten {n} Einstellungen."),
    "importance_title": (
        "Parameters that decide {metric}",
        "Welche Parameter entscheiden: {metric}",
    ),
    "importance_caption": (
        "Importance of each parameter for {metric} with its 95 % interval, and its correlation "
        "with it: filled where it is positive, hatched where it is negative.",
        "Wichtigkeit jedes Parameters für {metric} mit 95-%-Intervall, und die Korrelation damit: "
        "gefüllt, wo sie positiv ist, schraffiert, wo negativ.",
    ),
    "marginal_title": ("Mean {metric} by parameter", "{metric} nach Parameter (Mittel)"),
    "marginal_caption": (
        "Mean {metric} of the settings with each value, at each trial's best epoch, and its 95 % "
        "interval. Settings differ in the other parameters too, so intervals may overlap where "
        "the difference in pairs is clear.",
        "{metric} (Mittel) der Einstellungen mit jedem Wert, in der besten Epoche jedes Trials, "
        "mit 95-%-Intervall. Die Einstellungen unterscheiden sich auch in anderen Parametern; "
        "Intervalle können sich darum überlappen, wo der Unterschied in Paaren klar ist.",
    ),
    "marginal_reference": (
        "Hollow: the reference ({source}), of its own trials at their last epoch.",
        "Hohl: die Referenz ({source}), über deren eigene Trials in ihrer letzten Epoche.",
    ),
    "single_batch_title": (
        "Single-batch check: can it be learned by heart?",
        "Ein Batch zur Probe: lässt er sich auswendig lernen?",
    ),
    "single_batch_caption": (
        "Training loss and accuracy on the same few images in every epoch{band}. A sound model and "
        "training loop drive the loss towards zero, given epochs enough.",
        "Trainingsverlust und Trainingsgenauigkeit auf denselben wenigen Bildern in jeder "
        "Epoche{band}. Ein taugliches Modell mit tauglicher Trainingsschleife bringt den Verlust "
        "gegen null, wenn die Epochen reichen.",
    ),
    "left_single_batch": (
        "Only the training on the single batch is shown: validation scores of such a sweep mean "
        "nothing.",
        "Gezeigt ist nur das Training auf dem einen Batch: Validierungswerte eines solchen Sweeps "
        "bedeuten nichts.",
    ),
    "left_no_scores": (
        "No figures yet: no trial has finished an epoch.",
        "Noch keine Abbildungen: kein Trial hat eine Epoche beendet.",
    ),
    "left_predictions": (
        "No confusion matrix: the sweep kept no predictions of its winner on the test images.",
        "Keine Konfusionsmatrix: der Sweep hat keine Vorhersagen des Siegers auf den Testbildern.",
    ),
    "left_images": (
        "No examples of mistakes: the images are not at hand.",
        "Keine Beispiele von Fehlern: die Bilder sind nicht zur Hand.",
    ),
    "left_fingerprint": (
        "No examples of mistakes: the images at hand are others ({found}) than those of the sweep "
        "({wanted}).",
        "Keine Beispiele von Fehlern: die vorhandenen Bilder sind andere ({found}) als jene des "
        "Sweeps ({wanted}).",
    ),
    "left_shape": (
        "No accuracy by size of the model: the results do not say how large the images were.",
        "Keine Genauigkeit nach Modellgrösse: die Resultate nennen die Grösse der Bilder nicht.",
    ),
}
"""Key: (English, German)."""
