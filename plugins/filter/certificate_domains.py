# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter `certificate_domains`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

DOCUMENTATION = r"""
name: certificate_domains
short_description: Tells which names certificates of the role atlas_certificate need, and how each is proven
version_added: 0.1.0
author: globalsign.atlas contributors (@globalsign)
description:
  - Made for the role P(globalsign.atlas.atlas_certificate#role), which hands the result to
    P(globalsign.atlas.atlas_domain#role).
positional: _input
options:
  _input:
    description:
      - Certificates as in C(atlas_certificate_list), with C(dns_names) and any of C(domain_method), C(webroot), C(listen),
        C(authorization_domain), C(zone) and C(email_address).
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Prove control over the names of all certificates
  ansible.builtin.include_role:
    name: globalsign.atlas.atlas_domain
  vars:
    atlas_domain_names: "{{ domains.names }}"
    atlas_domain_overrides: "{{ domains.overrides }}"
    domains: "{{ atlas_certificate_list | globalsign.atlas.certificate_domains }}"
"""

RETURN = r"""
_value:
  description:
    - The C(names), and C(overrides) for those of certificates that say how they are proven.
    - Two certificates that say different things of the same name are refused.
  type: dict
"""

_SETTINGS = {
    "domain_method": "method",
    "webroot": "webroot",
    "listen": "listen",
    "authorization_domain": "authorization_domain",
    "zone": "zone",
    "email_address": "email_address",
}
"""What a certificate says -> what the override of a name says."""


def certificate_domains(certificates: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The names of all certificates, and what each says of its names."""
    names: dict[str, None] = {}
    overrides: dict[str, dict[str, Any]] = {}
    said_by: dict[str, str] = {}
    for certificate in certificates:
        said = {
            setting: certificate[key]
            for key, setting in _SETTINGS.items()
            if certificate.get(key) not in (None, "")
        }
        for name in certificate.get("dns_names") or []:
            names[name] = None
            if not said:
                continue
            if overrides.setdefault(name, said) != said:
                raise AnsibleFilterError(
                    f"{name} is in {said_by[name]} and in {certificate.get('name')}, which prove it"
                    f" in different ways; give both the same {', '.join(_SETTINGS)}."
                )
            said_by.setdefault(name, str(certificate.get("name")))
    return {"names": list(names), "overrides": overrides}


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name -> function."""
        return {"certificate_domains": certificate_domains}
