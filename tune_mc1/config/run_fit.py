"""Whether parameters of how a trial runs fit each other."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tune_mc1.config.trial import TrialConfig

HALF_ON_CPU = (
    "16-mixed needs a GPU, as CPUs have no fast float16 (bf16-mixed runs on both), got device cpu"
)


def run_problem(config: "TrialConfig") -> str | None:
    """Why parameters of how a trial runs do not fit each other; None if they do."""
    if config.precision == "16-mixed" and config.device == "cpu":
        return f"precision: {HALF_ON_CPU}"
    if config.ema_warmup and not config.ema_decay:
        return "ema_warmup: only valid with an ema_decay greater than 0, got true with 0"
    return None
