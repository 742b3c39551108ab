"""Undocumented names of Ray to tell trials something, and to reopen a search."""

from contextlib import suppress
from typing import Any

from tune_mc1.private_names import PrivateName

_SEEN = "seen in Ray 2.60"
_WORD = "tells trials that run that they are to stop"
_NO_WORD = "a trial that has started cannot be stopped by request"
_MORE = "lets a search that has given out all its trials have further ones"
_NO_MORE = "settings cannot be added once the last trial of a sweep has started"

PUT = PrivateName("ray.experimental.internal_kv:_internal_kv_put", _WORD, _SEEN, _NO_WORD)
GET = PrivateName("ray.experimental.internal_kv:_internal_kv_get", _WORD, _SEEN, _NO_WORD)
DELETE = PrivateName(
    "ray.experimental.internal_kv:_internal_kv_del",
    "forgets what was told to trials",
    _SEEN,
    "some bytes of each sweep stay in the memory of a running cluster",
)
FINISHED = PrivateName(
    "ray.tune.search.search_generator:SearchGenerator._finished", _MORE, _SEEN, _NO_MORE
)
SAMPLES = PrivateName(
    "ray.tune.search.search_generator:SearchGenerator._total_samples", _MORE, _SEEN, _NO_MORE
)

NAMES = (PUT, GET, DELETE, FINISHED, SAMPLES)

_SPACE = b"tune_mc1"
_ANY = 10**9


def can_tell() -> bool:
    """Whether trials that run can be told something."""
    return PUT.usable() and GET.usable()


def tell_all(key: str, value: bytes) -> None:
    """Stores a value where every process of the cluster can read it, before this returns."""
    PUT.get()(key, value, namespace=_SPACE)


def told(key: str) -> bytes | None:
    """The value that `tell_all` has stored, if any, and if Ray answers."""
    try:
        found: bytes | None = GET.get(lambda *_, **__: None)(key, namespace=_SPACE)
    except Exception:  # Ray is ending; a trial does not fail by that
        return None
    return found


def forget(key: str) -> None:
    """Removes the value, if Ray answers."""
    with suppress(Exception):
        DELETE.get(lambda *_, **__: None)(key, namespace=_SPACE)


def reopen(search: Any) -> bool:
    """Lets one of Tune's searches be asked again after its end; whether that is possible.

    Args:
        search: The search of Tune's controller.
    """
    if not (FINISHED.usable() and SAMPLES.usable()):
        return False
    search._finished, search._total_samples = False, _ANY
    return True
