"""Views of an image at test time, over which a network's logits are averaged."""

from collections.abc import Callable

from torch import Tensor
from torch.nn.functional import pad


def mean_over_views(
    network: Callable[[Tensor], Tensor], images: Tensor, *, flip: bool, translate: int
) -> Tensor:
    """Logits of images, averaged over views of each.

    Half of the weight is the image's own place, a quarter each of the two shifted ones (K. Jordan
    2024, arXiv 2404.00498).

    Args:
        network: Maps images to logits, of any shape.
        images: (B, channels, height, width), whatever lanes are side by side in the channels.
        flip: Whether each view is an image and its mirror image.
        translate: Pixels by which images are shifted up and left, and down and right, mirrored at
            their edges; 0 for the image's own place alone. Less than their sides.
    """

    def at_one_place(inputs: Tensor) -> Tensor:
        logits = network(inputs)
        return (logits + network(inputs.flip(-1))) / 2 if flip else logits

    logits = at_one_place(images)
    if not translate:
        return logits
    height, width = images.shape[-2:]
    padded = pad(images, [translate] * 4, "reflect")
    shifted = padded[..., 2 * translate :, 2 * translate :], padded[..., :height, :width]
    return logits / 2 + (at_one_place(shifted[0]) + at_one_place(shifted[1])) / 4
