# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Notes how long each part of a task takes: lines of JSON in the file that BENCHMARK_STEPS names.

Ansible forks a process for each task from the one in which this plugin was loaded, so what is
changed here is changed there too.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from typing import Any

from ansible.executor.task_executor import TaskExecutor
from ansible.plugins.action import ActionBase
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: steps
type: aggregate
short_description: Times the parts of tasks
description: Notes how long each part of a task takes.
"""

PATH = os.environ.get("BENCHMARK_STEPS", os.devnull)


def note(part: str, begin: float) -> None:
    """What lasted from `begin` until now."""
    line = json.dumps([part, begin, time.monotonic()])
    with open(PATH, "a", encoding="ascii") as notes:
        notes.write(f"{line}\n")


def timed(function: Callable[..., Any], part: Callable[..., str]) -> Callable[..., Any]:
    """The function, which notes what `part` makes of its arguments."""

    def call(*arguments: Any, **named: Any) -> Any:
        begin = time.monotonic()
        try:
            return function(*arguments, **named)
        finally:
            note(part(*arguments, **named), begin)

    return call


def step_of(_action: Any, *_arguments: Any, **named: Any) -> str:
    """The step of the node, or another module's name."""
    step = (named.get("module_args") or {}).get("step")
    return str(step or named.get("module_name") or "module")


class CallbackModule(CallbackBase):
    """It hears of nothing; being loaded is enough."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "steps"

    def __init__(self) -> None:
        super().__init__()
        TaskExecutor.run = timed(TaskExecutor.run, lambda *_a, **_n: "task")
        ActionBase._execute_module = timed(ActionBase._execute_module, step_of)
        ActionBase._configure_module = timed(
            ActionBase._configure_module, lambda *_a, **_n: "payload"
        )
