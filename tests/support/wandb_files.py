"""Sweep files drawn from a seed, valid ones and broken ones, with the standard library alone.

W&B's own engine reads the same ones (`tests.support.wandb_oracle`), in an environment without this
project's libraries.
"""

import random
from collections.abc import Callable
from typing import Any

Tree = dict[str, Any]
Kind = Callable[[random.Random], Tree]


def sweep_files(count: int, seed: int) -> list[Tree]:
    """Sweep files without a program.

    Args:
        count: Number of files.
        seed: Every seed has its own.
    """
    return [_file(random.Random(f"{seed}/{place}")) for place in range(count)]


def _file(r: random.Random) -> Tree:
    method = r.choice(["grid", "grid", "random", "random", "bayes"])
    made: Tree = {"method": method, "parameters": _parameters(r, method, depth=0)}
    if r.random() < 0.7:
        made["metric"] = {"name": "loss"}
        if r.random() < 0.6:
            made["metric"]["goal"] = r.choice(["minimize", "maximize"] * 8 + ["max"])
        if r.random() < 0.1:
            made["metric"]["target"] = r.choice([0.1, 2, 5, 1.5, "low"])
    if r.random() < 0.3:
        made["run_cap"] = r.choice([1, 5, 20, 50] * 4 + [0, -1])
    if "metric" in made and r.random() < 0.2:
        made["early_terminate"] = _early(r)
    if r.random() < 0.03:
        made[r.choice(["metod", "parameter"])] = 1
    return made


def _early(r: random.Random) -> Tree:
    made: Tree = {"type": "hyperband"}
    if r.random() < 0.7:
        made["min_iter"] = r.choice([1, 2, 3, 0])
    if r.random() < 0.4:
        made["max_iter"] = r.choice([9, 27, 10])
    if r.random() < 0.4:
        made["s"] = r.choice([1, 2, 3])
    if r.random() < 0.5:
        made["eta"] = r.choice([2, 3, 1.5, 1, 4])
    if r.random() < 0.3:
        made["strict"] = r.choice([True, False])
    return made


def _parameters(r: random.Random, method: str, depth: int) -> Tree:
    names = r.sample(["lr", "units", "depth", "Act", "b_2", "opt.name"], r.randint(1, 3))
    return {name: _parameter(r, method, depth) for name in names}


def _parameter(r: random.Random, method: str, depth: int) -> Tree:
    if depth < 2 and r.random() < 0.06:
        return {"parameters": _parameters(r, method, depth + 1)}
    listed: list[Kind] = [_constant, _categorical, _categorical, _int_uniform, _q_uniform]
    kinds = listed
    if method != "grid" or r.random() < 0.06:
        kinds = [*listed, _weighted, _weighted, _uniform, _log, _log, _log, _normal, _normal, _beta]
    made = r.choice(kinds)(r)
    return _broken(r, made) if r.random() < 0.1 else made


def _constant(r: random.Random) -> Tree:
    made: Tree = {"value": r.choice([1, 0.5, "a", True, None, [1, 2]])}
    return made | ({"distribution": "constant"} if r.random() < 0.2 else {})


def _listed(r: random.Random) -> list[Any]:
    pool: list[Any] = r.choice(
        [[16, 32, 64, 128], [0.1, 0.01, 1e-05], ["relu", "gelu", ""], [1, 1.0, 2, "x"]]
    )
    chosen = [r.choice(pool) for _ in range(r.randint(1, 4))]
    return chosen + ([None] if r.random() < 0.1 else []) + ([True] if r.random() < 0.05 else [])


def _categorical(r: random.Random) -> Tree:
    made: Tree = {"values": _listed(r)}
    return made | ({"distribution": "categorical"} if r.random() < 0.3 else {})


