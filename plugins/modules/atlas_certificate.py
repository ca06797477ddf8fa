#!/usr/bin/python
# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keep certificates from GlobalSign Atlas on a node."""

from __future__ import annotations

DOCUMENTATION = r"""
module: atlas_certificate
short_description: Keep certificates from GlobalSign Atlas on a node
version_added: 0.1.0
author:
  - globalsign.atlas contributors (@globalsign)
description:
  - Sees to it that a certificate with the stated names is on the node, with its private key and its chain, and is replaced in
    time. What is there and as wanted is left alone, without a request to Atlas.
  - The private key is made on the node and never leaves it. The account's credentials stay on the controller.
  - A request that the account's validation policy forbids is refused before it is sent, in check mode too.
  - The new private key is on the node's disk before the certificate is asked for. All files are written beside their targets
    and then put in place by consecutive renames, the private key last.
  - Names of public certificates must be covered by a verified domain claim, see M(globalsign.atlas.atlas_domain_claim).
extends_documentation_fragment:
  - globalsign.atlas.connection
requirements:
  - On the controller, requests >= 2.31 and cryptography >= 3.3
  - On the node, cryptography >= 3.3
attributes:
  action:
    description: Runs on the controller, through an action plugin of the same name.
    support: full
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying target.
    support: full
    details:
      - A folder that does not exist is no failure in check mode, because a task before this one may be about to create it.
        It is returned in RV(certificates[].missing_folders).
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
    support: full
options:
  path:
    description:
      - Path on the node of the certificate, in PEM format, without its issuers.
      - One of O(path) and O(fullchain_path) is required. All paths are absolute, and their folders have to exist.
    type: str
  privatekey_path: &privatekey_path
    description:
      - Path on the node of the private key, as unencrypted PKCS#8 in PEM format. Required.
      - Each new certificate comes with a new private key.
    type: str
  chain_path: &chain_path
    description:
      - Path on the node of the issuers of the certificate, the nearest first, without the self-signed root.
      - No file is written if the root itself issued the certificate.
    type: str
  fullchain_path: &fullchain_path
    description: Path on the node of the certificate followed by its issuers, without the self-signed root.
    type: str
  subject: &subject
    description:
      - Attributes of the subject. Which of them may, must or must not be given is the account's validation policy.
      - The attributes that the policy calls C(STATIC) are added by the service. Giving one with the same value is allowed.
      - Attributes that are not given are not compared with those of the certificate.
    type: dict
    suboptions:
      common_name:
        description: Common name. For a server certificate it must be one of O(san.dns_names) too.
        type: str
      given_name:
        description: Given name.
        type: str
      surname:
        description: Surname.
        type: str
      pseudonym:
        description: Pseudonym.
        type: str
      organization:
        description: Organization.
        type: str
      organizational_unit:
        description: Organizational units.
        type: list
        elements: str
      organization_identifier:
        description: Organization identifier, such as V(NTRNL-00112233).
        type: str
      country:
        description: Country as two capital letters (ISO 3166-1).
        type: str
      state:
        description: State or province.
        type: str
      locality:
        description: Locality.
        type: str
      street_address:
        description: Street address.
        type: str
      postal_code:
        description: Postal code.
        type: str
      email:
        description: E-mail address in the subject.
        type: str
      serial_number:
        description: The subject's serial number. This is not the serial number of the certificate.
        type: str
      jurisdiction_of_incorporation_locality_name:
        description: Locality of the jurisdiction of incorporation.
        type: str
      jurisdiction_of_incorporation_state_or_province_name:
        description: State or province of the jurisdiction of incorporation.
        type: str
      jurisdiction_of_incorporation_country_name:
        description: Country of the jurisdiction of incorporation.
        type: str
      business_category:
        description: Business category.
        type: str
  san: &san
    description:
      - Subject alternative names. They are compared with those of the certificate as sets.
      - Kinds of names that are not given are not compared.
    type: dict
    suboptions:
      dns_names:
        description: DNS names, internationalised ones in either form. A name may begin with C(*.).
        type: list
        elements: str
      emails:
        description: E-mail addresses.
        type: list
        elements: str
      ip_addresses:
        description: IPv4 and IPv6 addresses.
        type: list
        elements: str
      uris:
        description: URIs.
        type: list
        elements: str
  privatekey_type: &privatekey_type
    description:
      - Type of the private key.
      - V(auto), the default, takes what the policy allows, and is no reason to replace a certificate whose key is of another type.
    type: str
    choices: [auto, RSA, ECDSA]
  privatekey_size: &privatekey_size
    description:
      - Size of the private key in bits, such as V(2048), V(3072) and V(4096) for RSA, V(256), V(384) and V(521) for ECDSA.
      - The default is the smallest that the policy allows, for RSA at least 2048.
    type: int
  renew_before: &renew_before
    description:
      - How long before its end a certificate is replaced.
      - A duration such as V(30d), V(72h) or V(90m), or a share of the certificate's lifetime below 80 % such as V(33%).
      - V(auto), the default, is a third of the lifetime and at most 30 days; a half for lifetimes of 10 days or less.
    type: str
  force: &force
    description: Replace the certificate even if nothing is due. The default is V(false).
    type: bool
  owner: &owner
    description: User who owns the files. The default is the owner of the file that is replaced, or who runs the task.
    type: str
  group: &group
    description: Group of the files. The default is the group of the file that is replaced, or of who runs the task.
    type: str
  mode: &mode
    description: Mode of all files but the private key, as an octal number in quotes. The default is V('0644').
    type: raw
  privatekey_mode: &privatekey_mode
    description: Mode of the private key, as an octal number in quotes. The default is V('0600').
    type: raw
  certificates:
    description:
      - Several certificates on the same node at once, with one remote call for each step and one login for all.
      - What an item leaves out is taken from the option of the same name beside O(certificates), for O(certificates[].subject) and
        O(certificates[].san) member by member.
      - One that fails does not stop the others; the task fails at the end with the reasons of all.
      - Mutually exclusive with the paths beside it.
    type: list
    elements: dict
    suboptions:
      path:
        description: Path on the node of the certificate, in PEM format, without its issuers.
        type: str
      privatekey_path: *privatekey_path
      chain_path: *chain_path
      fullchain_path: *fullchain_path
      subject: *subject
      san: *san
      privatekey_type: *privatekey_type
      privatekey_size: *privatekey_size
      renew_before: *renew_before
      force: *force
      owner: *owner
      group: *group
      mode: *mode
      privatekey_mode: *privatekey_mode
seealso:
  - module: globalsign.atlas.atlas_domain_claim
  - module: globalsign.atlas.atlas_trustchain
  - module: globalsign.atlas.endpoint_info
"""

