"""Labels of parameters and metrics in reports, in English and German (Swiss spelling)."""

from tune_mc1.config.field_types import Lang
from tune_mc1.config.metrics import metric_label
from tune_mc1.config.trial import trial_fields
from tune_mc1.config.trial_parameters import info_of


def label(name: str, lang: Lang) -> str:
    """Label of a parameter or metric; its name if it has no label.

    Args:
        name: A trial parameter, a metric such as `acc`, or one of a split such as `val_acc`.
        lang: The language.
    """
    field = trial_fields().get(name)
    words = metric_label(name, lang) if field is None else getattr(info_of(field), lang)
    return words or name
