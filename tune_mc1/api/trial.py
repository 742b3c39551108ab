"""One trial of a sweep."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tune_mc1.errors import InputError
from tune_mc1.results.directory import BEST, LAST
from tune_mc1.results.states import Row
from tune_mc1.results.store.result_files import Files

if TYPE_CHECKING:
    import pandas as pd

    from tune_mc1.api.export import Export
    from tune_mc1.inference.export import Form
    from tune_mc1.inference.image_classifier import ImageClassifier
    from tune_mc1.inference.predictions import Images, Predictions
    from tune_mc1.results.tables import SweepTables


class Trial:
    """A trial as it was when it was asked for; `tune_mc1.open(DIR)` and its methods return it.

    Attributes:
        id: Its id, such as `t0007`.
        state: `pending`, `running`, `completed`, `stopped`, `diverged`, `failed` or `interrupted`.
        score: Its best value of the sweep's metric; None without one.
        metrics: The metrics at its best epoch, by name, and those of the test images, if it was
            scored on them.
        row: Its row of `sweep.trials`.
    """

    def __init__(self, files: Files, tables: "SweepTables", row: Row) -> None:
        self._files, self._tables = files, tables
        self.row = dict(row)
        self.id: str = row["trial"]
        self.state: str = row["state"]
        self.score = tables.score(row)
        self.metrics = _metrics(tables, row)

    @property
    def config(self) -> dict[str, Any]:
        """Its parameters by their names in the sweep file, with defaults where it sets none."""
        return self._tables.columns.values(self.row)

    @property
    def error(self) -> str | None:
        """Why it failed; None if it did not."""
        error: str | None = self.row["error"]
        return error

    @property
    def history(self) -> "pd.DataFrame":
        """Its rows of `sweep.history`: one for each epoch, or iteration of a program."""
        import pandas as pd

        rows = [row for (trial, _), row in self._tables.history.items() if trial == self.id]
        return pd.DataFrame(rows, columns=self._tables.columns.history_schema().names)

    @property
    def log(self) -> str:
        """What it has printed so far; what a group that is one model prints is in that of each."""
        path = self.log_path
        return path.read_text(errors="replace") if path is not None and path.exists() else ""

    @property
    def log_path(self) -> Path | None:
        """The file of its log; None before it starts."""
        name = self.row["log"]
        return None if name is None else self._files.local(name)

    @property
    def path(self) -> Path:
        """Folder of its checkpoints, or of what its program left there; it need not exist."""
        return self._files.where.checkpoints(self.id)

    @property
    def files(self) -> list[Path]:
        """Files in that folder, such as checkpoints, or what a program left there."""
        return self._files.below(f"checkpoints/{self.id}")

    @property
    def checkpoint(self) -> Path | None:
        """The checkpoint of its best epoch; None if there is none."""
        path = self._files.local(f"checkpoints/{self.id}/{BEST}")
        return path if path.exists() else None

    def load_model(self, *, last: bool = False, device: str = "cpu") -> "ImageClassifier":
        """Its network as a plain `nn.Module` in eval mode, which maps images in [0, 1] to logits.

        Args:
            last: Whether to load the last epoch instead of the best one.
            device: Where it is put, such as `cuda`.

        Raises:
            InputError: If it has no checkpoint, or is a run of a program or of a module of your
                own, which keeps its own files (the message lists them); or if the device cannot
                be used.
            TrialError: If its network cannot be built.
        """
        name = LAST if last else BEST
        if self._tables.of_program:
            raise InputError(self._own_files())
        path = self._files.local(f"checkpoints/{self.id}/{name}")
        if not path.exists():
            raise InputError(f"{path}: no such checkpoint; {self.id} is {self.state}")
        from tune_mc1.api.known_model import known_facts, look_for_code
        from tune_mc1.inference.load import load_classifier

        look_for_code(self._files.where)
        known = partial(known_facts, self._files.where, self._tables, self.row)
        model = load_classifier(path, known)
        try:
            return model.to(device)
        except (RuntimeError, AssertionError) as error:  # none of this kind, or no memory on it
            reason = str(error).strip().partition("\n")[0]
            raise InputError(f"device: {reason}, got {device!r}") from None

    def _own_files(self) -> str:
        left = [str(path.relative_to(self.path)) for path in self.files]
        kind = "module" if "module" in self._tables.metadata else "program"
        what = f"it left in {self.path}: {', '.join(left)}" if left else "it left no files"
        return f"{self._files.where.root}: {self.id} is a run of a {kind}, not of a network; {what}"

    def predict(self, images: "Images") -> "Predictions":
        """Classes and probabilities of images; see `ImageClassifier.predict`.

        The checkpoint is loaded each time; `load_model().predict` loads it once.

        Raises:
            InputError: As `load_model`; and for an image that cannot be read or does not fit.
        """
        return self.load_model().predict(images)

    def export(
        self,
        to: "Form" = "onnx",
        output: str | Path | None = None,
    ) -> "Export":
        """Writes its network to a file, checked against the checkpoint, with a model card beside.

        Args:
            to: `onnx`, `safetensors` (weights alone), `torchscript` or `torch.export`.
            output: The file; None for `export/<trial>.<suffix>` in the result directory. The card
                has the same name with the suffix `.md`.

        Raises:
            InputError: As `load_model`; or if the network cannot be written in this form, or the
                extra `export` is not installed.
            TuneMc1Error: If the file does not give the checkpoint's probabilities within 1e-4.
        """
        from tune_mc1.api.export import export_trial

        return export_trial(self, to, output)

    @property
    def facts(self) -> dict[str, Any]:
        """Facts of the sweep on its images and split, or on its program."""
        return self._tables.metadata

    def __repr__(self) -> str:
        metric, score = self._tables.metric, self.score
        shown = f", {metric}={score:.4g}" if score is not None else ""
        return f"Trial({self.id!r}, {self.state}{shown})"

    def _repr_html_(self) -> str:
        from tune_mc1.api.notebook_tables import trial_html

        return trial_html(self._files.where, self._tables, self.row)


def _metrics(tables: "SweepTables", row: Row) -> dict[str, float]:
    found: dict[str, Any] = {}
    if row["best_epoch"] is not None:
        epoch = tables.history[row["trial"], row["best_epoch"]]
        found = {n: epoch.get(n) for n in tables.columns.metrics(tables.metric)}
    found |= {n: row.get(n) for n in tables.columns.tests}
    return {name: value for name, value in found.items() if value is not None}
