# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The README of the role names all that there is."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
import yaml
from atlas_simulator.behaviour import Behaviour
from atlas_simulator.control.rules import ACTIONS
from atlas_simulator.policy.policies import READY_MADE
from atlas_simulator.policy.readings import Readings

ROLE = Path(__file__).parents[2] / "roles/atlas_simulator"
README = (ROLE / "README.md").read_text()
ROWS = {line.split("`")[1]: line for line in README.splitlines() if line.startswith("| `")}


@pytest.mark.parametrize("setting", [*fields(Behaviour), *fields(Readings)])
def test_a_setting_is_documented(setting) -> None:  # type: ignore[no-untyped-def]
    default = str(setting.default).lower() if setting.type == "bool" else str(setting.default)
    row = ROWS[setting.name]
    assert f"**`{default}`**" in row
    assert setting.metadata["text"] in row
    assert all(f"`{choice}`" in row for choice in setting.metadata["choices"])


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_is_documented(action: str) -> None:
    assert ACTIONS[action] in ROWS[action]


def test_all_policies_are_documented() -> None:
    assert all(f"`{name}`" in README for name in READY_MADE)


def test_all_variables_of_the_role_are_documented() -> None:
    specification = yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text())
    options = specification["argument_specs"]["main"]["options"]
    defaults = yaml.safe_load((ROLE / "defaults/main.yml").read_text())
    assert set(options) == {name for name in ROWS if name.startswith("atlas_simulator_")}
    assert {name: option["default"] for name, option in options.items() if "default" in option} == (
        defaults
    )
