# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter `domain_failures`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

DOCUMENTATION = r"""
name: domain_failures
short_description: Picks what went wrong with claims in a loop of the role atlas_domain
version_added: 0.1.0
author: globalsign.atlas contributors (@globalsign)
description:
  - Made for the role P(globalsign.atlas.atlas_domain#role).
positional: _input, settled
options:
  _input:
    description:
      - The results of M(globalsign.atlas.atlas_domain_claim) in a loop over groups of
        P(globalsign.atlas.domain_groups#filter) with the loop variable C(atlas_domain_group).
    type: list
    elements: dict
    required: true
  settled:
    description: Whether the proofs have been made, so that what is still due went wrong.
    type: bool
    default: false
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

- name: Show what went wrong
  ansible.builtin.debug:
    msg: "{{ claimed.results | globalsign.atlas.domain_failures }}"
"""

RETURN = r"""
_value:
  description: Reasons by domain.
  type: dict
"""


def domain_failures(results: Iterable[Mapping[str, Any]], settled: bool = False) -> dict[str, str]:
    """Domain -> what went wrong with it."""
    failures: dict[str, str] = {}
    for result in results:
        if result.get("skipped"):
            continue
        if result.get("claims") is None:
            names = (result.get("atlas_domain_group") or {}).get("names") or ["?"]
            failures[", ".join(names)] = str(result.get("msg", "a task failed"))
            continue
        for claim in result["claims"]:
            if claim.get("failed"):
                failures[claim["claimed"] or claim["domain"]] = str(claim["msg"])
            elif settled and claim["is_due"]:
                failures[claim["claimed"]] = (
                    f"{claim['domain']} was not verified; the host of this play that had to place"
                    " its token, or to ask for the check, tells why."
                )
    return failures


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name -> function."""
        return {"domain_failures": domain_failures}
