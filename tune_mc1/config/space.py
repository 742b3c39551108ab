"""Which parameters a trial of a sweep has: their conditions, and what they are tied to."""

from collections.abc import Iterator, Mapping
from typing import Any

from tune_mc1.config.applicability import Rule, default_of, needed_rules
from tune_mc1.config.parameters import (
    Constant,
    Parameter,
    SameAs,
)

Setting = Mapping[str, Any]
"""Values of the parameters that a trial has, by name; those that do not apply to it are absent."""


class Space:
    """Which parameters a trial has.

    A search draws the parameters in `order` and leaves out those that do not apply, given those
    that were drawn before; or it draws all, and `completed` leaves them out.

    Args:
        parameters: The sweep's, by name.
        of_training: Whether they are those of our own training, some of which depend on optimiser,
            schedule, loss, augmentation or network.

    Attributes:
        parameters: The same.
        order: Their names, each after those on which it depends, otherwise in the file's order.
        conditional: Names of those that some trials may lack.
    """

    def __init__(self, parameters: Mapping[str, Parameter], *, of_training: bool) -> None:
        self.parameters = parameters
        self._of_training = of_training
        self._rules: Mapping[str, tuple[Rule, ...]] = (
            needed_rules(parameters) if of_training else {}
        )
        self.order = tuple(_ordered({name: [*self._needs(name)] for name in parameters}))
        self.conditional = tuple(name for name in self.order if self._varies(name))

    @property
    def plain(self) -> bool:
        """True if all trials have all parameters, with values of their own."""
        ties = any(isinstance(parameter, SameAs) for parameter in self.parameters.values())
        return not self.conditional and not ties

    def _needs(self, name: str) -> Iterator[str]:
        """Parameters of the sweep that decide whether a trial has another, and with what value."""
        parameter = self.parameters[name]
        yield from parameter.when or ()
        for rule in self._rules.get(name, ()):
            yield from rule.owners
        if isinstance(parameter, SameAs):
            yield parameter.same_as

    def _varies(self, name: str) -> bool:
        """Whether some trials may lack a parameter."""
        parameter = self.parameters[name]
        if parameter.when or name in self._rules:
            return True
        if not isinstance(parameter, SameAs) or parameter.same_as not in self.parameters:
            return False
        return self._varies(parameter.same_as)

    def applies(self, name: str, setting: Setting) -> bool:
        """Whether a trial has a parameter.

        Args:
            name: The parameter.
            setting: The trial's values of the parameters before it in `order`.
        """
        parameter = self.parameters[name]

        def value(other: str) -> Any:
            if other in setting:
                return setting[other]
            return None if other in self.parameters and not self._of_training else default_of(other)

        def held(other: str, wanted: tuple[Any, ...]) -> bool:
            if other in self.parameters and other not in setting:
                return None in wanted
            return any(same(value(other), each) for each in wanted)

        if parameter.when and not all(held(*each) for each in parameter.when.items()):
            return False
        if isinstance(parameter, SameAs):
            source = parameter.same_as
            if source in self.parameters and source not in setting:
                return False
        return all(rule.applies(value) for rule in self._rules.get(name, ()))

    def tied(self, name: str, setting: Setting) -> Any:
        """The value of a parameter that is tied to another.

        Args:
            name: A parameter that is `SameAs`.
            setting: As in `applies`.
        """
        parameter = self.parameters[name]
        assert isinstance(parameter, SameAs)
        source = parameter.same_as
        return setting[source] if source in setting else default_of(source)

    def completed(self, drawn: Setting) -> dict[str, Any]:
        """A setting, sorted by name, without the parameters that do not apply.

        Args:
            drawn: Values of all parameters, or of those that a search has suggested.
        """
        setting: dict[str, Any] = {}
        for name in self.order:
            if not self.applies(name, setting):
                continue
            if isinstance(self.parameters[name], SameAs):
                setting[name] = self.tied(name, setting)
            elif name in drawn:
                setting[name] = drawn[name]
        return dict(sorted(setting.items()))

    def of_trial(self, values: Setting) -> dict[str, Any]:
        """The setting of a trial, sorted by name.

        Args:
            values: All its values, of which those of parameters that do not apply are None.
        """
        return {
            name: values[name]
            for name in sorted(self.parameters)
            if name in values and not (values[name] is None and name in self.conditional)
        }


def source_of(name: str, parameters: Mapping[str, Parameter]) -> Parameter:
    """The parameter whose values a parameter has: its own, or those that it is tied to.

    Args:
        name: Its name.
        parameters: The sweep's.
    """
    parameter = parameters[name]
    while isinstance(parameter, SameAs) and parameter.same_as in parameters:
        parameter = parameters[parameter.same_as]
    if isinstance(parameter, SameAs):
        return Constant(value=default_of(parameter.same_as))
    return parameter


def same(value: Any, wanted: Any) -> bool:
    """Equal, where true and 1 differ."""
    return bool(value == wanted) and isinstance(value, bool) == isinstance(wanted, bool)


def _ordered(needs: Mapping[str, list[str]]) -> Iterator[str]:
    """Names, each after those that it needs; one in a circle is put where it stands."""
    done: dict[str, None] = {}

    def visit(name: str, above: tuple[str, ...]) -> None:
        if name in done or name in above or name not in needs:
            return
        for other in needs[name]:
            visit(other, (*above, name))
        done[name] = None

    for name in needs:
        visit(name, ())
    yield from done
