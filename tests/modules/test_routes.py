"""Where the parameters of a module's sweep go."""

import pytest

from tune_mc1.modules.routes import RouteError, arguments_of

TAKES = {"model": ["lr", "net", "size"], "data": ["size", "path"], "trainer": ["max_epochs"]}


def test_names_with_and_without_parts() -> None:
    values = {"lr": 1, "data.path": "x", "trainer.max_epochs": 3, "seed": 5, "size": 7}
    assert arguments_of(values, TAKES) == {
        "model": {"lr": 1, "size": 7},
        "data": {"path": "x", "size": 7},
        "trainer": {"max_epochs": 3},
    }


def test_arguments_within_arguments() -> None:
    values = {"net.init_args.depth": 2, "model.net.class_path": "a.B"}
    inner = {"init_args": {"depth": 2}, "class_path": "a.B"}
    assert arguments_of(values, TAKES)["model"] == {"net": inner}


@pytest.mark.parametrize(
    "values",
    [
        {"model.net.depth": 2, "model.net": "a.B"},
        {"net": {"class_path": "a.B"}, "net.depth": 2},
        {"model.net.depth": 2, "model.net.class_path": "a.B"},
        {"net": {"class_path": "a.B", "init_args": {"depth": 1}}, "net.init_args.depth": 2},
    ],
    ids=["path", "mapping", "path by name", "replaced"],
)
def test_arguments_of_a_class_need_no_init_args(values: dict[str, object]) -> None:
    before = repr(values)
    net = {"class_path": "a.B", "init_args": {"depth": 2}}
    assert arguments_of(values, TAKES)["model"] == {"net": net}
    assert repr(values) == before


def test_a_number_has_no_arguments() -> None:
    with pytest.raises(RouteError, match=r"^lr\.max is within lr, which is 1$"):
        arguments_of({"lr": 1, "lr.max": 2}, TAKES)


def test_a_module_may_take_an_argument_of_the_name_of_a_part() -> None:
    takes = {"model": ["model", "data"], "trainer": []}
    assert arguments_of({"model": 1, "data": 2}, takes)["model"] == {"model": 1, "data": 2}


def test_a_seed_that_the_module_takes_is_given_to_it() -> None:
    takes = {"model": ["seed"], "trainer": []}
    assert arguments_of({"seed": 1}, takes)["model"] == {"seed": 1}


def test_nothing_takes_it() -> None:
    with pytest.raises(RouteError, match="nothing takes it, did you mean 'path'"):
        arguments_of({"pth": 1}, TAKES)
