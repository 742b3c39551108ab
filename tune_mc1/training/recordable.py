"""Which trials' steps a GPU records as a CUDA graph.

A graph repeats the kernels of one step. So the step must do the same operations each time, and
nothing in it may wait for the GPU.
"""

from tune_mc1.config.losses import find_loss
from tune_mc1.config.model_names import is_outside, library_of
from tune_mc1.config.optimizers import OPTIMIZERS
from tune_mc1.config.trial import TrialConfig
from tune_mc1.models.build import Classifier, ImageShape, OwnNetwork
from tune_mc1.models.fused import FusedClassifier
from tune_mc1.models.fused_own import trace_own
from tune_mc1.models.graph_reading import NoFusedForm


def why_not_recorded(
    config: TrialConfig, model: Classifier | FusedClassifier, image_shape: ImageShape
) -> str:
    """Why a trial's steps run operation by operation on a GPU; empty if they are to be recorded.

    Networks of timm and torchvision draw random numbers on the GPU alone, so they are tried; what
    cannot be recorded raises an error, which `GraphSteps` notices. The user's own network may do
    in Python what a graph would silently repeat, so it is read first.

    Args:
        config: The trial's parameters, or those of a group's first trial.
        model: Its model. A fused one consists of layers that are known, whatever its origin.
        image_shape: Channels, height and width.
    """
    if config.precision == "16-mixed":
        return "16-mixed scales each step by the one before"
    if not find_loss(config.loss_function).recordable:
        return f"the loss {config.loss_function} is not known to be recordable"
    if not OPTIMIZERS[config.optimizer].recordable:
        return f"the optimiser {config.optimizer} is not known to be recordable"
    return _why_not_the_network(config, model, image_shape)


def _why_not_the_network(
    config: TrialConfig, model: Classifier | FusedClassifier, image_shape: ImageShape
) -> str:
    architecture = config.architecture
    if isinstance(model, FusedClassifier) or architecture.declared or architecture.recordable:
        return ""
    if not is_outside(config.model) or not isinstance(model, OwnNetwork):
        return f"the network {config.model} does not say that it is recordable"
    try:
        if library_of(config.model) is None:
            trace_own(model, image_shape)
    except NoFusedForm as error:
        return f"the network {config.model}: {error}"
    return ""
