"""Fused form of networks that are not declared: whether they have one, and whether it pays.

Such a network is built and traced to find out, which imports torch. A sweep of declared networks
never does.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache

from tune_mc1.config.architectures import LayerSize
from tune_mc1.config.image_files import ImageFiles
from tune_mc1.config.recipe.fine_tuning import FineTuningParameters
from tune_mc1.config.recipe.loss import LossParameters
from tune_mc1.config.recipe.optimizer import OptimizerParameters
from tune_mc1.config.recipe.run import RunParameters
from tune_mc1.config.recipe.schedule import ScheduleParameters
from tune_mc1.config.trial import TrialConfig
from tune_mc1.data.source import Source, find_source

Images = tuple[tuple[int, int, int], int]
"""Channels, height and width of images, and the number of classes."""

USUAL_IMAGES: Images = (Source.usual_shape, Source.usual_classes)

CPU_SHARES = (
    (12.0, 128, (0.45, 0.65)),
    (12.0, 10_000, (0.7, 1.0)),
    (20.0, 64, (0.75, 0.85)),
)
"""Time that one more trial adds to a group, relative to its time alone, by the largest mean number
of channels of its convolutions and the largest batch: if the trials share their images, and if each
has its own. Measured on one core of an AMD EPYC for eight trials (docs/fused-trials.md)."""

CPU_WEIGHTS = ((200_000, 0.0), (450_000, 0.5), (800_000, 0.85))
"""Smallest share by the largest number of weights, if the network is little more than these. Four
trials of MLP, with 45 million each, take a third longer than alone."""

GPU_MULTIPLY_ADDS = 5_000_000
"""Largest work per image of a network that leaves a GPU idle. CNN5 (2.1 million) gains seven times
on an H100; CNN8 (226 million), MLP (46 million) and VGG gain nothing. Not measured for others."""

GPU_SHARE = 0.05

_NOT_THE_NETWORKS = {
    *("epochs", "batch_size", "learning_rate", "lr_schedule", "optimizer", "weight_decay"),
    *("momentum", "overfit_batches", "drop_last", "shuffle", "augment", "seed", "device"),
    *("precision", "loss_function", "normalize"),
    *FineTuningParameters.model_fields,
    *LossParameters.model_fields,
    *OptimizerParameters.model_fields,
    *RunParameters.model_fields,
    *ScheduleParameters.model_fields,
}
"""Parameters on which no network depends, save for its weights."""


@dataclass(frozen=True)
class OwnForm:
    """A network that is not declared, as far as fusing needs to know it.

    Attributes:
        unknown: Why it has no fused form; empty if it has one.
        signature: Equal for networks that compute the same, apart from weights and dropout.
        sizes: Sizes of its convolutions and linear layers.
        width: Mean number of channels of its convolutions; 0 without one.
        drops: Whether it drops units.
    """

    unknown: str = ""
    signature: Hashable = None
    sizes: tuple[LayerSize, ...] = ()
    width: float = 0.0
    drops: bool = False

    def reason(self, gpu: bool) -> str:
        """Why it has no fused form on a device; empty if it has one."""
        if gpu and self.drops:
            return "on a GPU, its dropout would drop other units than alone"
        return self.unknown

    def share(self, lanes: int, batch_size: int, gpu: bool) -> float:
        """Time that one more trial adds to a group, relative to its time alone; 1 is no gain.

        Args:
            lanes: Number of different image orders in the group.
            batch_size: Images per optimiser step.
            gpu: Whether it runs on a GPU.
        """
        if self.too_large(batch_size, gpu):
            return 1.0
        if gpu:
            return GPU_SHARE
        same, own = self._shares(batch_size) or (1.0, 1.0)
        least = next(least for weights, least in CPU_WEIGHTS if self.weights <= weights)
        return max(least, same if lanes == 1 else own)

    @property
    def weights(self) -> int:
        """Number of weights of its convolutions and linear layers."""
        return sum(size.weights for size in self.sizes)

    def _shares(self, batch_size: int) -> tuple[float, float] | None:
        found = (s for width, most, s in CPU_SHARES if self.width <= width and batch_size <= most)
        return next(found, None)

    def too_large(self, batch_size: int, gpu: bool) -> str:
        """Why it fills a core or a GPU by itself; empty if it does not."""
        if gpu:
            work = sum(size.multiply_adds for size in self.sizes)
            limit, what = GPU_MULTIPLY_ADDS, "multiply-adds per image"
            return f"it has {work:,} {what}, more than {limit:,}" if work > limit else ""
        most = CPU_WEIGHTS[-1][0]
        if self.weights > most:
            return f"it has {self.weights:,} weights, more than {most:,}"
        if self._shares(batch_size) is None:
            widths = (width for width, largest, _ in CPU_SHARES if batch_size <= largest)
            width = f"{self.width:.3g} channels on average, more than {max(widths, default=0):g}"
            return f"its convolutions have {width}"
        return ""


def usual_images(data: str | ImageFiles) -> Images:
    """What images of a data set usually are, before they are read.

    Args:
        data: The `data` of the sweep.
    """
    source = find_source(data) or Source
    return source.usual_shape, source.usual_classes


def is_own(config: TrialConfig) -> bool:
    """True if a trial's network is not declared."""
    return not config.architecture.declared


def own_form(config: TrialConfig, images: Images) -> OwnForm:
    """The form of a trial's network, which is built for it once per setting.

    Args:
        config: The trial's parameters.
        images: Shape of the images in the data set, and number of classes.
    """
    images = config.input_shape(images[0]), images[1]
    given = config.constructor_arguments
    if given.get("pretrained") or given.get("weights"):
        return OwnForm("its weights are pretrained")
    drop = config.dropout_p
    rate = 0.5 if drop and drop < 1 else drop
    same = {"seed": 0, "pretrained": False, "dropout_p": rate, "freeze": None}
    kept = config.model_copy(update=same)
    return _form(_Setting(kept.model_dump_json(exclude=_NOT_THE_NETWORKS), kept), images)


@dataclass(frozen=True)
class _Setting:
    key: str
    config: TrialConfig

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Setting) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


@lru_cache(maxsize=4096)
def _form(setting: _Setting, images: Images) -> OwnForm:
    import torch

    from tune_mc1.models.build import OwnNetwork, build_model
    from tune_mc1.models.fused_own import trace_own
    from tune_mc1.models.graph_reading import NoFusedForm

    try:
        with torch.random.fork_rng(devices=[]):
            model = build_model(setting.config, *images)
            if not isinstance(model, OwnNetwork):
                return OwnForm("it is a Classifier of its own")
            traced = trace_own(model, images[0])
    except NoFusedForm as error:
        return OwnForm(str(error))
    except Exception as error:  # the trial itself will report it
        return OwnForm(f"it cannot be built: {' '.join(str(error).split())}")
    drops = any(traced.dropouts)
    return OwnForm("", traced.signature, traced.sizes, traced.width, drops)
