#!/usr/bin/python
# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tell where the token of a domain claim can be seen."""

from __future__ import annotations

DOCUMENTATION = r"""
module: domain_token_info
short_description: Tell where the token of a domain claim can be seen
version_added: 0.1.0
author:
  - globalsign.atlas contributors (@globalsign)
description:
  - Looks for the token of a claim where the service will look for it, and waits until it can be seen everywhere. So a
    verification is asked for as soon as it can succeed, and no sooner.
  - Tells before that where a DNS token has to be placed, RV(record).
  - Warns of what would make the service refuse all the same, which is CAA records that do not allow V(globalsign.com), and DNSSEC
    that is broken. The latter is seen only if one of the resolvers checks signatures.
  - Runs on the controller, which has to reach the name servers or the web server. No connection to the host is needed.
requirements:
  - On the controller, dnspython >= 2.3
attributes:
  action:
    description: Runs on the controller, through an action plugin of the same name.
    support: full
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying target.
    support: full
    details: It looks and waits in check mode as well. Use O(timeout=0) where the token was not placed.
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
    support: none
options:
  domain:
    description:
      - The domain that is claimed, without or with a final dot, internationalised ones in either form.
      - With O(method=dns) it may begin with C(*.), which stands for the domain below it. With O(method=http) and O(method=https)
        it may be an IP address.
    type: str
    required: true
  method:
    description:
      - How control over the domain is proven.
      - V(dns) looks for a TXT record with O(token).
      - V(http) and V(https) fetch the file C(/.well-known/pki-validation/gsdv.txt) from each IPv4 and IPv6 address of the domain.
        It is right if the status is 200 and the content is just O(token). Redirects are not followed, and any certificate is taken.
    type: str
    choices: [dns, http, https]
    required: true
  token:
    description: The text of the TXT record, or the exact content of the file.
    type: str
    required: true
  authorization_domain:
    description:
      - The name to look for the TXT record at, instead of O(domain), such as C(_acme-challenge.www.example.com).
      - For O(method=dns) alone.
    type: str
  servers:
    description:
      - Whom to ask for the TXT record. For O(method=dns) alone.
      - V(authoritative) asks each address of each name server of the zone. This is what counts, as the service starts from there.
      - V(resolvers) asks each of the resolvers, where those servers cannot be reached. A resolver that is asked too soon keeps in
        mind that there is no record, as long as the SOA record of the zone says.
    type: str
    choices: [authoritative, resolvers]
    default: authoritative
  resolvers:
    description:
      - The resolvers to look zones, aliases, servers and addresses up with, each as C(HOST), C(HOST:PORT), C([IPV6]) or
        C([IPV6]:PORT). If not set, those of the controller are used.
    type: list
    elements: str
  dns_port:
    description: The port of the authoritative servers. For O(method=dns) alone.
    type: int
    default: 53
  http_port:
    description:
      - The port of the web server. If not set, it is 80 with O(method=http) and 443 with O(method=https).
      - For these methods alone.
    type: int
  addresses:
    description:
      - The IP addresses to fetch the file from, instead of all that the domain has. For a controller that does not reach the
        addresses that the service will use.
      - For O(method=http) and O(method=https) alone.
    type: list
    elements: str
  timeout:
    description:
      - How many seconds to wait at most until the token can be seen everywhere. The last look begins then, and takes some
        seconds of its own. If it is not seen everywhere, the task fails.
      - V(0) looks once, and does not fail if the token is not seen.
    type: int
    default: 0
notes:
  - An IPv6 address of a name server that cannot be reached from the controller does not count, as long as the same server shows the
    record over IPv4, and the other way round.
seealso:
  - module: globalsign.atlas.dns_txt_record
  - module: globalsign.atlas.atlas_domain_claim
"""

EXAMPLES = r"""
- name: Claim a domain
  globalsign.atlas.atlas_domain_claim:
    domain: example.com
  register: claimed

- name: See where the token belongs
  globalsign.atlas.domain_token_info:
    domain: example.com
    method: dns
    token: "{{ claimed.claims[0].place.dns.value }}"
  register: token

- name: Place it
  globalsign.atlas.dns_txt_record:
    name: "{{ token.record.name }}"
    zone: "{{ token.record.zone }}"
    value: "{{ claimed.claims[0].place.dns.value }}"
    tsig_name: atlas
    tsig_key: "{{ vault_tsig_key }}"

- name: Wait until every name server has it
  globalsign.atlas.domain_token_info:
    domain: example.com
    method: dns
    token: "{{ claimed.claims[0].place.dns.value }}"
    timeout: 300

- name: Place it as a file, too
  globalsign.atlas.token_file:
    webroot: /var/www/html
    path: "{{ claimed.claims[0].place.http.path }}"
    content: "{{ claimed.claims[0].place.http.content }}"

- name: Wait until every address of a web site serves the token
  globalsign.atlas.domain_token_info:
    domain: www.example.com
    method: http
    token: "{{ claimed.claims[0].place.http.content }}"
    timeout: 60
"""

RETURN = r"""
visible:
  description: Whether the token can be seen everywhere.
  returned: always, unless nothing could be looked at
  type: bool
  sample: false
record:
  description: Where a TXT record has to be placed.
  returned: with O(method=dns), unless nothing could be looked at
  type: dict
  contains:
    name:
      description: The name at the end of the chain of aliases (CNAME and DNAME), as A-labels, without a final dot.
      returned: always
      type: str
      sample: _acme-challenge.www.example.com
    zone:
      description: The zone of that name, without a final dot.
      returned: always
      type: str
      sample: example.com
    relative_name:
      description: The name relative to the zone, V(@) for the name of the zone itself.
      returned: always
      type: str
      sample: _acme-challenge.www
sightings:
  description: What was seen when each place was last looked at.
  returned: always, unless nothing could be looked at
  type: list
  elements: dict
  contains:
    at:
      description: The name server with its address, the resolver, or the address of the web server.
      returned: always
      type: str
      sample: ns1.example.com (192.0.2.53)
    found:
      description: The texts of the TXT records, or the beginning of the file, or the HTTP status and the target of a redirect.
      returned: always
      type: list
      elements: str
      sample:
        - v=spf1 -all
    problem:
      description: Why this is not the token. Empty if it is.
      returned: always
      type: str
      sample: has other TXT records at _acme-challenge.www.example.com, and not this one
    visible:
      description: Whether the token was seen here.
      returned: always
      type: bool
      sample: false
"""

from ansible_collections.globalsign.atlas.plugins.module_utils.arguments.action_only import (
    refuse_to_run,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.arguments.token_info import (
    TOKEN_INFO_OPTIONS,
)


def main() -> None:
    refuse_to_run("domain_token_info", TOKEN_INFO_OPTIONS)


if __name__ == "__main__":
    main()
