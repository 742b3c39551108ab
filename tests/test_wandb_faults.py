"""W&B fails in every way it can: the sweep is neither stopped nor slowed, and it is said once."""

import configparser
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.test_wandb import Run, Sweep, sweep  # noqa: F401
from tune_mc1.errors import InputError
from tune_mc1.wandb_file import is_whole
from tune_mc1.wandb_mode import choose_mode

KEY = "0123456789abcdef0123456789abcdef01234567"
