"""Records of TensorBoard's HParams plugin: the experiment, and start and end of a trial."""

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.hparams import api_pb2, metadata
from tensorboard.plugins.hparams.plugin_data_pb2 import (
    HParamsPluginData,
    SessionEndInfo,
    SessionStartInfo,
)

from tune_mc1.config.distributions import Range
from tune_mc1.config.parameters import IntUniform, listed_values
from tune_mc1.config.space import source_of

if TYPE_CHECKING:
    from tune_mc1.config.sweep import Sweep

STATUS = {
    "completed": api_pb2.STATUS_SUCCESS,
    "stopped": api_pb2.STATUS_SUCCESS,
    "diverged": api_pb2.STATUS_SUCCESS,
    "failed": api_pb2.STATUS_FAILURE,
}
"""Status of a trial that has ended; `STATUS_UNKNOWN` for one that was cut off."""


def experiment(sweep: "Sweep", metrics: Iterable[str], created: float) -> Summary.Value:
    """The experiment: each parameter with its type and values, and the metrics.

    Args:
        sweep: The sweep.
        metrics: Tags of the scalars that are shown for each trial.
        created: Seconds since 1970.
    """
    names = [api_pb2.MetricName(tag=tag) for tag in metrics]
    found = api_pb2.Experiment(
        description=sweep.description or "",
        time_created_secs=created,
        hparam_infos=[_parameter(sweep, name) for name in sweep.parameters],
        metric_infos=[api_pb2.MetricInfo(name=name) for name in names],
    )
    return _value(metadata.EXPERIMENT_TAG, HParamsPluginData(experiment=found))


def session_start(setting: Mapping[str, Any], name: str, started: float) -> Summary.Value:
    """The start of a trial.

    Args:
        setting: Its parameters; null is left out, as TensorBoard has no such value.
        name: Its name.
        started: Seconds since 1970.
    """
    info = SessionStartInfo(group_name=name, start_time_secs=started)
    for parameter, value in setting.items():
        if isinstance(value, bool):
            info.hparams[parameter].bool_value = value
        elif isinstance(value, int | float):
            info.hparams[parameter].number_value = value
        elif value is not None:
            text = value if isinstance(value, str) else json.dumps(value)
            info.hparams[parameter].string_value = text
    return _value(metadata.SESSION_START_INFO_TAG, HParamsPluginData(session_start_info=info))


def session_end(state: str, ended: float) -> Summary.Value:
    """The end of a trial.

    Args:
        state: Its state.
        ended: Seconds since 1970.
    """
    status = STATUS.get(state, api_pb2.STATUS_UNKNOWN)
    info = SessionEndInfo(status=status, end_time_secs=ended)
    return _value(metadata.SESSION_END_INFO_TAG, HParamsPluginData(session_end_info=info))


def _parameter(sweep: "Sweep", name: str) -> api_pb2.HParamInfo:
    parameter = source_of(name, sweep.parameters)
    info = api_pb2.HParamInfo(name=name, type=api_pb2.DATA_TYPE_FLOAT64)
    if listed := listed_values(parameter):
        values = [value for value in listed if value is not None]
        kinds = {type(value) for value in values}
        if kinds == {bool}:
            info.type = api_pb2.DATA_TYPE_BOOL
        elif not kinds <= {int, float}:
            info.type = api_pb2.DATA_TYPE_STRING
            values = [v if isinstance(v, str) else json.dumps(v) for v in values]
        info.domain_discrete.extend(values)
    elif isinstance(parameter, Range | IntUniform):
        low, high = parameter.bounds if isinstance(parameter, Range) else parameter.ends
        info.domain_interval.min_value, info.domain_interval.max_value = low, high
    return info


def _value(tag: str, data: HParamsPluginData) -> Summary.Value:
    made = metadata.create_summary_metadata(data)
    return Summary.Value(tag=tag, metadata=made, tensor=metadata.NULL_TENSOR)
