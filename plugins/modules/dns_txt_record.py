#!/usr/bin/python
# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keep one TXT record by dynamic update."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dns_txt_record
short_description: Keep one TXT record by dynamic update (RFC 2136)
version_added: 0.1.0
author:
  - globalsign.atlas contributors (@globalsign)
description:
  - Adds a TXT record to a zone, or removes it, by a dynamic update (RFC 2136) that is signed with TSIG (RFC 8945). BIND, Knot,
    PowerDNS and many others take them.
  - Just the one record is added or removed. Other TXT records of the name stay as they are.
  - The primary server of the zone is asked first, and gets an update only if there is something to change.
  - Runs on the controller, so the key never reaches the managed node. No connection to the host is needed.
requirements:
  - On the controller, dnspython >= 2.3
attributes:
  action:
    description: Runs on the controller, through an action plugin of the same name.
    support: full
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying target.
    support: full
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
    support: full
options:
  name:
    description:
      - The name of the record, without or with a final dot, internationalised ones in either form.
      - If it is an alias (CNAME or DNAME), the record is kept at the end of the chain of aliases, RV(name).
    type: str
    required: true
  value:
    description:
      - The text of the record. Longer ones than 255 octets are stored as several strings, and compared as a whole.
    type: str
    required: true
  state:
    description:
      - V(present) adds the record if it is not there.
      - V(absent) removes just this record.
    type: str
    choices: [present, absent]
    default: present
  zone:
    description:
      - The zone that the record belongs to.
      - If not set, it is found by its SOA record, upwards from the name at the end of the chain of aliases.
      - If it is set together with O(server), no resolver is asked for a name that lies in the zone.
    type: str
  server:
    description:
      - The host name or IP address of the server that takes the updates.
      - If not set, it is the primary server that the SOA record of the zone names.
    type: str
  port:
    description: The port of the server.
    type: int
    default: 53
  ttl:
    description:
      - How many seconds resolvers may keep a record that is added.
      - If the name has other TXT records, theirs is used, as all TXT records of a name share one (RFC 2181).
    type: int
    default: 60
  tsig_name:
    description:
      - The name of the key that the messages are signed with.
      - If not set, they are not signed, and the server has to allow that.
    type: str
  tsig_key:
    description: The secret of the key, in base64.
    type: str
  tsig_algorithm:
    description: The algorithm of the key.
    type: str
    choices: [hmac-md5, hmac-sha1, hmac-sha224, hmac-sha256, hmac-sha384, hmac-sha512]
    default: hmac-sha256
  protocol:
    description:
      - How messages are sent to the server.
      - V(udp) sends a message up to three times within O(timeout), and goes over to TCP where an answer does not fit.
    type: str
    choices: [tcp, udp]
    default: tcp
  timeout:
    description: How many seconds the server has for each exchange of messages.
    type: int
    default: 10
  resolvers:
    description:
      - The resolvers to look zones, aliases and servers up with, each as C(HOST), C(HOST:PORT), C([IPV6]) or C([IPV6]:PORT).
      - They are tried in this order. If not set, those of the controller are used.
    type: list
    elements: str
seealso:
  - module: globalsign.atlas.domain_token_info
  - module: globalsign.atlas.atlas_domain_claim
"""

EXAMPLES = r"""
- name: Claim a domain
  globalsign.atlas.atlas_domain_claim:
    domain: example.com
  register: claimed

- name: Place the token
  globalsign.atlas.dns_txt_record:
    name: "{{ claimed.claims[0].place.dns.name }}"
    value: "{{ claimed.claims[0].place.dns.value }}"
    tsig_name: atlas
    tsig_key: "{{ vault_tsig_key }}"

- name: Remove it, and leave other TXT records of the name alone
  globalsign.atlas.dns_txt_record:
    name: "{{ claimed.claims[0].place.dns.name }}"
    value: "{{ claimed.claims[0].place.dns.value }}"
    state: absent
    tsig_name: atlas
    tsig_key: "{{ vault_tsig_key }}"

- name: Update a hidden primary server, with nothing looked up
  globalsign.atlas.dns_txt_record:
    name: _acme-challenge.www.example.com
    value: globalsign-domain-verification=0E87AF4B5F7C974C197078B6636933B7
    zone: example.com
    server: 192.0.2.53
    port: 5353
    tsig_name: atlas-hidden
    tsig_key: "{{ vault_hidden_tsig_key }}"
    tsig_algorithm: hmac-sha512
"""

RETURN = r"""
name:
  description: The name that has the record, which is the end of the chain of aliases, in lower case, as A-labels, without a final dot.
  returned: success
  type: str
  sample: example.com
server:
  description: The host name or IP address of the server that was asked and updated.
  returned: success
  type: str
  sample: ns1.example.com
texts:
  description: The texts of all TXT records of the name after the task, sorted. In check mode, as they would be.
  returned: success
  type: list
  elements: str
  sample:
    - globalsign-domain-verification=0E87AF4B5F7C974C197078B6636933B7
    - v=spf1 -all
zone:
  description: The zone that the record belongs to, without a final dot.
  returned: success
  type: str
  sample: example.com
"""

from ansible_collections.globalsign.atlas.plugins.module_utils.arguments.action_only import (
    refuse_to_run,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.arguments.txt_record import (
    TXT_RECORD_OPTIONS,
    TXT_RECORD_RULES,
)


def main() -> None:
    refuse_to_run("dns_txt_record", TXT_RECORD_OPTIONS, TXT_RECORD_RULES)


if __name__ == "__main__":
    main()
