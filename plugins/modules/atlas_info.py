#!/usr/bin/python
# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read what a GlobalSign Atlas account may do."""

from __future__ import annotations

DOCUMENTATION = r"""
module: atlas_info
short_description: Read what a GlobalSign Atlas account may do
version_added: 0.1.0
author:
  - globalsign.atlas contributors (@globalsign)
description:
  - Returns the validation policy of the account, which says what a certificate request may, must and must not state, and how
    many certificates may still be issued; and on request its claims, with what they cover and until when.
  - No connection to the host is needed.
extends_documentation_fragment:
  - globalsign.atlas.connection
requirements:
  - On the controller, requests >= 2.31 and cryptography >= 3.3
attributes:
  action:
    description: Runs on the controller, through an action plugin of the same name.
    support: full
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying target.
    support: full
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
    support: none
options:
  gather_subset:
    description:
      - What to read. Policy and quota take one request each.
      - V(claims) lists the claims of domains and of IP addresses, 100 with one request.
    type: list
    elements: str
    choices: [policy, quota, claims]
    default: [policy, quota]
  names:
    description: With O(gather_subset=claims), names of certificates to look up what covers them; wildcards and IP addresses too.
    type: list
    elements: str
    default: []
  renew_before:
    description:
      - With O(gather_subset=claims), how long before its end a verification counts as due, as in
        M(globalsign.atlas.atlas_domain_claim).
    type: str
    default: auto
"""

EXAMPLES = r"""
- name: See how many certificates are left
  globalsign.atlas.atlas_info:
    gather_subset: [quota]
  register: atlas

- name: Read what the account allows
  globalsign.atlas.atlas_info:
    gather_subset: [policy]
  register: allowed

- name: Show it as a table
  ansible.builtin.debug:
    var: allowed.policy_table

- name: See which names are covered until when
  globalsign.atlas.atlas_info:
    gather_subset: [claims]
    names: [www.example.com, "*.example.com"]
  register: domains

- name: Show it as a table
  ansible.builtin.debug:
    var: domains.claims_table

- name: Stop before the account runs dry
  ansible.builtin.assert:
    that: atlas.quota > 100
"""

RETURN = r"""
policy:
  description:
    - The validation policy as the service gave it, see the API reference for the meaning of its members.
    - For each attribute of the subject, each kind of subject alternative name and so on it tells whether it may, must or must
      not be given, and in which form.
  returned: when O(gather_subset) has V(policy)
  type: dict
  sample:
    public_key:
      allowed_lengths: [256, 384]
      key_format: PKCS8
      key_type: ECDSA
    public_key_signature: REQUIRED
    san:
      dns_names: {list: [.], maxcount: 100, mincount: 1, static: false}
    subject_dn:
      common_name: {format: '^[A-Za-z0-9*.\-]{1,64}$', presence: OPTIONAL}
      organization: {format: '', presence: FORBIDDEN}
    validity:
      issuer_expiry: 2110851798
      not_before_negative_skew: 120
      not_before_positive_skew: 3600
      secondsmax: 17193600
      secondsmin: 3600
policy_table:
  description: The same as a table for people, a line for each field; at its end what this collection does not know.
  returned: when O(gather_subset) has V(policy)
  type: list
  elements: str
  sample:
    - Field                 May be stated  Allowed
    - validity              optional       a lifetime of 1 hour to 199 days
    - validity.not_before   required       120 seconds before to 1 hour after the present
    - validity.not_after    optional       at the latest 2036-11-21T03:43:18Z, the end of the issuing CA
    - subject.common_name   optional       what matches ^[A-Za-z0-9*.\-]{1,64}$
    - subject.organization  forbidden
    - san.dns_names         required       1 to 100 of anything
    - public_key            required       ECDSA of 256 or 384 bits
    - public_key format     required       a public key (PKCS8)
    - public_key_signature  required       the proof of possession, made by us
quota:
  description: How many certificates the account may still issue.
  returned: when O(gather_subset) has V(quota)
  type: int
  sample: 999999
coverage:
  description: What covers the O(names), and until when.
  returned: when O(gather_subset) has V(claims)
  type: list
  elements: dict
  sample:
    - {name: www.example.com, covered_by: example.com, expires_at: "2027-06-12T03:43:18Z", remaining_days: 199, renew_from: "2027-05-13T03:43:18Z",
       is_due: false}
claims:
  description: All claims of the account; those whose verification ends first come first, those without one last.
  returned: when O(gather_subset) has V(claims)
  type: list
  elements: dict
  sample:
    - {domain: example.com, id: 0157B6E22C4974C5E2C24457C43B2B67, status: VERIFIED, method: dns, expires_at: "2027-06-12T03:43:18Z",
       remaining_days: 199, renew_from: "2027-05-13T03:43:18Z", is_due: false}
claims_table:
  description: The same as tables for people, with what to do about each.
  returned: when O(gather_subset) has V(claims)
  type: list
  elements: str
  sample:
    - "Name             Covered by   Expires at            Remaining days  What to do"
    - "www.example.com  example.com  2027-06-12T03:43:18Z  199             renew it from 2027-05-13"
    - ""
    - "Domain       Status    Method  Expires at            Remaining days  What to do"
    - "example.com  VERIFIED  dns     2027-06-12T03:43:18Z  199             renew it from 2027-05-13"
"""

from ansible_collections.globalsign.atlas.plugins.module_utils.arguments.action_only import (
    refuse_to_run,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.arguments.connection import (
    CONNECTION_OPTIONS,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.arguments.info import INFO_OPTIONS


def main() -> None:
    refuse_to_run("atlas_info", {**CONNECTION_OPTIONS, **INFO_OPTIONS})


if __name__ == "__main__":
    main()
