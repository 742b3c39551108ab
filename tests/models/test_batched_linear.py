"""Linear layers of many trials: values and gradients are those of each layer, in its order."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from tune_mc1.models.batched_linear import batched_linear


def tensors(number: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    shapes = ((3, 5, 7), (3, 4, 7), (3, 4))
    made = [torch.randn(*s, generator=generator, dtype=torch.float64) for s in shapes]
    inputs, weight, bias = (tensor.to(number).requires_grad_() for tensor in made)
    return inputs, weight, bias


@pytest.mark.parametrize("has_bias", [True, False])
def test_values_and_gradients_are_those_of_each_layer(has_bias: bool) -> None:
    inputs, weight, bias = tensors(torch.float64)
    outputs = batched_linear(inputs, weight, bias if has_bias else None)
    alone = [
        functional.linear(x, w, b if has_bias else None)
        for x, w, b in zip(inputs, weight, bias, strict=True)
    ]
    torch.testing.assert_close(outputs, torch.stack(alone))
    of = [inputs, weight, bias][: 2 + has_bias]
    mine = torch.autograd.grad(outputs.square().sum(), of)
    theirs = torch.autograd.grad(torch.stack(alone).square().sum(), of)
    torch.testing.assert_close(mine, theirs)


def test_inputs_that_need_no_gradient_get_none() -> None:
    inputs, weight, bias = tensors(torch.float32)
    batched_linear(inputs.detach(), weight, bias).sum().backward()  # type: ignore[no-untyped-call]
    assert inputs.grad is None
    assert weight.grad is not None


def test_the_gradient_of_the_weight_is_not_copied() -> None:
    inputs, weight, bias = tensors(torch.float32)
    found: list[int] = []
    weight.register_hook(lambda gradient: found.append(gradient.data_ptr()))  # type: ignore[no-untyped-call]
    batched_linear(inputs, weight, bias).square().sum().backward()  # type: ignore[no-untyped-call]
    assert weight.grad is not None
    assert found == [weight.grad.data_ptr()]  # in another order, it would be copied


def test_in_mixed_precision_gradients_keep_the_precision_of_the_weights() -> None:
    inputs, weight, bias = tensors(torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        outputs = batched_linear(inputs, weight, bias)
    assert outputs.dtype == torch.bfloat16
    outputs.float().sum().backward()  # type: ignore[no-untyped-call]
    assert weight.grad is not None
    assert weight.grad.dtype == torch.float32
