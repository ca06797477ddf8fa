# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The whole task on the node itself, for sites where only the node reaches Atlas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ...errors import AtlasError
from ...pki.library import require_cryptography
from ..node import steps
from .node import Node
from .task import CertificateTask, World


def conduct(module: AnsibleModule) -> None:
    """Perform the task of a module with `api_from: node`, and end with its result."""
    if module.params["api_from"] != "node":
        module.fail_json(
            msg="globalsign.atlas.atlas_certificate runs only through its action plugin of the same"
            " name. Call it as a task of a play or with `ansible -m`, and not from another module"
            " or as a script."
        )
    world = World(
        node=Node(lambda step, items, secrets: _perform(module, step, items, secrets)),
        open_client=lambda: _client(module),
        fetch=lambda url: _fetch(url, module.params["connect_timeout"]),
        machine="node",
    )
    try:
        require_cryptography()
        result = CertificateTask(module.params, world, module.check_mode).perform()
    except AtlasError as error:
        module.fail_json(msg=error.message)
    for warning in result.pop("warnings", []):
        module.warn(warning)
    if result.get("failed"):
        module.fail_json(**result)
    module.exit_json(**result)


def _perform(
    module: AnsibleModule, step: str, items: Sequence[dict[str, Any]], secrets: Sequence[str]
) -> Any:
    # As they would come over the wire: a step must not see objects that another still holds.
    plain = module.from_json(module.jsonify(list(items)))
    return steps.run(step, plain, secrets, module.check_mode)


def _client(module: AnsibleModule) -> Any:
    from ...account.credentials import UNVERIFIED, account_of, open_session
    from ...account.run_client import RunClient
    from ...account.scratch import Scratch
    from ...account.sources import from_file

    options = module.params
    if not options["validate_certs"]:
        module.warn(UNVERIFIED)
    scratch = Scratch(module.tmpdir, account_of(options))
    session = open_session(
        options, lambda option, given: from_file(option, given, given), module.tmpdir, scratch
    )
    return RunClient(session, scratch)


def _fetch(url: str, seconds: float) -> bytes:
    from ...api.public_file import fetch

    return fetch(url, seconds)
