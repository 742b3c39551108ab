"""`shapes10`: ten generated shapes, which need neither disk nor network."""

from pathlib import Path
from typing import TYPE_CHECKING

from tune_mc1.data.request import Notify
from tune_mc1.data.source import Source, register_source

if TYPE_CHECKING:
    from tune_mc1.data.images import ImageData


@register_source
class Shapes10(Source):
    """Images of ten shapes, generated in memory."""

    name = "shapes10"
    usual_images = 8_000
    certain = True

    def load(self, spec: str, home: Path | None, notify: Notify) -> "ImageData":
        """Generates the images."""
        from tune_mc1.data.drawn_shapes import generate_shapes10

        return generate_shapes10()
