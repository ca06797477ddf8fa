# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the file of a module does that runs only through its action plugin."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.basic import AnsibleModule


def refuse_to_run(
    module_name: str, options: dict[str, dict[str, Any]], rules: dict[str, Any] | None = None
) -> None:
    """Fail with the reason: the credentials stay on the controller, and so does this code."""
    module = AnsibleModule(argument_spec=options, supports_check_mode=True, **(rules or {}))
    module.fail_json(
        msg=f"globalsign.atlas.{module_name} runs only through its action plugin of the same name,"
        " on the controller. Call it as a task of a play or with `ansible -m`, and not from"
        " another module or as a script."
    )
