# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter `certificate_items`."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

DOCUMENTATION = r"""
name: certificate_items
short_description: Turns the list of the role atlas_certificate into items of the module
version_added: 0.1.0
author: globalsign.atlas contributors (@globalsign)
description:
  - Gives each certificate its files in a folder of its own, as the role P(globalsign.atlas.atlas_certificate#role) lays
    them out, with the layout in which all files of a certificate are switched at once.
positional: _input, folder
options:
  _input:
    description: Certificates, each with C(name) and C(dns_names).
    type: list
    elements: dict
    required: true
  folder:
    description: The folder that holds the folders of the certificates.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Read the files that the role keeps, from a task
  globalsign.atlas.atlas_certificate:
    certificates: "{{ atlas_certificate_list | globalsign.atlas.certificate_items('/etc/ssl/atlas') }}"
  check_mode: true
"""

RETURN = r"""
_value:
  description: Items for O(globalsign.atlas.atlas_certificate#module:certificates).
  type: list
  elements: dict
"""


def certificate_items(
    certificates: Iterable[Mapping[str, Any]], folder: str
) -> list[dict[str, Any]]:
    """One item of the module's `certificates` for each certificate of the role."""
    return [_item(certificate, folder) for certificate in certificates]


def _item(certificate: Mapping[str, Any], folder: str) -> dict[str, Any]:
    name = certificate.get("name") or ""
    if not name or "/" in name or name.startswith("."):
        raise AnsibleFilterError(
            f"name: {name!r} cannot be the name of a folder; give a plain name such as 'www'."
        )
    own_folder = posixpath.join(folder, name)
    return {
        "layout": "linked",
        "path": posixpath.join(own_folder, "cert.pem"),
        "chain_path": posixpath.join(own_folder, "chain.pem"),
        "fullchain_path": posixpath.join(own_folder, "fullchain.pem"),
        "privatekey_path": posixpath.join(own_folder, "key.pem"),
        "san": {"dns_names": list(certificate.get("dns_names") or [])},
    }


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name -> function."""
        return {"certificate_items": certificate_items}
