"""Adapter that runs population based training on Ray Tune."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from pydantic import ValidationError
from ray.tune.experiment import Trial as TuneTrial

from tune_mc1.cluster.ray_processes_private import keep_processes
from tune_mc1.config.set_text import setting_text
from tune_mc1.config.sweep import Sweep
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.planning.exchanges import Copy, Exchange, Setting, network_key
from tune_mc1.planning.population import Population
from tune_mc1.results.exchanges import COPIED_AFTER, REPLACED, CopyFields, ExchangeEvent
from tune_mc1.results.tables import trial_of
from tune_mc1.results.writer import ResultWriter
from tune_mc1.running.schedulers.copied_files import CopiedFiles
from tune_mc1.running.schedulers.early_stopping import EarlyStopping
from tune_mc1.terminal.formatting import metric_text


class PopulationTraining(EarlyStopping):
    """Lets trials that have come equally far exchange weights and settings, and go on.

    Each trial ends as one of Ray's when it comes to an exchange, so that its resources are free for
    those behind it. When none is behind, all that wait are compared. The checkpoint that a trial
    copies is linked beside its own; then the journal gets the whole exchange in one line; then the
    first of its trials starts. So a sweep that is killed goes on with the same exchange. In an
    object store the journal has it too before that.

    Args:
        population: Decides.
        stopped: Trials that waited before the sweep was resumed.
        sweep: The sweep.
        writer: Its results.
        files: Copies checkpoints.

    Attributes:
        say: Called with a line for the user on each trial that copies another one.
        processes: Number of processes to keep while their trials wait.
        settle: Called before an exchange: files that are being removed must not be its copies.
    """

    def __init__(
        self,
        population: Population,
        stopped: Collection[str],
        sweep: Sweep,
        writer: ResultWriter,
        files: CopiedFiles,
    ) -> None:
        metric = sweep.metric
        super().__init__(population, stopped, metric.name, metric.maximize, writer.write)
        self.say: Callable[[str], None] = lambda _: None
        self._population, self._writer, self._files = population, writer, files
        self.settle: Callable[[], None] = lambda: None
        self._released: list[str] = []
        self._is_last = False
        self.processes = 0
        self._keep: Callable[[int], None] | None = None
        self._forget_copies()

    def _forget_copies(self) -> None:
        """Removes copies of an exchange that a killed run prepared and did not write down."""
        self._files.forget(
            [
                trial
                for trial, row in self._writer.tables.trials.items()
                if row["attempts"]
                and (row[COPIED_AFTER] is None or row[COPIED_AFTER] < row["epochs_run"])
            ]
        )

    def on_trial_add(self, tune_controller: Any, trial: TuneTrial) -> None:
        """A trial was suggested; the process of the first one and its like are kept."""
        super().on_trial_add(tune_controller, trial)
        if self._keep is None:
            self._keep = partial(keep_processes, tune_controller, trial)
            self._keep(self.processes)

    def promote(self, among: Collection[str], *, last: bool = False) -> str | None:
        """Lets a trial go on after an exchange, which is made when no trial runs any more."""
        if last and not any(trial in among for trial in self._released):
            self._exchange(among)
        found = next((trial for trial in self._released if trial in among), None)
        if found is not None:
            self._released.remove(found)
            if self._is_last and not self._released and self._keep is not None:
                self._keep(-self.processes)
        return found

    def _exchange(self, among: Collection[str]) -> None:
        rows = self._writer.tables.trials
        lost = {t: row["epochs_run"] for t, row in rows.items() if row["state"] in REPLACED}
        why = {trial: rows[trial]["state"] for trial in lost}
        here = {*among, *lost}
        members = {trial: self._trial(trial).config for trial in rows if trial in here}
        networks = {trial: network_key(config) for trial, config in members.items()}
        made = self._population.exchange(networks, lost)
        if made is None:
            return
        values = {trial: self._explored(members[trial]) for trial in made.trials}
        if self._population.learns:  # that a trial failed says nothing of its setting
            known = {t: value for t, value in values.items() if why.get(t) != "failed"}
            made = replace(made, settings=known)
        explored = self._population.settings(made, networks, values)
        copies = [self._copied(copy, explored[copy.trial]) for copy in made.copies]
        if copies:
            self.settle()
        for copy in made.copies:
            self._files.copy(copy.trial, copy.source)
        event: ExchangeEvent = {
            "event": "exchange",
            "epoch": made.epoch,
            "trials": list(made.trials),
            "copies": copies,
        }
        if made.settings:
            event["settings"] = {trial: dict(values) for trial, values in made.settings.items()}
        self._writer.write(event)
        self._files.publish()
        self._begin(made, why)

    def _explored(self, config: TrialConfig) -> Setting:
        """Values of the explored parameters that a trial has."""
        names = [n for n in self._population.parameters if n not in config.inactive]
        return {name: getattr(config, name) for name in names}

    def _begin(self, made: Exchange, lost: Mapping[str, str]) -> None:
        """Lets the trials of an exchange go on, with the settings that the tables have now.

        Args:
            made: The exchange.
            lost: State of each trial that had ended before.
        """
        self._population.restore([made])
        self.stopped.difference_update(made.trials)
        self._released = list(made.trials)
        self._is_last = made.epoch == max(self._population.epochs)
        self.changed |= {copy.trial: self._trial(copy.trial).model_dump() for copy in made.copies}
        for copy in made.copies:
            self.say(self._line(copy, made.epoch, lost.get(copy.trial)))

    def _trial(self, trial: str) -> Trial:
        tables = self._writer.tables
        return trial_of(tables.trials[trial], tables.columns)

    def _copied(self, copy: Copy, explored: Mapping[str, Any]) -> CopyFields:
        """Settings with which a trial goes on: the other one's, explored, with its own seed."""
        own, source = self._trial(copy.trial).config, self._trial(copy.source).config
        kept = source.model_copy(update={"seed": own.seed})
        try:
            config = TrialConfig.model_validate({**kept.model_dump(), **explored})
        except ValidationError:  # they do not go together, so none is explored
            config = kept
        return {
            "trial": copy.trial,
            "source": copy.source,
            "score": copy.score,
            "source_score": copy.source_score,
            "config": config.values,
            "config_hash": config.config_hash,
        }

    def _line(self, copy: Copy, epoch: int, state: str | None) -> str:
        row = self._writer.tables.trials[copy.trial]
        values = " ".join(f"{n}={setting_text(n, row[n])}" for n in self._population.parameters)
        scores = [
            "-" if score is None else metric_text(self._sign * score)
            for score in (copy.score, copy.source_score)
        ]
        who = f"{copy.trial}, which {state}," if state is not None else copy.trial
        line = f"{who} copies {copy.source} after epoch {epoch}, {self._score}"
        return f"{line} {scores[0]} against {scores[1]}  ({values})"
