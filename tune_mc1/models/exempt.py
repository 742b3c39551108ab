"""Parameters to which a network says that weight decay does not apply."""

from collections.abc import Iterator

from torch import nn


def exempt_names(model: nn.Module) -> Iterator[str]:
    """Names that parts of a network exempt by `no_weight_decay()`, as timm's networks do."""
    for prefix, module in model.named_modules():
        own = getattr(module, "no_weight_decay", None)
        if callable(own):
            yield from (f"{prefix}.{name}" if prefix else str(name) for name in own())
