"""What a trial gets of a cluster's nodes, and over which GPUs trials spread."""

import pytest

from tune_mc1.config.resources import Resources
from tune_mc1.errors import InputError
from tune_mc1.planning.resources import (
    Capacity,
    Node,
    TrialResources,
    choose_resources,
    full_speed_slots,
    max_concurrent,
    widen_gpu_share,
)

HEAD = Node(cpu=0)
FOUR = Node(cpu=16, gpu=4)
ONE = Node(cpu=4, gpu=1)
QUARTER = TrialResources(cpu=1, gpu=0.25)


def here(*nodes: Node) -> Capacity:
    return Capacity((HEAD, *nodes))


@pytest.mark.parametrize(
    ("capacity", "expected"),
    [
        (Capacity((Node(cpu=8),)), TrialResources(1, 0)),
        (here(FOUR), QUARTER),
        (here(Node(cpu=8, gpu=4)), TrialResources(1, 0.5)),
        (here(Node(cpu=64), Node(cpu=4, gpu=4)), TrialResources(1, 1)),  # by node, not by sum
        (Capacity((HEAD,), ((ONE, 4),), 4), QUARTER),  # from nothing
        (here(Node(cpu=0.5, gpu=1), Node(cpu=1)), TrialResources(1, 0)),
    ],
)
def test_a_trial_gets_what_a_node_has(capacity: Capacity, expected: TrialResources) -> None:
    assert choose_resources(None, capacity) == expected


def test_trials_that_want_the_cpu_take_no_gpu() -> None:
    assert choose_resources(None, here(FOUR), wants_cpu=True) == TrialResources(1, 0)


@pytest.mark.parametrize(
    ("wanted", "capacity", "line"),
    [
        (
            Resources(cpu=5),
            here(ONE, ONE),
            "resources.cpu: must be at most what one node has, or one that may come (4), got 5",
        ),
        (
            Resources(gpu=0.5),
            here(Node(cpu=8)),
            "resources.gpu: must be at most what one node has, or one that may come (0), got 0.5",
        ),
        (
            Resources(cpu=8, gpu=1),
            here(Node(cpu=16), ONE),
            "resources: must fit into one node (0 CPU and 0 GPU; 16 CPU and 0 GPU; 4 CPU and 1 GPU)"
            ", got 8 CPU and 1 GPU",
        ),
        (
            None,
            here(),
            "resources.cpu: must be at most what one node has, or one that may come (0), got 1",
        ),
    ],
)
def test_what_no_node_can_hold_is_said(
    wanted: Resources | None, capacity: Capacity, line: str
) -> None:
    with pytest.raises(InputError) as error:
        choose_resources(wanted, capacity)
    assert str(error.value) == line


def test_a_node_that_may_come_counts() -> None:
    capacity = Capacity((HEAD,), ((FOUR, 2), (ONE, 9)), most=3)
    assert choose_resources(Resources(cpu=16, gpu=1), capacity) == TrialResources(16, 1)
    assert max_concurrent(QUARTER, capacity) == 2 * 16 + 1 * 4
    with pytest.raises(InputError):
        choose_resources(Resources(gpu=1), Capacity((HEAD,), ((FOUR, 2),), most=0))


@pytest.mark.parametrize(
    ("each", "capacity", "count"),
    [
        (TrialResources(1, 0.4), here(FOUR), 8),  # not 4 / 0.4: no trial has parts of two GPUs
        (TrialResources(3, 0), here(Node(cpu=4), Node(cpu=4)), 2),
        (TrialResources(0.1, 0), here(Node(cpu=0.3)), 3),
        (TrialResources(1, 0.25), here(Node(cpu=2, gpu=4)), 2),
        (TrialResources(1, 0.25), here(), 1),
    ],
)
def test_slots_are_counted_by_node(each: TrialResources, capacity: Capacity, count: int) -> None:
    assert max_concurrent(each, capacity) == count


