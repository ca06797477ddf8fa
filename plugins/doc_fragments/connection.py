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
      - Base URL of the Atlas API, with its version.
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
      - A relative path is looked up as C(ansible.builtin.copy) does, and a vaulted file is decrypted.
      - If not given, the environment variable E(ATLAS_CLIENT_CERT) is used.
    type: path
  client_key:
    description:
      - Path on the controller of the private key of O(client_cert), in PEM format. It may be protected by a passphrase.
      - A relative path is looked up as C(ansible.builtin.copy) does, and a vaulted file is decrypted.
      - If not given, the environment variable E(ATLAS_CLIENT_KEY) is used.
    type: path
  client_key_passphrase:
    description:
      - Passphrase of O(client_key).
      - If not given, the environment variable E(ATLAS_CLIENT_KEY_PASSPHRASE) is used.
    type: str
  ca_path:
    description:
      - Path on the controller of a file with the CA certificates, in PEM format, that the server certificate of the API is
        verified against. Needed only behind a proxy that terminates TLS, or for a simulator.
      - The default are the CA certificates that the controller's system trusts.
      - If not given, the environment variable E(ATLAS_CA_PATH) is used.
    type: path
notes:
  - This runs on the controller, through an action plugin of the same name. No credential reaches the managed node, and
    C(delegate_to) is not needed.
  - The environment variables are read on the controller. They may also be set with C(environment) on the play or the task;
    they are then taken out of it before anything runs on the node.
  - Options for all of these modules together can be set with C(module_defaults) for C(group/globalsign.atlas.atlas).
"""
