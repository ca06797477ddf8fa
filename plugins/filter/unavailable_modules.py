# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter `unavailable_modules`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ansible.plugins.loader import module_loader

DOCUMENTATION = r"""
name: unavailable_modules
short_description: Tells which modules are not installed on the controller
version_added: 0.1.0
author: globalsign.atlas contributors (@globalsign)
description:
  - A task file that names a module that is not installed ends the whole run when it is loaded. So one looks before.
  - Made for the role P(globalsign.atlas.atlas_domain#role).
positional: _input
options:
  _input:
    description: Fully qualified names of modules.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Refuse to begin without the module
  ansible.builtin.assert:
    that: "['amazon.aws.route53'] | globalsign.atlas.unavailable_modules == []"
"""

RETURN = r"""
_value:
  description: Those that are not installed.
  type: list
  elements: str
"""


def unavailable_modules(names: Iterable[str]) -> list[str]:
    """Those that Ansible cannot find."""
    return [name for name in names if not module_loader.has_plugin(name)]


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name -> function."""
        return {"unavailable_modules": unavailable_modules}
