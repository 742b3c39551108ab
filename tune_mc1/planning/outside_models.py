"""Networks from outside in a plan: that they exist, and that their constructors fit the sweep.

It imports torch and the networks, and so only runs for sweeps that have such networks.
"""

from collections.abc import Callable, Iterator, Sequence

from tune_mc1.config.aliases import parameter_name
from tune_mc1.config.architectures import ARCHITECTURES
from tune_mc1.config.model_names import OPTIONS, is_outside
from tune_mc1.config.model_signature import FROM_IMAGES, Signature, signature_of
from tune_mc1.config.parameters import Constant
from tune_mc1.config.problems import Path, show_path
from tune_mc1.config.sweep import Sweep
from tune_mc1.config.trial import trial_fields
from tune_mc1.config.user_code import look_in
from tune_mc1.errors import InputError, did_you_mean

Place = Callable[[Path], str]
"""Where a value stands, for messages: `sweep.yaml: parameters.model.value`."""


def check_networks(sweep: Sweep, place: Place) -> Sweep:
    """Imports the networks from outside, and checks the sweep's parameters by their signatures.

    Args:
        sweep: The sweep.
        place: Names the place of a parameter.

    Returns:
        The sweep with `passes`, which of our parameters each constructor gets.

    Raises:
        InputError: If a network cannot be imported, or its constructor takes other parameters.
    """
    if not any(map(is_outside, sweep.models)):
        return sweep
    look_in(sweep.import_from)
    signatures: list[Signature] = []
    lines: list[str] = []
    for path, model in _models(sweep):
        if not is_outside(model):
            continue
        try:
            signatures.append(signature_of(model))
        except ValueError as error:
            lines.append(f"{place(path)}: {error}, got {model!r}")
    if not lines:
        lines = list(_misfits(sweep, signatures, place))
    passes = {signature.model: passed(sweep, signature) for signature in signatures}
    found = {model: names for model, names in passes.items() if names}
    if sweep.passes and sweep.passes != found and not lines:
        lines = [f"passes: must be {found}, as the constructors are now, got {sweep.passes}"]
    if lines:
        raise InputError(lines)
    return sweep.model_copy(update={"passes": found})


def _models(sweep: Sweep) -> Iterator[tuple[Path, str]]:
    single = isinstance(sweep.parameters.get("model"), Constant)
    for i, model in enumerate(sweep.models):
        yield (("model", "value") if single else ("model", "values", i)), model


def passed(sweep: Sweep, signature: Signature) -> tuple[str, ...]:
    """Trial parameters of the sweep that a constructor names.

    Those of training that only what it calls names are left out, as by earlier versions.
    """
    names = [name for name in sweep.parameters if name in trial_fields() and name != "model"]
    left_out = signature.passed_on - set(OPTIONS)
    return tuple(n for n in names if n in signature.parameters and n not in left_out)


def _misfits(sweep: Sweep, signatures: list[Signature], place: Place) -> Iterator[str]:
    own = [name for name in sweep.argument_names if name not in FROM_IMAGES]
    for name in sweep.argument_names:
        if name in FROM_IMAGES:
            yield f"{place((name,))}: is not a parameter of a sweep; the images determine it"
    for name in (*own, *(option for option in OPTIONS if option in sweep.parameters)):
        for signature in signatures:
            if not _given(sweep, name, signature.model):
                continue
            takes = signature.takes(name) if name in own else name in signature.parameters
            if not takes:
                known = {*signature.parameters, *(trial_fields() if name in own else ())}
                hint = did_you_mean(name, known - FROM_IMAGES)
                yield f"{place((name,))}: {signature.model} does not take it{hint}: {signature}"
        ours = [m for m in sweep.models if name not in ARCHITECTURES[m].options]
        ours = [m for m in ours if not is_outside(m) and _given(sweep, name, m)]
        if name in own and ours:
            others = [s.model for s in signatures if s.takes(name)]
            hint = f"; when: {{model: {others[0]}}} gives it to that one" if others else ""
            yield f"{place((name,))}: {', '.join(ours)} does not take it{hint}"
    for signature in signatures:
        if names := ", ".join(signature.missing(sweep.parameters)):
            rule = "which neither the images nor the sweep give"
            yield f"{place(('model',))}: {signature.model} needs {names}, {rule}: {signature}"


def _given(sweep: Sweep, name: str, model: str) -> bool:
    """Whether trials of a network may have a parameter, by its condition."""
    models = (sweep.parameters[name].when or {}).get("model")
    return models is None or model in models


def places(file: str, overrides: Sequence[str]) -> Place:
    """Names places in a file, or the `--set` that replaces them.

    Args:
        file: The sweep file.
        overrides: Items `name=value[,value...]` of `--set`.
    """
    set_names = {parameter_name(item.partition("=")[0].strip()) for item in overrides}

    def place(path: Path) -> str:
        if path[0] in set_names:
            return f"--set {path[0]}"
        return f"{file}: {show_path(('parameters', *path))}"

    return place