EXAMPLES = r"""
- name: Keep the certificate of a web server
  globalsign.atlas.atlas_certificate:
    path: /etc/ssl/www/cert.pem
    privatekey_path: /etc/ssl/www/key.pem
    chain_path: /etc/ssl/www/chain.pem
    fullchain_path: /etc/ssl/www/fullchain.pem
    subject:
      common_name: www.example.com
    san:
      dns_names: [www.example.com, example.com]
    renew_before: 30d
  notify: Reload nginx

- name: Keep many certificates at once
  globalsign.atlas.atlas_certificate:
    owner: root
    group: ssl-cert
    privatekey_mode: "0640"
    renew_before: 33%
    certificates:
      - fullchain_path: /etc/ssl/www/fullchain.pem
        privatekey_path: /etc/ssl/www/key.pem
        san:
          dns_names: [www.example.com, example.com]
      - fullchain_path: /etc/ssl/api/fullchain.pem
        privatekey_path: /etc/ssl/api/key.pem
        privatekey_type: ECDSA
        privatekey_size: 384
        san:
          dns_names: [api.example.com]
"""

RETURN = r"""
certificates:
  description: The certificates of the task, in the order in which they were given.
  returned: success, and failure once the node was looked at
  type: list
  elements: dict
  contains:
    path:
      description: The path that names the certificate, O(path) or else O(fullchain_path).
      returned: always
      type: str
      sample: /etc/ssl/www/cert.pem
    files:
      description: Where its files are on the node, by the options that said so.
      returned: always
      type: dict
      sample:
        chain_path: /etc/ssl/www/chain.pem
        fullchain_path: /etc/ssl/www/fullchain.pem
        path: /etc/ssl/www/cert.pem
        privatekey_path: /etc/ssl/www/key.pem
    changed:
      description: Whether any of its files was changed, in check mode whether any would be.
      returned: always
      type: bool
      sample: true
    reasons:
      description:
        - Why the certificate was replaced, in check mode why it would be. Empty if it is as wanted.
        - Each begins with a word for the kind of reason, such as C(missing), C(expiring) or C(names).
      returned: always
      type: list
      elements: str
      sample:
        - "missing: there is no private key"
        - "missing: there is no certificate"
    repairs:
      description: What was mended without a new certificate, such as a lost chain file or a wrong mode.
      returned: always
      type: list
      elements: str
      sample:
        - "/etc/ssl/www/cert.pem: mode 0644, not 0640"
    missing_folders:
      description: Folders that have to be created before. Other than in check mode, the certificate fails then.
      returned: always
      type: list
      elements: str
      sample: []
    serial_number:
      description:
        - The serial number in upper-case hex, with zeros in front to 32 digits.
        - This and all that follows tells of the certificate that is on the node after the task.
      returned: when there is a certificate
      type: str
      sample: 01574B802B553103B8A0227F6E00550C
    not_before:
      description: When it starts, ISO 8601 in UTC.
      returned: when there is a certificate
      type: str
      sample: "2026-11-24T03:43:35Z"
    not_after:
      description: When it ends, ISO 8601 in UTC.
      returned: when there is a certificate
      type: str
      sample: "2027-06-11T03:43:35Z"
    remaining_days:
      description: How many whole days are left until then.
      returned: when there is a certificate
      type: int
      sample: 198
    subject:
      description: The subject in the form of RFC 4514.
      returned: when there is a certificate
      type: str
      sample: CN=www.example.com
    issuer:
      description: The issuer in the form of RFC 4514.
      returned: when there is a certificate
      type: str
      sample: CN=Simulated Atlas Issuing CA
    dns_names:
      description: Its DNS names, sorted. Internationalised names are A-labels, as they stand there.
      returned: when there is a certificate
      type: list
      elements: str
      sample:
        - example.com
        - www.example.com
    emails:
      description: Its e-mail addresses, sorted.
      returned: when there is a certificate
      type: list
      elements: str
      sample: []
    ip_addresses:
      description: Its IP addresses, sorted.
      returned: when there is a certificate
      type: list
      elements: str
      sample: []
    uris:
      description: Its URIs, sorted.
      returned: when there is a certificate
      type: list
      elements: str
      sample: []
    key:
      description: Type and size of its public key.
      returned: when there is a certificate
      type: str
      sample: ECDSA 256
    fingerprint:
      description: Its SHA-256 in lower-case hex, without colons.
      returned: when there is a certificate
      type: str
      sample: 100fa3bfd9976777cd8dcfbc19bc050fa579ab2815a7a1f241a41771d9da2461
    failed:
      description: That this certificate failed. The others may have succeeded.
      returned: when it failed
      type: bool
      sample: true
    msg:
      description: Why it failed, and what to do.
      returned: when it failed
      type: str
      sample: The folder /etc/ssl/www does not exist on the node; create it before this task.
"""

from ansible_collections.globalsign.atlas.plugins.module_utils.arguments.action_only import (
    refuse_to_run,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.arguments.certificate import (
    CERTIFICATE_TASK_OPTIONS,
    CERTIFICATE_TASK_RULES,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.arguments.connection import (
    CONNECTION_OPTIONS,
)


def main() -> None:
    options = {**CONNECTION_OPTIONS, **CERTIFICATE_TASK_OPTIONS}
    refuse_to_run("atlas_certificate", options, CERTIFICATE_TASK_RULES)


if __name__ == "__main__":
    main()
