"""What is known of a trial before it trains, and the constraints that follow from it."""

from collections.abc import Mapping, Sequence

from tune_mc1.config.image_files import ImageFiles
from tune_mc1.config.layer_sizes import layer_sizes
from tune_mc1.config.sweep import Sweep
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.data.source import find_source
from tune_mc1.errors import InputError
from tune_mc1.planning.own_networks import Images


def known_images(data: str | ImageFiles) -> Images | None:
    """Shape of the images and number of classes, if a source always has the same."""
    source = find_source(data)
    if source is None or not (source.fixed or source.name == "auto"):
        return None
    return source.usual_shape, source.usual_classes


def known_quantities(config: TrialConfig, images: Images | None) -> dict[str, float]:
    """Metrics of a trial that are known before it trains: `param_count`, of declared networks.

    Args:
        config: The trial's parameters.
        images: Shape of the images and number of classes; None if they are not known.
    """
    if images is None or not config.architecture.declared or config.architecture.whitened:
        return {}
    shape, classes = config.input_shape(images[0]), images[1]
    sizes = layer_sizes(config.architecture, shape, classes, config.effective_batch_norm)
    return {"param_count": float(sum(layer.weights for layer in sizes))}


def violations(sweep: Sweep, known: Mapping[str, float]) -> dict[str, float]:
    """How far each constraint on a known quantity is violated; at most 0 if it is not."""
    return {
        str(constraint): constraint.violation(known[constraint.name])
        for constraint in sweep.limits
        if constraint.name in known
    }


def permitted(sweep: Sweep, trials: Sequence[Trial], source: str) -> tuple[list[Trial], list[str]]:
    """The trials of a plan that keep the constraints, as far as that is known before they train.

    Args:
        sweep: The sweep.
        trials: Its plan.
        source: Name of the file, for messages.

    Returns:
        The trials, numbered anew, and notices about those that are left out.

    Raises:
        InputError: If none is left.
    """
    if not sweep.limits or not trials:
        return list(trials), []
    images = known_images(sweep.data)
    broken: dict[str, int] = {}
    kept: list[Trial] = []
    for trial in trials:
        found = violations(sweep, known_quantities(trial.config, images))
        over = [text for text, violation in found.items() if violation > 0]
        for text in over:
            broken[text] = broken.get(text, 0) + 1
        if not over:
            kept.append(trial.model_copy(update={"id": f"t{len(kept) + 1:04d}"}))
    if not kept:
        texts = " and ".join(broken)
        raise InputError(f"{source}: constraints: no setting fulfils {texts}")
    return kept, [
        f"constraints: {count} of {len(trials)} trials are left out, as they violate {text}"
        for text, count in broken.items()
    ]
