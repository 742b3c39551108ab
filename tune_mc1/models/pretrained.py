"""Published weights of networks of timm and torchvision: found at once, or refused at once.

Without a network, the libraries would try again for minutes before they give up.
"""

import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import torch

from tune_mc1.errors import TrialError

CONNECT_S = 5.0
FILES = ("model.safetensors", "pytorch_model.bin")
"""Files of weights at the Hugging Face Hub, in timm's order."""


class WeightsError(TrialError):
    """There are no weights as they are asked for; the text is one line."""


@dataclass(frozen=True)
class Weights:
    """Published weights of a network.

    Attributes:
        classes: Number of classes on which they were trained.
        mean: Mean of each channel of the images, on a scale from 0 to 1.
        std: Their standard deviations.
        file: The file on this machine that timm reads; None to leave that to timm.
        state: Reads the weights; for torchvision.
    """

    classes: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    file: str | None = None
    state: Callable[[], dict[str, Any]] = dict


_wanted: ContextVar[bool] = ContextVar("_wanted", default=True)


@contextmanager
def without_weights() -> Iterator[None]:
    """Networks are built as if with published weights, but none are read: a checkpoint has them."""
    before = _wanted.set(False)
    try:
        yield
    finally:
        _wanted.reset(before)


def are_wanted() -> bool:
    """Whether published weights are read."""
    return _wanted.get()


def find_weights(model: str, given: Mapping[str, Any]) -> Weights:
    """The weights of a network, which are on this machine or can be downloaded.

    Args:
        model: `timm:NAME` or `torchvision:NAME`.
        given: What the sweep gives to its constructor.

    Raises:
        WeightsError: If there are none, or they cannot be downloaded.
    """
    library, _, name = model.partition(":")
    return (_of_timm if library == "timm" else _of_torchvision)(model, name, given)


def _of_timm(model: str, name: str, given: Mapping[str, Any]) -> Weights:
    import timm

    published = timm.models.get_pretrained_cfg(name)
    if published is None or not (published.has_weights or given.get("pretrained_cfg_overlay")):
        raise WeightsError(f"parameters.pretrained: {model} has no published weights")
    about = (published.num_classes, tuple(published.mean), tuple(published.std))
    if given.get("pretrained_cfg_overlay") or given.get("pretrained_cfg") or not are_wanted():
        return Weights(*about)  # the user says where they are, or needs none
    if published.hf_hub_id:
        return Weights(*about, file=_hub_file(model, published.hf_hub_id))
    if isinstance(published.url, str) and published.url:
        _check_url(model, published.url)
    return Weights(*about)


def _hub_file(model: str, repository: str) -> str | None:
    """The file in the Hub's cache; None if it can be downloaded."""
    from huggingface_hub import try_to_load_from_cache

    repository, _, revision = repository.partition("@")
    for name in FILES:
        found = try_to_load_from_cache(repository, name, revision=revision or None)
        if isinstance(found, str):
            return found
    offline = os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "TRUE", "YES", "ON")
    place = os.environ.get("HF_ENDPOINT") or "https://huggingface.co"
    reason = "HF_HUB_OFFLINE is set" if offline else unreachable(place)
    if reason:
        raise _not_there(model, "the Hugging Face Hub's cache", reason)
    return None


def _of_torchvision(model: str, name: str, given: Mapping[str, Any]) -> Weights:
    from torchvision import models

    known = models.get_model_weights(name)
    wanted = str(given.get("weights") or "DEFAULT").rpartition(".")[2]
    try:
        chosen = known[wanted]
    except KeyError:
        names = ", ".join(known.__members__) or "none"
        raise WeightsError(
            f"parameters.weights: {model} has no weights {wanted!r} (it has: {names})"
        ) from None
    if are_wanted():
        _check_url(model, chosen.url)
    shown = chosen.transforms()
    return Weights(
        len(chosen.meta["categories"]),
        tuple(shown.mean),
        tuple(shown.std),
        state=lambda: chosen.get_state_dict(progress=False, check_hash=True),
    )


def _check_url(model: str, url: str) -> None:
    folder = Path(torch.hub.get_dir()) / "checkpoints"
    if (folder / Path(urlsplit(url).path).name).exists():
        return
    reason = unreachable(url)
    if reason:
        raise _not_there(model, str(folder), reason)


def _not_there(model: str, place: str, reason: str) -> WeightsError:
    return WeightsError(
        f"parameters.pretrained: the weights of {model} are not in {place}, and cannot be "
        f"downloaded: {reason}"
    )


def unreachable(url: str) -> str | None:
    """Why a server, or the proxy before it, cannot be reached; None if it can.

    Args:
        url: An address of the server.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    proxy = getproxies().get(parts.scheme)
    if proxy and not proxy_bypass(host):
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    port = parts.port or {"https": 443}.get(parts.scheme, 80)
    try:
        socket.create_connection((parts.hostname or "", port), timeout=CONNECT_S).close()
    except OSError as error:
        return f"{parts.hostname} cannot be reached ({error.strerror or error})"
    return None
