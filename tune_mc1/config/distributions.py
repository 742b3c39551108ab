"""W&B's numeric distributions (uniform, normal and beta), sampled from a numpy generator.

Names, keys, defaults and semantics follow W&B's schema (wandb/sweeps, `config/schema.json` and
`params.py`). As in W&B, quantised ones return `round(x / q) * q` without clipping, as an integer if
q is one.
"""

import math
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

from tune_mc1.config.field_types import Float, Number

if TYPE_CHECKING:
    import numpy as np


class Distribution(BaseModel):
    """Values of one parameter, as listed by a grid or drawn by a random search.

    Attributes:
        when: Values that other parameters must have for a trial to have this one, by their names;
            None if all trials have it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    distribution: str
    when: dict[str, tuple[Any, ...]] | None = Field(default=None, min_length=1)

    @field_validator("when", mode="before")
    @classmethod
    def _listed(cls, when: Any) -> Any:
        """One value stands for a list of it."""
        if not isinstance(when, dict):
            return when
        if any(values in ([], ()) for values in when.values()):
            raise ValueError("must name values, such as `{optimizer: [SGD, Adam]}`")
        return {k: tuple(v) if isinstance(v, list | tuple) else (v,) for k, v in when.items()}

    @model_serializer(mode="wrap")
    def _without_nothing(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leaves out the keys that only some parameters have."""
        dumped: dict[str, Any] = dump(self)
        for name in ("when", "zero", "ordinal"):
            if name in dumped and not dumped[name]:
                del dumped[name]
        return dumped

    def sample(self, rng: "np.random.Generator") -> Any:
        """Draws one value at random."""
        raise NotImplementedError

    @property
    def grid_size(self) -> int | None:
        """Number of values in a grid; None if a grid is not possible."""
        return None

    def grid_value(self, index: int) -> Any:
        """The grid's value at `index`, in [0, grid_size)."""
        raise NotImplementedError

    @property
    def ends(self) -> tuple[float, float] | None:
        """Minimum and maximum value that can be drawn; None if unbounded or not a range."""
        return None


class _Drawn(Distribution):
    """A real number; the distributions named `q_...` round it to a multiple of q."""

    q: Number | None = Field(default=None, gt=0)

    @model_validator(mode="before")
    @classmethod
    def _quantum(cls, data: Any) -> Any:
        if isinstance(data, dict) and str(data.get("distribution")).startswith("q_"):
            return {"q": 1, **data}
        if isinstance(data, dict) and data.get("q") is not None:
            rule = f"q is only valid with q_{data.get('distribution')}"
            raise ValueError(f"{rule}, got {data['q']}")
        return data

    def _draw(self, rng: "np.random.Generator") -> float:
        raise NotImplementedError

    def rounded(self, x: float) -> float:
        """The multiple of q nearest to x, to 12 digits so that 3 * 0.1 is 0.3; x without q."""
        if self.q is None or not math.isfinite(x / self.q):
            return x
        if isinstance(self.q, int):
            return round(x / self.q) * self.q
        return float(f"{round(x / self.q) * self.q:.12g}")

    def sample(self, rng: "np.random.Generator") -> float:
        """Draws a number, quantised if the distribution is."""
        return self.rounded(self._draw(rng))


def _exp(x: float) -> float:
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


