# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The modules that run on the node, without the process of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

Run = Callable[..., dict[str, Any]]


class EndedError(Exception):
    """A module that came to its end; carries its result."""


@pytest.fixture
def run_module(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the main function of a module with these options; its result."""

    def run(file: Any, check_mode: bool = False, **given: Any) -> dict[str, Any]:
        class Module:
            """As much of AnsibleModule as the modules take."""

            def __init__(
                self, argument_spec: Any, supports_check_mode: bool = False, **rules: Any
            ) -> None:
                validated = ArgumentSpecValidator(argument_spec, **rules).validate(given)
                assert validated.error_messages == []
                self.params = validated.validated_parameters
                self.check_mode = check_mode

            def exit_json(self, **result: Any) -> None:
                raise EndedError(result)

            def fail_json(self, msg: str) -> None:
                raise EndedError({"failed": True, "msg": msg})

        monkeypatch.setattr(file, "AnsibleModule", Module)
        with pytest.raises(EndedError) as ended:
            file.main()
        result: dict[str, Any] = ended.value.args[0]
        return result

    return run
