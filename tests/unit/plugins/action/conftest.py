# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Actions as Ansible makes them, without the rest of Ansible."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.arguments.connection import (
    CONNECTION_OPTIONS,
    environment_variable,
)

Make = Callable[..., Any]


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Make:
    """Make the action of a file with these arguments."""
    for option in CONNECTION_OPTIONS:
        monkeypatch.delenv(environment_variable(option), raising=False)

    def made(file: Any, check_mode: bool = False, **arguments: Any) -> Any:
        task = SimpleNamespace(
            args=arguments,
            environment=None,
            check_mode=check_mode,
            async_val=0,
            action="atlas_test",
            resolved_action="globalsign.atlas.atlas_test",
            module_defaults=[],
            delegate_to=None,
            diff=False,
            no_log=False,
            _parent=None,
        )
        shell = SimpleNamespace(tmpdir="/node/tmp", join_path=lambda *parts: "/".join(parts))
        connection = SimpleNamespace(_shell=shell, _remote_is_local=False)
        templar = SimpleNamespace(template=lambda value: value)
        return file.ActionModule(task, connection, SimpleNamespace(), None, templar, None)

    return made