class Range(_Drawn):
    """Uniform or log-uniform between two bounds.

    With `log_uniform` and `inv_log_uniform`, min and max are exponents of e (negated in the
    latter); with the names ending in `_values` they are the values themselves.

    Attributes:
        zero: Share of draws that are exactly 0, which no logarithmic range contains; None for none.
    """

    distribution: Literal[
        "uniform",
        "q_uniform",
        "log_uniform",
        "log_uniform_values",
        "q_log_uniform",
        "q_log_uniform_values",
        "inv_log_uniform",
        "inv_log_uniform_values",
    ]
    min: Float
    max: Float
    zero: Float | None = Field(default=None, gt=0, lt=1)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.zero is not None and "log" not in self.distribution:
            rule = f"zero is only valid with logarithmic distributions, not {self.distribution}"
            raise ValueError(f"{rule}, got {self.zero:g}")
        if self.min >= self.max:
            raise ValueError(f"min must be less than max ({self.max:g}), got {self.min:g}")
        if self.distribution.endswith("_values") and self.min <= 0:
            raise ValueError(f"min must be greater than 0 in {self.distribution}, got {self.min:g}")
        return self

    @property
    def in_exponents(self) -> bool:
        """True if min and max are exponents of e rather than values."""
        return self.distribution in ("log_uniform", "q_log_uniform", "inv_log_uniform")

    @property
    def _exponents(self) -> tuple[float, float]:
        # log(1/x) is uniform exactly if log(x) is, so the inverse ones differ only in their bounds.
        if self.distribution == "inv_log_uniform":
            return -self.max, -self.min
        if self.in_exponents:
            return self.min, self.max
        return math.log(self.min), math.log(self.max)

    @property
    def bounds(self) -> tuple[float, float]:
        """The bounds as values, before any quantisation."""
        if not self.in_exponents:
            return self.min, self.max
        low, high = self._exponents
        return _exp(low), _exp(high)

    @property
    def ends(self) -> tuple[float, float]:
        """The bounds as values; if they are never drawn, the numbers next to them."""
        # An open interval: W&B's own examples draw learning rates from 0 to 0.1.
        low, high = self.bounds
        low, high = math.nextafter(low, high), math.nextafter(high, low)
        return self.rounded(low), self.rounded(high)

    def _draw(self, rng: "np.random.Generator") -> float:
        low, high = self.bounds
        if "log" not in self.distribution:
            return float(rng.uniform(low, high))
        x = _exp(rng.uniform(*self._exponents))
        return min(max(x, low), high)

    def sample(self, rng: "np.random.Generator") -> float:
        """Draws a number; 0 in a share `zero` of the draws."""
        if self.zero is not None and rng.random() < self.zero:
            return self.nothing
        return super().sample(rng)

    @property
    def nothing(self) -> float:
        """The 0 that `zero` draws: an integer if the others are."""
        return 0 if isinstance(self.q, int) else 0.0

    @property
    def grid_size(self) -> int | None:
        """Number of multiples of q from min to below max, as in W&B; None if not quantised."""
        if self.distribution != "q_uniform" or self.q is None:
            return None
        return math.ceil((self.max - self.min) / self.q - 1e-9)

    def grid_value(self, index: int) -> float:
        """The minimum plus `index` times q."""
        value = float(f"{self.min + index * (self.q or 1.0):.12g}")
        return int(value) if isinstance(self.q, int) and value.is_integer() else value


class Normal(_Drawn):
    """Normal or log-normal."""

    distribution: Literal["normal", "q_normal", "log_normal", "q_log_normal"]
    mu: Float = 0.0
    sigma: Float = Field(default=1.0, gt=0)

    def _draw(self, rng: "np.random.Generator") -> float:
        x = float(rng.normal(self.mu, self.sigma))
        return _exp(x) if "log" in self.distribution else x

    def quantile(self, p: float) -> float:
        """The value, quantised if the distribution is, below which a share `p` in (0, 1) lies."""
        x = NormalDist(self.mu, self.sigma).inv_cdf(p)
        return self.rounded(_exp(x) if "log" in self.distribution else x)


class Beta(_Drawn):
    """Beta distribution on [0, 1]."""

    distribution: Literal["beta", "q_beta"]
    a: Float = Field(default=1.0, gt=0)
    b: Float = Field(default=1.0, gt=0)

    def _draw(self, rng: "np.random.Generator") -> float:
        return float(rng.beta(self.a, self.b))

    def quantile(self, p: float) -> float:
        """As in `Normal`."""
        from scipy.special import betaincinv

        return self.rounded(float(betaincinv(self.a, self.b, p)))
