# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The connection options, checked, as what a session to Atlas needs."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any

from ansible_collections.globalsign.atlas.plugins.module_utils.account.identity import (
    Find,
    identity_of,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.account.sources import Source
from ansible_collections.globalsign.atlas.plugins.module_utils.api.options import ConnectionOptions
from ansible_collections.globalsign.atlas.plugins.module_utils.api.session import (
    Account,
    Session,
    TokenStore,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.arguments.connection import (
    environment_variable,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import certificates
from ansible_collections.globalsign.atlas.plugins.module_utils.pki.library import (
    require_cryptography,
)

REGIONS = {"emea": "https://emea.api.hvca.globalsign.com:8443/v2"}
UNVERIFIED = (
    "validate_certs is off: whoever is in between can read the API key and secret, and answer in"
    " the name of Atlas."
)
_SMALLEST = {"connect_timeout": 1, "read_timeout": 1, "total_timeout": 1, "retries": 0}


def account_of(options: Mapping[str, Any]) -> Account:
    """Who we are, and where the service is; a region's name stands for its URL."""
    for option in ("api_key", "api_secret"):
        if not options.get(option):
            raise AtlasError(
                f"{option} is not set: give it to the task, to module_defaults for"
                " group/globalsign.atlas.atlas, or in the environment variable"
                f" {environment_variable(option)}. api_key and api_secret are taken from one place."
            )
    url = REGIONS.get(options["api_url"].lower(), options["api_url"])
    return Account(url, options["api_key"], options["api_secret"])


def open_session(
    options: Mapping[str, Any], find: Find, folder: str, token_store: TokenStore | None = None
) -> Session:
    """Open a session with the connection options of a task.

    `find` turns an option and the path that was given into a `Source`; `folder` is one that only
    this user can read, for what has to be a file for a moment.
    """
    require_cryptography()
    account = account_of(options)
    for option, least in _SMALLEST.items():
        if options[option] < least:
            raise AtlasError(f"{option}: {options[option]} is too small; give at least {least}.")
    context = _tls_context(options, find)
    identity_of(options, find).load_into(context, folder)
    connection = ConnectionOptions(
        connect_timeout=options["connect_timeout"],
        read_timeout=options["read_timeout"],
        total_timeout=options["total_timeout"],
        retries=options["retries"],
        proxy=options.get("proxy") or None,
        extra_headers=_headers(options.get("extra_headers") or {}),
    )
    return Session(account, context, connection, token_store)


def as_content(options: Mapping[str, Any], find: Find) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The options of a task without anything that lies on the controller, for who runs elsewhere.

    The identity is in it as content, decrypted; files that are no secret are returned apart, by
    option.
    """
    require_cryptography()
    account = account_of(options)
    identity = identity_of(options, find)
    moved = {
        **options,
        "api_url": account.url,
        "client_cert": None,
        "client_key": None,
        "client_pkcs12": None,
        "client_key_passphrase": None,
        "config_file": None,
        "ca_path": None,
        "client_cert_content": identity.certificates_pem,
        "client_key_content": identity.key_pem,
    }
    given = options.get("ca_path")
    return moved, {"ca_path": find("ca_path", given).content} if given else {}


def _headers(given: Mapping[str, Any]) -> dict[str, str]:
    for name, value in given.items():
        if not isinstance(value, (str, int)) or isinstance(value, bool):
            raise AtlasError(f"extra_headers: the value of {name} is not a text.")
    return {str(name): str(value) for name, value in given.items()}


def _tls_context(options: Mapping[str, Any], find: Find) -> ssl.SSLContext:
    """Verification is on unless it was switched off, with the CA certificates of `ca_path` or
    the system's own."""
    given = options.get("ca_path")
    context = _trusting(find("ca_path", given)) if given else ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not options["validate_certs"]:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _trusting(source: Source) -> ssl.SSLContext:
    """Comments in any letters stand in the bundles of distributions."""
    try:
        trusted = certificates.load_certificates(source.content)
        return ssl.create_default_context(
            cadata="".join(map(certificates.certificate_pem, trusted))
        )
    except AtlasError as error:
        source.refuse(error.message)
    except (ssl.SSLError, ValueError):
        source.refuse("holds a CA certificate that OpenSSL on the controller does not take")
