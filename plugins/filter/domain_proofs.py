# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter `domain_proofs`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

DOCUMENTATION = r"""
name: domain_proofs
short_description: Picks what the role atlas_domain has to prove
version_added: 0.1.0
author: globalsign.atlas contributors (@globalsign)
description:
  - Several names may be proven by one claim, a wildcard by that of the domain below it.
  - Made for the role P(globalsign.atlas.atlas_domain#role).
positional: _input
options:
  _input:
    description:
      - The results of M(globalsign.atlas.atlas_domain_claim), each with C(claims), in a loop over groups of
        P(globalsign.atlas.domain_groups#filter) with the loop variable C(atlas_domain_group).
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Claim domains
  globalsign.atlas.atlas_domain_claim:
    domains: "{{ atlas_domain_group.names }}"
    method: "{{ atlas_domain_group.method }}"
  loop: >-
    {{ ['www.example.com', 'example.com']
       | globalsign.atlas.domain_groups({'method': 'http'}, {'example.com': {'method': 'dns'}}) }}
  loop_control:
    loop_var: atlas_domain_group
  register: claimed

- name: Show which domains are due
  ansible.builtin.debug:
    msg: "{{ claimed.results | globalsign.atlas.domain_proofs | map(attribute='domain') }}"
"""

RETURN = r"""
_value:
  description:
    - Proofs that are due, by domain, each with C(domain), the C(names) that it is for, C(method), C(place), C(is_placer), and
      C(webroot), C(listen) and C(zone) of its first name.
  type: list
  elements: dict
"""


def domain_proofs(results: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One entry for each claim that is to be proven."""
    proofs: dict[tuple[str, str], dict[str, Any]] = {}
    for result in results:
        group = result.get("atlas_domain_group") or {}
        for claim in result.get("claims") or []:
            if claim.get("failed") or not claim["is_due"]:
                continue
            key = (claim["claimed"], group["method"])
            proof = proofs.setdefault(
                key,
                {
                    "domain": claim["claimed"],
                    "names": [],
                    "method": group["method"],
                    "place": claim["place"],
                    "is_placer": claim["is_placer"],
                    **group["settings"][claim["domain"]],
                },
            )
            proof["names"].append(claim["domain"])
    return [proofs[key] for key in sorted(proofs)]


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name -> function."""
        return {"domain_proofs": domain_proofs}
