"""What a plan says of trials that are trained alone although they need not be."""

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from tune_mc1.config.fine_tuning_fit import has_features
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.planning.fusion import unfusable_reason
from tune_mc1.planning.own_networks import USUAL_IMAGES, Images, is_own, own_form


def unfused_notices(
    trials: Sequence[Trial], fuse: Literal["auto", "off"] | int, images: Images = USUAL_IMAGES
) -> list[str]:
    """Notices about trials that are trained alone although the sweep allows fusing.

    Trials with a frozen backbone are not mentioned: they share its features, which saves more.
    Neither are declared networks that gain nothing, which the documentation lists.

    Args:
        trials: The plan.
        fuse: The sweep's `fuse`.
        images: Shape of the images and number of classes.
    """
    if fuse == "off" or len(trials) == 1:
        return []
    configs = [t.config for t in trials if not has_features(t.config)]
    reasons = (
        unfusable_reason(config, images)
        or (_gain_problem(config, images) if fuse == "auto" else "")
        for config in configs
    )
    counts = Counter(filter(None, reasons))
    return [
        f"fuse: {count} trials are trained alone, as {reason}"
        for reason, count in counts.items()
        if count > 1
    ]


def _gain_problem(config: TrialConfig, images: Images) -> str:
    """Why a network that is not declared gains nothing on a CPU; empty if it gains."""
    problem = own_form(config, images).too_large(config.batch_size, False) if is_own(config) else ""
    return problem and f"model {config.model} gains nothing by fusing on a CPU ({problem})"
