"""Field types that all configuration models share."""

from collections.abc import Collection, Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from tune_mc1.errors import did_you_mean


def _no_flag(value: Any) -> Any:
    # pydantic would read true as 1, and YAML reads yes, no, on and off as booleans.
    if isinstance(value, bool):
        raise ValueError("must be a number")  # noqa: TRY004  pydantic turns only ValueError into a message
    return value


Int = Annotated[int, BeforeValidator(_no_flag)]
"""An integer; a whole float or a text such as `'32'` is coerced, a boolean refused."""

Float = Annotated[float, BeforeValidator(_no_flag)]
"""A number; a text such as `1e-3`, which YAML 1.1 takes for a string, is coerced."""


def _fuse(value: Any) -> Any:
    if isinstance(value, bool):  # YAML reads on and off as booleans
        return "auto" if value else "off"
    if value in ("auto", "off"):
        return value
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        number = 0
    if not 2 <= number <= 1024 or number != float(value):
        raise ValueError("must be auto, off, or a number of trials from 2 to 1024")
    return number


Fuse = Annotated[Literal["auto", "off"] | int, BeforeValidator(_fuse)]
"""How many trials are trained as one model at most: chosen (`auto`), one (`off`), or a number."""

Lang = Literal["en", "de"]
"""Languages of reports."""


def _trackers(value: Any) -> Any:
    names = value.split(",") if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise ValueError("must be the names of trackers, or none")
    stripped = [name.strip() for name in names]
    if stripped == ["none"]:
        return ()
    if "" in stripped or "none" in stripped or len(set(stripped)) < len(stripped):
        raise ValueError("must be the names of trackers, each once, or none alone")
    return stripped


Trackers = Annotated[tuple[str, ...], BeforeValidator(_trackers)]
"""Names of experiment trackers: a list, or a text with commas; `none` are none."""


def listed(words: Sequence[str]) -> str:
    """Words as in `'grid', 'random' or 'bayes'`, which is how pydantic lists those of a Literal."""
    quoted = [repr(word) for word in words]
    return " or ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)


def one_of(known: Collection[str], aliases: dict[str, str] | None = None) -> BeforeValidator:
    """Accepts a known name in any case, or an alias of it. A number counts as its text.

    Args:
        known: The names, such as a registry, which is read only when a value is checked: plugins
            have filled it then.
        aliases: Other words for some of them.
    """

    def check(value: Any) -> Any:
        text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if isinstance(text, str):
            if text in known:
                return text
            names = reversed(list(known))  # what ships has its name in any case, not a plugin's
            table = {k.lower(): v for k, v in (aliases or {}).items()}
            table |= {name.lower(): name for name in names}
            if text.lower() in table:
                return table[text.lower()]
        hint = did_you_mean(value, [*known, *(aliases or {})]) if isinstance(value, str) else ""
        raise ValueError(f"must be one of {', '.join(known)}{hint}")

    return BeforeValidator(check)
