"""Huge pages for large tensors on a CPU, where the system gives them to those who ask for them."""

import os

VARIABLE = "THP_MEM_ALLOC_ENABLE"
"""PyTorch reads it when it first allocates memory in a process."""


def use_huge_pages() -> None:
    """Has PyTorch ask for pages of 2 MB for tensors of that size and larger.

    A step allocates its activations and gradients anew, and the system hands memory out page by
    page, cleared: with pages of 4 KB that is a third of a step of MLP and half of one of CNN5 at
    batch size 128. The numbers are the same, bit for bit. Has no effect once PyTorch has allocated
    memory, nor where `/sys/kernel/mm/transparent_hugepage/enabled` is `never`; a value that the
    user has set stays.
    """
    os.environ.setdefault(VARIABLE, "1")
