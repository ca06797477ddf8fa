# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A whole task on the node itself, as the module runs it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.conduct import on_node
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.options.task import (
    wanted_certificates,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.wanted import Wanted

from .conftest import Bench, validated


class Ended(Exception):  # noqa: N818 - how a module ends, which is no error
    """What a module ends with."""

    def __init__(self, **result: Any) -> None:
        super().__init__(str(result))
        self.result = result


class Module:
    """Stands in for `AnsibleModule`, whose constructor reads what Ansible sent."""

    def __init__(self, params: dict[str, Any], check_mode: bool = False) -> None:
        self.params = params
        self.check_mode = check_mode
        self.warnings: list[str] = []

    def fail_json(self, **result: Any) -> None:
        raise Ended(failed=True, **{key: result[key] for key in result if key != "failed"})

    def exit_json(self, **result: Any) -> None:
        raise Ended(**result)

    def warn(self, warning: str) -> None:
        self.warnings.append(warning)

    @staticmethod
    def jsonify(data: Any) -> str:
        return json.dumps(data)

    @staticmethod
    def from_json(text: str) -> Any:
        return json.loads(text)


def options(folder: Path, **more: Any) -> dict[str, Any]:
    return validated(
        {
            "api_from": "node",
            "path": str(folder / "cert.pem"),
            "privatekey_path": str(folder / "key.pem"),
            "san": {"dns_names": ["www.example.com"]},
            **more,
        }
    )


def conduct(module: Module) -> dict[str, Any]:
    with pytest.raises(Ended) as ended:
        on_node.conduct(module)  # type: ignore[arg-type]
    return ended.value.result


def test_it_runs_only_where_its_action_sent_it(tmp_path: Path) -> None:
    result = conduct(Module(options(tmp_path, api_from="controller")))
    assert result["failed"]
    assert result["msg"].startswith(
        "globalsign.atlas.atlas_certificate runs only through its actio"
    )


def test_what_is_as_wanted_needs_no_credentials(bench: Bench) -> None:
    bench.run()
    module = Module(options(bench.folder))
    result = conduct(module)
    assert (result["changed"], module.warnings, "warnings" in result) == (False, [], False)
    assert result["certificates"][0]["serial_number"] == bench.serial()


def test_warnings_are_warned_of_and_a_failure_fails(bench: Bench) -> None:
    bench.run(state="present")
    os.link(bench.folder / "cert.pem", bench.folder / "other")
    module = Module(options(bench.folder, allowed_names=[], force=True))
    result = conduct(module)
    assert (result["failed"], result["changed"]) == (True, False)
    assert result["msg"].startswith("san.dns_names: 'www.example.com' is not among the names")
    assert module.warnings == [
        f"{bench.folder}/cert.pem: {bench.folder}/cert.pem has other hard links, which keep the old"
        " content when it changes."
    ]


def test_an_option_that_is_wrong_fails(tmp_path: Path) -> None:
    result = conduct(Module(options(tmp_path, max_issue=-1)))
    assert result == {"failed": True, "msg": "max_issue: -1 is negative; give 0 or more."}


def test_steps_know_check_mode_and_see_plain_types(tmp_path: Path) -> None:
    (wanted,) = wanted_certificates(options(tmp_path))
    assert isinstance(wanted, Wanted)
    item = {"wanted": wanted.on_wire(), "removes_key": True, "now": 0, "breaks": ""}
    for target in item["wanted"]["targets"]:  # type: ignore[index]
        Path(target["path"]).write_text("")
    for check_mode in (True, False):
        module = Module({}, check_mode)
        (answer,) = on_node._perform(module, "remove", (item,), [])  # type: ignore[arg-type]
        assert len(answer["removed_files"]) == 2
        assert (tmp_path / "cert.pem").exists() is check_mode
