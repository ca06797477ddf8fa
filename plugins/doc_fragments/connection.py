# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation of the connection options, once."""

from __future__ import annotations


class ModuleDocFragment:
    """Extend with `globalsign.atlas.connection`; the specification is `arguments/connection.py`."""

    DOCUMENTATION = r"""
options:
  api_url:
    description:
      - Base URL of the Atlas API, with its version, or V(emea) for the service of that region.
      - The default is the production service.
      - If not given, the environment variable E(ATLAS_API_URL) is used.
    type: str
    default: https://emea.api.hvca.globalsign.com:8443/v2
  api_key:
    description:
      - API key of the account, 16 hexadecimal digits.
      - If not given, the environment variable E(ATLAS_API_KEY) is used.
    type: str
  api_secret:
    description:
      - API secret of the account, 40 hexadecimal digits.
      - If not given, the environment variable E(ATLAS_API_SECRET) is used.
    type: str
  client_cert:
    description:
      - Path on the controller of the account's mTLS certificate, in PEM format. Issuers may follow it in the same file.
      - A relative path is looked up as C(ansible.builtin.copy) does, and then in the folder in which Ansible was started. A
        vaulted file is decrypted.
      - If not given, the environment variable E(ATLAS_CLIENT_CERT) is used.
    type: path
  client_cert_content:
    description:
      - The account's mTLS certificate itself, in PEM format, instead of O(client_cert).
      - If not given, the environment variable E(ATLAS_CLIENT_CERT_CONTENT) is used.
    type: str
  client_key:
    description:
      - Path on the controller of the private key of O(client_cert), in PEM format. It may be protected by a passphrase.
      - A relative path is looked up as C(ansible.builtin.copy) does, and then in the folder in which Ansible was started. A
        vaulted file is decrypted.
      - If not given, the environment variable E(ATLAS_CLIENT_KEY) is used.
    type: path
  client_key_content:
    description:
      - The private key of the certificate itself, in PEM format, instead of O(client_key).
      - If not given, the environment variable E(ATLAS_CLIENT_KEY_CONTENT) is used.
    type: str
  client_key_passphrase:
    description:
      - Passphrase of O(client_key), O(client_key_content) or O(client_pkcs12).
      - If not given, the environment variable E(ATLAS_CLIENT_KEY_PASSPHRASE) is used.
    type: str
  client_pkcs12:
    description:
      - Path on the controller of a PKCS#12 file with the mTLS certificate and its private key, instead of O(client_cert) and
        O(client_key).
      - If not given, the environment variable E(ATLAS_CLIENT_PKCS12) is used.
    type: path
  ca_path:
    description:
      - Path on the controller of a file with the CA certificates, in PEM format, that the server certificate of the API is
        verified against. Needed only behind a proxy that terminates TLS, or for a simulator.
      - The default are the CA certificates that the controller's system trusts.
      - If not given, the environment variable E(ATLAS_CA_PATH) is used.
    type: path
  validate_certs:
    description:
      - Whether the server certificate of the API is verified. Each task warns if it is not.
      - If not given, the environment variable E(ATLAS_VALIDATE_CERTS) is used.
    type: bool
    default: true
  proxy:
    description:
      - URL of a proxy to reach Atlas through, such as V(http://proxy.example.com:3128), with user name and password if it
        needs them.
      - If not given, the environment variable E(ATLAS_PROXY) is used, and else E(HTTPS_PROXY), E(ALL_PROXY) and E(NO_PROXY)
        of the controller.
    type: str
  connect_timeout:
    description:
      - How many seconds a connection may take.
      - If not given, the environment variable E(ATLAS_CONNECT_TIMEOUT) is used.
    type: int
    default: 10
  read_timeout:
    description:
      - How many seconds may pass without a byte of the answer.
      - If not given, the environment variable E(ATLAS_READ_TIMEOUT) is used.
    type: int
    default: 60
  total_timeout:
    description:
      - How many seconds a request may take with the login that it needs, all its retries and the pauses between them, and a
        list with all its pages. Then the connection is ended, whatever the service or a proxy is still sending.
      - A certificate is not asked for in the last quarter of this time, since nothing would be known of it if the answer came
        too late.
      - If not given, the environment variable E(ATLAS_TOTAL_TIMEOUT) is used.
    type: int
    default: 180
  retries:
    description:
      - How often a request is repeated that was not acted upon, or that can do no harm twice, with growing pauses, or after
        the time for which the service asks. One that asks for a certificate is never repeated unless it is certain that it
        was not acted upon.
      - If not given, the environment variable E(ATLAS_RETRIES) is used.
    type: int
    default: 5
  extra_headers:
    description:
      - Headers to send with each request, as some proxies want, such as C(X-SSL-Client-Serial).
      - If not given, the environment variable E(ATLAS_EXTRA_HEADERS) is used, which holds a JSON object.
    type: dict
  config_file:
    description:
      - Path on the controller of the configuration file of C(hvclient), GlobalSign's own command-line client. What is stated
        elsewhere takes precedence over it.
      - If not given, the environment variable E(ATLAS_CONFIG_FILE) is used.
    type: path
notes:
  - This runs on the controller, through an action plugin of the same name. No credential reaches the managed node, and
    C(delegate_to) is not needed.
  - The environment variables are read on the controller. They may also be set with C(environment) on the play or the task;
    they are then taken out of it before anything runs on the node.
  - Options for all of these modules together can be set with C(module_defaults) for C(group/globalsign.atlas.atlas).
  - What the task states comes first, with its C(module_defaults), then C(environment) on the play or the task, the environment
    of the controller, and O(config_file). O(api_key) and O(api_secret) are taken from the first of these that states any of
    the two, and certificate and private key, in whatever form, from the first that states any of them; no other form of them
    is mixed in from elsewhere. O(client_key_passphrase) may stand in the same place as the key or in an earlier one. Where a
    task states another form of certificate or key than C(module_defaults), that of the task is used.
  - Of all these options, what is empty (an empty string, or an empty environment variable as AWX sets it for a field that
    was left out) counts as not given.
"""