def _weighted(r: random.Random) -> Tree:
    values = r.sample([1, 2, 4, 8, "a", "b", 0.5], r.randint(1, 4))
    parts = [r.choice([0, 1, 1, 2, 3]) for _ in values]
    whole = sum(parts) or 1
    digits = r.choice([1, 2, 4, 5, 6, 9])
    made: Tree = {"values": values, "probabilities": [round(p / whole, digits) for p in parts]}
    if r.random() < 0.05:
        made["probabilities"] = [*made["probabilities"][1:], 0.0, 0.0]
    return made | ({"distribution": "categorical_w_probabilities"} if r.random() < 0.3 else {})


def _int_uniform(r: random.Random) -> Tree:
    low = r.randint(-3, 5)
    made: Tree = {"min": low, "max": low + r.randint(1, 8)}
    return made | ({"distribution": "int_uniform"} if r.random() < 0.4 else {})


def _uniform(r: random.Random) -> Tree:
    low = r.choice([-1, 0, 0.0, 0.25, 1, 1.5])
    made: Tree = {"min": low, "max": low + r.choice([0.5, 1.0, 2, 3])}
    return made | ({"distribution": "uniform"} if r.random() < 0.5 else {})


def _q(r: random.Random) -> Tree:
    return r.choice([{}, {"q": 1}, {"q": 2}, {"q": 5}, {"q": 0.5}, {"q": 0.1}, {"q": 0.3}])


def _q_uniform(r: random.Random) -> Tree:
    low = r.choice([0, 1, 2.5, 8, -4])
    return {"distribution": "q_uniform", "min": low, "max": low + r.choice([1, 4, 10])} | _q(r)


def _log(r: random.Random) -> Tree:
    if r.random() < 0.5:
        low = r.choice([-6, -2.5, -1, 0, 1])
        kind = r.choice(["log_uniform", "q_log_uniform", "inv_log_uniform"])
        made: Tree = {"distribution": kind, "min": low, "max": low + r.choice([1, 2, 3.5])}
    else:
        low = r.choice([1e-05, 0.001, 1, 4, 10.0])
        kind = r.choice(["log_uniform_values", "q_log_uniform_values", "inv_log_uniform_values"])
        made = {"distribution": kind, "min": low, "max": low * r.choice([10, 100])}
    return made | (_q(r) if kind.startswith("q_") else {})


def _normal(r: random.Random) -> Tree:
    kind = r.choice(["normal", "q_normal", "log_normal", "q_log_normal"])
    made: Tree = {"distribution": kind}
    if r.random() < 0.7:
        made["mu"] = r.choice([0, 1, -2.0, 3])
    if r.random() < 0.7:
        made["sigma"] = r.choice([0.5, 1, 2] * 4 + [0])
    return made | (_q(r) if kind.startswith("q_") else {})


def _beta(r: random.Random) -> Tree:
    kind = r.choice(["beta", "q_beta"])
    made: Tree = {"distribution": kind}
    if r.random() < 0.6:
        made |= {"a": r.choice([1, 2, 0.5, 0]), "b": r.choice([1, 3, 5.5])}
    return made | (r.choice([{}, {"q": 0.1}, {"q": 0.25}]) if kind == "q_beta" else {})


def _broken(r: random.Random, made: Tree) -> Tree:
    """The parameter with something that may be wrong."""
    made = dict(made)
    change = r.choice(["drop", "more", "swap", "null", "text", "bool", "low", "kind"])
    numbers = [k for k, v in made.items() if isinstance(v, int | float) and k != "value"]
    name = r.choice(numbers) if numbers else ""
    if change == "drop":
        made.pop(r.choice(list(made)))
    elif change == "more":
        key, value = r.choice([("q", 1), ("mu", 0.0), ("values", [1, 2]), ("vals", 1), ("min", 0)])
        made.setdefault(key, value)
    elif change == "swap" and "min" in made:
        made["min"], made["max"] = made["max"], made["min"]
    elif change == "kind":
        made["distribution"] = r.choice(["unifrom", "uniform", "q_normal", "log_uniform_values"])
    elif name:
        made[name] = {"null": None, "text": str(made[name]), "bool": True}.get(change, -made[name])
    return made