@pytest.mark.parametrize(
    ("trials", "gpu"),
    [(1, 1), (16, 1), (17, 0.5), (32, 0.5), (33, 0.3333), (48, 0.3333), (49, 0.25), (9999, 0.25)],
)
def test_parts_grow_until_all_gpus_are_used(trials: int, gpu: float) -> None:
    assert widen_gpu_share(QUARTER, trials, here(FOUR, FOUR, FOUR, FOUR)).gpu == gpu


@pytest.mark.parametrize(
    ("each", "trials", "capacity", "gpu"),
    [
        (QUARTER, 5, here(FOUR, ONE), 1),  # unequal nodes
        (QUARTER, 6, here(FOUR, ONE), 0.5),
        (QUARTER, 99, here(Node(cpu=4, gpu=4)), 1),  # no core for a second trial on a GPU
        (QUARTER, 3, here(Node(cpu=16, gpu=1.5)), 0.3333),  # a GPU that is partly taken is left
        (QUARTER, 3, here(Node(cpu=2, gpu=1)), 0.5),
        (TrialResources(1, 0.4), 99, here(FOUR), 0.5),  # nothing is left over
        (TrialResources(1, 1), 1, here(FOUR), 1),
        (TrialResources(1, 0), 1, here(FOUR), 0),
        (TrialResources(0.01, 0.01), 7, here(ONE), 0.1428),  # in Ray 7 times 0.1429 is too much
    ],
)
def test_a_part_grows_no_further_than_nodes_allow(
    each: TrialResources, trials: int, capacity: Capacity, gpu: float
) -> None:
    assert widen_gpu_share(each, trials, capacity) == TrialResources(each.cpu, gpu)


@pytest.mark.parametrize(
    ("trials", "up", "kinds", "gpu"),
    [
        (4, (), (ONE,), 0.25),  # one node, not four
        (5, (), (ONE,), 0.3333),  # two nodes either way
        (5, (), (FOUR,), 0.5),  # one node either way
        (4, (), (FOUR,), 1),
        (4, (), (FOUR, ONE), 0.25),  # it may be the small one that comes
        (4, (ONE,), (ONE,), 0.25),
        (3, (ONE, ONE), (ONE,), 0.5),
        (64, (FOUR,), (FOUR,), 0.25),
    ],
)
def test_no_node_comes_for_a_larger_part(
    trials: int, up: tuple[Node, ...], kinds: tuple[Node, ...], gpu: float
) -> None:
    capacity = Capacity((HEAD, *up), tuple((node, 9) for node in kinds), most=9)
    assert widen_gpu_share(QUARTER, trials, capacity).gpu == gpu


@pytest.mark.parametrize(
    ("trials", "free", "gpu"),
    [
        (4, (FOUR, FOUR), 1),
        (4, (FOUR,), 1),
        (5, (FOUR,), 0.5),
        (5, (ONE,), 0.25),  # only a part of them fits: when more is free, many shall find room
        (5, (), 0.25),
    ],
)
def test_what_others_use_is_left(trials: int, free: tuple[Node, ...], gpu: float) -> None:
    assert widen_gpu_share(QUARTER, trials, here(FOUR, FOUR), free).gpu == gpu


def test_trials_that_share_a_gpu_share_its_time() -> None:
    quarter = TrialResources(cpu=1, gpu=0.25)
    assert full_speed_slots(quarter, at_once=8, up=[Node(8, 2)]) == 2
    assert full_speed_slots(quarter, at_once=1, up=[Node(8, 2)]) == 1
    assert full_speed_slots(quarter, at_once=5, up=[Node(4, 1), Node(1, 1)]) == 2
    assert full_speed_slots(quarter, at_once=4, up=[]) == 1, "GPUs that may come do not count"
    assert full_speed_slots(TrialResources(cpu=4, gpu=0.25), at_once=2, up=[Node(8, 2)]) == 2
    assert full_speed_slots(TrialResources(cpu=1, gpu=0), at_once=3, up=[]) == 3
