"""The user's own images with what their files leave open: the sweep file's `data` as a mapping."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag


class ImageFiles(BaseModel):
    """Images, and how their files are to be read.

    Attributes:
        path: The word or path that `data` is otherwise.
        image: Column of the images, or of their paths, in parquet or CSV.
        label: Column of the labels.
        folder: Where the paths of a CSV file begin; None for the folder of the file.
        splits: Whether folders named `train`, `val` and `test` are splits; false makes them
            classes.
        mapped: Whether the decoded images are kept in a file that is mapped into memory; None does
            so if they do not fit into memory.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str = Field(min_length=1)
    image: str | None = Field(default=None, min_length=1)
    label: str | None = Field(default=None, min_length=1)
    folder: str | None = Field(default=None, min_length=1)
    splits: bool | None = None
    mapped: bool | None = None

    @property
    def given(self) -> dict[str, Any]:
        """The keys besides the path that have a value."""
        return self.model_dump(exclude={"path"}, exclude_none=True)

    def __str__(self) -> str:
        """As in a sweep file."""
        given = {"path": self.path, **self.given}
        text = ", ".join(
            f"{k}: {str(v).lower() if v in (True, False) else v}" for k, v in given.items()
        )
        return f"{{{text}}}" if self.given else self.path


def _kind(value: Any) -> str:
    return "files" if isinstance(value, dict | ImageFiles) else "word"


Data = Annotated[
    Annotated[str, Field(min_length=1), Tag("word")] | Annotated[ImageFiles, Tag("files")],
    Discriminator(_kind),
]
"""`auto`, the name of a data set, a path, or a mapping with the path."""


def as_files(data: str | ImageFiles) -> ImageFiles:
    """The mapping that a word in `data` stands for."""
    return ImageFiles.model_construct(path=data) if isinstance(data, str) else data
