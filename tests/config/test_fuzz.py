"""Any file is a sweep or a clean error, and any sweep survives being written and read."""

from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.support.sweep_files import load
from tune_mc1.config.load import config_to_yaml
from tune_mc1.config.method import resolve_method
from tune_mc1.config.sweep import Sweep
from tune_mc1.errors import InputError
from tune_mc1.planning.search_space import plan_trials

COMMANDS: tuple[str, ...] = ("grid", "random", "asha", "bayes")
REALS = st.floats(1e-3, 0.5)
PARAMETERS: dict[str, st.SearchStrategy[Any]] = {
    "learning_rate": st.one_of(
        st.fixed_dictionaries({"values": st.lists(REALS, min_size=1, unique=True)}),
        st.fixed_dictionaries({"distribution": st.just("normal"), "mu": REALS, "sigma": REALS}),
        st.builds(lambda a, b: {"min": a, "max": a + b}, REALS, REALS),
    ),
    "dropout_p": st.fixed_dictionaries({"value": st.none() | REALS}),
    "batch_norm": st.fixed_dictionaries({"value": st.none() | st.booleans()}),
    "momentum": st.builds(
        lambda a, q: {"distribution": "q_uniform", "min": 0, "max": a, "q": q}, REALS, REALS
    ),
    "seed": st.builds(lambda a: {"min": 0, "max": a}, st.integers(1, 2**63 - 1)),
}
SWEEPS = st.fixed_dictionaries(
    {"parameters": st.fixed_dictionaries({"epochs": st.just({"value": 9})}, optional=PARAMETERS)},
    optional={
        "method": st.sampled_from(["grid", "random", "bayes"]),
        "metric": st.fixed_dictionaries({"name": st.sampled_from(["val_loss", "val_acc_epoch"])}),
        "early_terminate": st.builds(
            lambda m, e: {"type": "asha", "min_iter": m, "eta": e},
            st.integers(1, 8),
            st.integers(2, 9),
        ),
        "name": st.text(),
        "description": st.sampled_from(["no", "1e-3", "null", "a: b", "- c", "é\n\tq", "#"]),
        "validation": st.sampled_from(["test", {"folds": 3}, {"holdout": 0.2, "seed": 1}]),
        "resources": st.builds(lambda g: {"gpu": g}, st.floats(0, 1)),
        "storage": st.just("s3://bucket/x"),
        "search_seed": st.integers(0, 2**63 - 1),
    },
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@example(raw={"parameters": {"epochs": {"value": 9}}, "name": "a\x85b"})
@given(raw=SWEEPS)
def test_resolved_file_loads_again_to_an_equal_sweep(tmp_path: Path, raw: dict[str, Any]) -> None:
    sweep = Sweep.model_validate(raw)
    again = load(tmp_path / "resolved.yaml", config_to_yaml(sweep)).sweep
    assert again == sweep
    assert config_to_yaml(again) == config_to_yaml(sweep)


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.dates(),
    st.sampled_from(["CNN", "uniform", "1e-3", "grid", "asha", "test", "val_acc"]),
)
_NAMES = (
    "method metric name goal parameters learning_rate epochs model seed value values min max q mu "
    "sigma a b distribution probabilities early_terminate type min_iter s max_iter eta brackets "
    "validation folds holdout resources cpu gpu replicates run_cap program data"
)
KEYS = st.sampled_from(_NAMES.split())
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
SHIPPED = (Path(__file__).parents[2] / "configs" / "asha.yaml").read_bytes()


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """The shipped file with a part replaced."""
    start = draw(st.integers(0, len(SHIPPED)))
    end = draw(st.integers(start, min(start + 20, len(SHIPPED))))
    return SHIPPED[:start] + draw(st.binary(max_size=6)) + SHIPPED[end:]


_TAGS = (
    "!!python/object/apply:os.mkdir !!python/name:os.system !!python/tuple !!set !!omap !!binary "
    "!!timestamp !!float !!int !!bool !!null !!str !!pairs !mine !<tag:yaml.org,2002:map> !"
)
TAGS = st.sampled_from(_TAGS.split())
PIECES = st.one_of(
    TAGS,
    KEYS,
    st.sampled_from(
        ["&a", "*a", "<<", "? ", "- ", "{", "}", "[", "]", ": ", ", ", "\n", "  ", "|"]
    ),
    st.sampled_from(["%YAML 1.1", "---", "...", "#", "0x", "1_0", "1:30", "2020-02-30", ".inf"]),
    st.integers().map(str),
)
LINES = st.lists(PIECES, max_size=30).map(lambda pieces: " ".join(pieces).encode())


@st.composite
def aliased(draw: st.DrawFn) -> bytes:
    """Anchors that hold several of the ones before, so that their size grows by powers."""
    fan, depth = draw(st.integers(1, 9)), draw(st.integers(1, 60))
    merge = draw(st.booleans())
    lines = ["l0: &l0 {a: 1}"]
    for i in range(1, depth):
        inner = f"[{', '.join([f'*l{i - 1}'] * fan)}]"
        lines.append(f"l{i}: &l{i} {{<<: {inner}}}" if merge else f"l{i}: &l{i} {inner}")
    return "\n".join(lines).encode()


FILES = st.one_of(
    st.binary(max_size=200),
    st.binary(max_size=40).map(lambda data: data.decode("latin-1").encode("utf-16")),
    LINES,
    st.builds(lambda tag, tree: f"parameters: {tag} {tree}\n".encode(), TAGS, TREES),
    aliased(),
    st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")),
    damaged(),
    st.dictionaries(KEYS, TREES, max_size=6).map(lambda tree: yaml.safe_dump(tree).encode()),
    st.dictionaries(KEYS, st.dictionaries(KEYS, TREES, max_size=4), max_size=3).map(
        lambda tree: yaml.safe_dump({"parameters": tree}).encode()
    ),
)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(content=FILES, overrides=st.lists(st.text(max_size=12), max_size=2))
def test_any_file_is_a_sweep_or_a_clean_error(
    tmp_path: Path, content: bytes, overrides: list[str]
) -> None:
    try:
        loaded = load(tmp_path / "fuzz.yaml", content, *overrides)
    except InputError as error:
        check(error)
        return
    finally:
        assert {file.name for file in tmp_path.iterdir()} <= {"fuzz.yaml", "again.yaml"}
    assert load(tmp_path / "again.yaml", config_to_yaml(loaded.sweep)).sweep == loaded.sweep
    for command in COMMANDS:
        try:
            few = loaded.sweep.model_copy(update={"run_cap": 3})
            sweep, _ = resolve_method(few, command)
            assert command == "bayes" or plan_trials(sweep)
        except InputError as error:
            check(error)


def check(error: InputError) -> None:
    lines = error.problems
    if not lines or not all(0 < len(line) < 600 and "\n" not in line for line in lines):
        raise AssertionError(lines)
