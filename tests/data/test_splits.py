import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from tune_mc1.config.validation import Folds, Holdout, Validation
from tune_mc1.data.images import ImageData
from tune_mc1.data.splits import make_split
from tune_mc1.errors import DataError


def data_of(counts: list[int], test: int = 7) -> ImageData:
    """Shuffled labels with so many images a class."""
    labels = np.random.default_rng(1).permutation(np.repeat(np.arange(len(counts)), counts))
    images = np.zeros((len(labels), 1, 1, 1), np.uint8)
    test_set = (np.zeros((test, 1, 1, 1), np.uint8), np.zeros(test, np.int64))
    return ImageData.build(
        "made", (images, labels), test_set, [f"c{i}" for i in range(len(counts))]
    )


def test_holdout_takes_its_part_of_every_class() -> None:
    data = data_of([100, 50, 9])
    split = make_split(data, Holdout(holdout=0.1))
    assert np.bincount(data.train_labels[split.val]).tolist() == [10, 5, 1]
    assert sorted([*split.train, *split.val]) == list(range(159))
    assert split.val_from == "train"
    assert split.val.dtype == np.int64


def test_holdout_leaves_an_image_on_each_side() -> None:
    data = data_of([2, 2])
    for part in (0.01, 0.99):
        split = make_split(data, Holdout(holdout=part))
        assert np.bincount(data.train_labels[split.val]).tolist() == [1, 1]
        assert np.bincount(data.train_labels[split.train]).tolist() == [1, 1]


def test_splits_depend_on_the_seed_alone() -> None:
    data = data_of([40, 40])
    one, same, other = (make_split(data, Holdout(seed=s)).val.tolist() for s in (1, 1, 2))
    assert one == same
    assert one != other


def test_splits_stay_what_they_are() -> None:
    """A split that changes between versions would make a resumed sweep compare unlike trials."""
    data = data_of([20, 20])
    data.train_labels[:] = np.arange(40) % 2
    assert make_split(data, Holdout()).val.tolist() == [1, 11, 18, 36]
    assert make_split(data, Folds(folds=10), 1).val.tolist() == [1, 15, 18, 20]


def test_folds_partition_exactly_and_evenly() -> None:
    counts = [23, 41, 10, 17]
    data = data_of(counts)
    splits = [make_split(data, Folds(folds=10), fold) for fold in range(10)]
    assert sorted(np.concatenate([s.val for s in splits])) == list(range(sum(counts)))
    assert {len(s.val) for s in splits} == {9, 10}
    for c, count in enumerate(counts):
        in_folds = [int((data.train_labels[s.val] == c).sum()) for s in splits]
        assert set(in_folds) <= {count // 10, count // 10 + 1}
    for split in splits:
        assert sorted([*split.train, *split.val]) == list(range(sum(counts)))


def test_the_reference_way_validates_on_the_test_images() -> None:
    split = make_split(data_of([5, 5], test=7), "test")
    assert (split.val_from, split.val.tolist()) == ("test", list(range(7)))
    assert split.train.tolist() == list(range(10))


def test_too_few_images() -> None:
    with pytest.raises(DataError, match=r"class 'c1': must have at least 10 training.*got 9"):
        make_split(data_of([20, 9]), Folds(folds=10), 0)
    with pytest.raises(DataError, match=r"class 'c0': must have at least 2 training.*got 1"):
        make_split(data_of([1, 9]), Holdout())


@pytest.mark.parametrize(
    ("validation", "fold"), [(Folds(folds=3), None), (Folds(folds=3), 3), (Holdout(), 0)]
)
def test_fold_must_fit(validation: Folds | Holdout, fold: int | None) -> None:
    with pytest.raises(ValueError, match="fold must be"):
        make_split(data_of([5, 5]), validation, fold)


def test_validation_is_chosen_by_its_form() -> None:
    read = TypeAdapter[Holdout | Folds | str](Validation).validate_python
    assert read({"holdout": 0.2}) == Holdout(holdout=0.2, seed=42)
    assert read({"folds": 10, "seed": 1}) == Folds(folds=10, seed=1)
    assert read("test") == "test"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"holdout": 1.0}, "less than 1"),
        ({"holdout": 0}, "greater than 0"),
        ({"folds": 1}, "greater than or equal to 2"),
        ({"folds": 3, "holdout": 0.1}, "not permitted"),
        ({"hold": 0.1}, "not permitted"),
        ("train", "should be .test."),
    ],
)
def test_a_wrong_validation_has_one_message(value: object, message: str) -> None:
    with pytest.raises(ValidationError, match=message) as caught:
        TypeAdapter[object](Validation).validate_python(value)
    assert caught.value.error_count() == 1
