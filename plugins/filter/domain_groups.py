# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter `domain_groups`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.globalsign.atlas.plugins.module_utils.domains.wish import (
    METHODS,
    claimable,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError

DOCUMENTATION = r"""
name: domain_groups
short_description: Groups the names of the role atlas_domain by how control over them is proven
version_added: 0.1.0
author: globalsign.atlas contributors (@globalsign)
description:
  - The names of a group go into one task of M(globalsign.atlas.atlas_domain_claim).
  - Made for the role P(globalsign.atlas.atlas_domain#role).
positional: _input, settings, overrides
options:
  _input:
    description: Names, wildcards and IP addresses, in any form.
    type: list
    elements: str
    required: true
  settings:
    description:
      - What holds for all names, with the keys C(method), C(webroot), C(listen), C(authorization_domain), C(zone) and
        C(email_address).
    type: dict
    required: true
  overrides:
    description: What holds for one name instead, as dictionaries with some of these keys by name.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Show what is proven how
  ansible.builtin.debug:
    msg: >-
      {{ ['www.example.com', 'example.com']
         | globalsign.atlas.domain_groups({'method': 'http'}, {'example.com': {'method': 'dns'}}) }}
"""

RETURN = r"""
_value:
  description:
    - Groups with C(method), C(authorization_domain) and C(email_address), the C(names) in normal form, and the C(settings) of
      each name. The method is empty where none is chosen.
  type: list
  elements: dict
"""

_OF_A_GROUP = ("method", "authorization_domain", "email_address")
_OF_A_NAME = ("webroot", "listen", "zone")
_KEYS = (*_OF_A_GROUP, *_OF_A_NAME)


def domain_groups(
    names: Iterable[str],
    settings: Mapping[str, Any],
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[dict[str, Any]]:
    """Groups of names that share method, authorization domain and mail address."""
    try:
        own = {_normal(name): _checked(name, each) for name, each in (overrides or {}).items()}
        normal = list(dict.fromkeys(_normal(name) for name in names))
    except AtlasError as error:
        raise AnsibleFilterError(error.message) from None
    groups: dict[tuple[str, ...], dict[str, Any]] = {}
    for name in normal:
        known = {**settings, **own.get(name, {})}
        key = tuple(str(known.get(each) or "") for each in _OF_A_GROUP)
        group = groups.setdefault(key, {**dict(zip(_OF_A_GROUP, key)), "names": [], "settings": {}})
        group["names"].append(name)
        group["settings"][name] = {each: known.get(each) or "" for each in _OF_A_NAME}
    return [groups[key] for key in sorted(groups)]


def _normal(name: Any) -> str:
    return claimable(str(name), "atlas_domain_names")


def _checked(name: str, override: Mapping[str, Any]) -> Mapping[str, Any]:
    unknown = sorted(set(override) - set(_KEYS))
    if unknown:
        raise AtlasError(
            f"atlas_domain_overrides: {name} has {', '.join(unknown)}; the keys are"
            f" {', '.join(sorted(_KEYS))}."
        )
    method = override.get("method") or METHODS[0]
    if method not in METHODS:
        raise AtlasError(
            f"atlas_domain_overrides: {name} has the method {method!r}; choose one of"
            f" {', '.join(METHODS)}."
        )
    return override


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name -> function."""
        return {"domain_groups": domain_groups}
