#!/usr/bin/python
# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a TLS endpoint serves."""

DOCUMENTATION = r"""
module: endpoint_info
short_description: Tell what a TLS endpoint serves
version_added: 0.1.0
author:
  - globalsign.atlas contributors (@globalsign)
description:
  - Connects to a TLS server as seen from the managed node, and returns the certificates that it sends and whether they
    verify for a name.
  - A certificate that does not verify is no failure. It is returned with RV(verified=false) and RV(reason).
  - An endpoint that shows no certificate is a failure, because it refuses the connection, does not speak TLS from the
    first byte on, or does not answer. A host has 10 seconds for each of its addresses to accept the connection, and then
    10 seconds for the TLS handshake.
  - A server that asks for a client certificate gets none. What it serves is returned all the same.
  - Needs nothing on the managed node but CPython 3.9 or newer, and sends no credential anywhere.
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying target.
    support: full
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
    support: none
options:
  address:
    description:
      - The host name or IP address to connect to.
      - An internationalized name is taken in either form.
    type: str
    required: true
  port:
    description: The TCP port to connect to.
    type: int
    default: 443
  server_name:
    description:
      - The name that the server is asked for (SNI) and that its certificate must have. Give it where O(address) is not
        what clients call the server, such as V(127.0.0.1) or one of several hosts behind a name.
      - An internationalized name is taken in either form. An IP address is verified but not sent (RFC 6066).
      - If not set, O(address) is used.
    type: str
  root:
    description:
      - The CA certificates to trust, as the text of a PEM file and not its path. For a file on the controller write
        V({{ lookup('ansible.builtin.file', 'root.pem'\) }}).
      - Only these are trusted then. Each of them is trusted by itself, so an issuing CA in it makes an endpoint verify that
        does not send that CA's certificate. Give the root alone to see whether the endpoint sends its chain.
      - If not set, the managed node's own trust store is used.
    type: str
notes:
  - Only the subject alternative names count for verification. A common name without one does not (RFC 9525).
  - Revocation is not checked.
"""

EXAMPLES = r"""
- name: See what the site serves to the world
  globalsign.atlas.endpoint_info:
    address: www.example.com
  register: site

- name: Show when it ends
  ansible.builtin.debug:
    msg: "{{ site.subject }} ends on {{ site.not_after }}"

- name: See what the web server on this host serves for a name
  globalsign.atlas.endpoint_info:
    address: 127.0.0.1
    server_name: www.example.com
    root: "{{ lookup('ansible.builtin.file', 'root.pem') }}"
  register: local

- name: Refuse to go on with a certificate that clients would refuse
  ansible.builtin.assert:
    that: local.verified
    fail_msg: "{{ local.reason }}"
"""

RETURN = r"""
chain:
  description: The certificates in PEM format, as the server sent them, its own certificate first.
  returned: success
  type: list
  elements: str
  sample:
    - |
      -----BEGIN CERTIFICATE-----
      MIIBXDCCAQKgAwIBAgIUOCnZXnGZwKnnJI5UJhsyuKG8f0IwCgYIKoZIzj0EAwIw
      ...
      -----END CERTIFICATE-----
    - |
      -----BEGIN CERTIFICATE-----
      MIIBNDCB3KADAgECAhRPb0W8CMP+JdyxMEOKOh7LZCxM3zAKBggqhkjOPQQDAjAP
      ...
      -----END CERTIFICATE-----
fingerprint:
  description: SHA-256 of the server's certificate in lower-case hex, without colons.
  returned: success
  type: str
  sample: 91280477031651ca320730b8f7b930605bda98b619c62d6cdb00f47c63547adc
issuer:
  description: The issuer of the server's certificate in the form of RFC 4514.
  returned: success
  type: str
  sample: CN=Issuing CA
names:
  description:
    - The DNS names and IP addresses in the subject alternative names of the server's certificate, sorted.
    - Internationalized names are A-labels, as they stand there.
  returned: success
  type: list
  elements: str
  sample:
    - example.com
    - www.example.com
not_after:
  description: When the server's certificate ends, ISO 8601 in UTC.
  returned: success
  type: str
  sample: "2026-12-24T02:14:38Z"
not_before:
  description: When the server's certificate starts, ISO 8601 in UTC.
  returned: success
  type: str
  sample: "2026-11-14T02:14:38Z"
protocol:
  description: The TLS version of the connection, such as V(TLSv1.3) or V(TLSv1.2).
  returned: success
  type: str
  sample: TLSv1.3
reason:
  description: Why the server's certificate did not verify. Empty if it did.
  returned: success
  type: str
  sample: ""
serial_number:
  description: The serial number of the server's certificate in upper-case hex, with zeros in front to 32 digits.
  returned: success
  type: str
  sample: "3829D95E7199C0A9E7248E54261B32B8A1BC7F42"
subject:
  description: The subject of the server's certificate in the form of RFC 4514.
  returned: success
  type: str
  sample: CN=www.example.com
verified:
  description: Whether the certificates lead to one that is trusted, are valid now, and are for O(server_name).
  returned: success
  type: bool
  sample: true
"""

from ansible_collections.globalsign.atlas.plugins.module_utils.old_python import refuse_old_python

refuse_old_python()  # before anything is imported that it could not read

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.globalsign.atlas.plugins.module_utils.endpoint.description import describe
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "address": {"type": "str", "required": True},
            "port": {"type": "int", "default": 443},
            "server_name": {"type": "str"},
            "root": {"type": "str"},
        },
        supports_check_mode=True,
    )
    try:
        module.exit_json(changed=False, **describe(**module.params))
    except AtlasError as error:
        module.fail_json(msg=error.message)


if __name__ == "__main__":
    main()
