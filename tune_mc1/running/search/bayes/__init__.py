"""Bayesian search on Optuna."""

from importlib.util import find_spec

from tune_mc1.errors import InputError

if find_spec("optuna") is None:
    raise InputError("method: bayes needs Optuna: pip install 'tune_mc1[bayes]'")
