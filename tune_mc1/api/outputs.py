"""What is made of a sweep's results: figures, a report, files for other tools."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tune_mc1.results.directory import ResultDir

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from tune_mc1.exports.results import Form


class SweepOutputs:
    """Methods of `Sweep` that write or draw its results."""

    _where: ResultDir

    def plot(self, name: str = "parallel", *, lang: Literal["en", "de"] = "en") -> "Figure":
        """Draws a figure of the report.

        Args:
            name: Its name, or the beginning of it, such as `parallel`, `curves`, `heatmap`,
                `importance`, `marginal_means`, `rungs`, `confusion`, `accuracy_time`.
            lang: Language of its words.

        Returns:
            The figure, as Matplotlib has it.

        Raises:
            InputError: If the sweep has no such figure (the message lists those that it has), or
                the extra `report` is not installed.
        """
        from tune_mc1.api.figures import draw

        return draw(self._where.root, name, lang)

    def report(self, output: str | Path | None = None, *, lang: Literal["en", "de"] = "en") -> Path:
        """Writes a report, as the command `report` does; returns the path of its page.

        Args:
            output: Its folder; None for `report/` in the result directory.
            lang: Language of its words.

        Raises:
            InputError: If there are no trials yet, or the extra `report` is not installed.
        """
        from tune_mc1.api.figures import write

        return write(self._where.root, None if output is None else Path(output), lang)

    def export(self, to: "Form", output: str | Path | None = None) -> str:
        """Writes all trials with their metrics for another tool, as `export results` does.

        Args:
            to: `optuna` (a journal file), `tensorboard` (event files with HParams), `mlflow` (a
                database file) or `csv`.
            output: The file or folder, for MLflow also a tracking URI; None for `export/` in the
                result directory.

        Returns:
            The file or folder, or the URI.

        Raises:
            InputError: If the output cannot be used, or the tool is not installed.
            StorageError: If it cannot be written.
        """
        from tune_mc1.exports.results import export_results

        return export_results(self._where, to, output).output
