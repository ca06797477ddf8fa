# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The connection options, checked, as what a session to Atlas needs."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from ansible_collections.globalsign.atlas.plugins.module_utils.api.session import Account, Session
from ansible_collections.globalsign.atlas.plugins.module_utils.arguments.connection import (
    environment_variable,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import certificates, keys
from ansible_collections.globalsign.atlas.plugins.module_utils.pki.library import (
    require_cryptography,
    serialization,
    x509,
)

_REQUIRED = ("api_key", "api_secret", "client_cert", "client_key")


@dataclass(frozen=True)
class ControllerFile:
    """A file on the controller: what the user called it, and where it can be read."""

    option: str
    given: str
    path: str


def open_session(options: Mapping[str, Any], find: Callable[[str, str], ControllerFile]) -> Session:
    """Open a session with the connection options of a task.

    `find` turns an option and the path that was given into a `ControllerFile`.
    """
    require_cryptography()
    _require_all(options)
    tls = _tls_context(options, find)
    account = Account(options["api_url"], options["api_key"], options["api_secret"])
    return Session(account, tls)


def _require_all(options: Mapping[str, Any]) -> None:
    for option in _REQUIRED:
        if not options.get(option):
            raise AtlasError(
                f"{option} is not set: give it to the task, to module_defaults for"
                " group/globalsign.atlas.atlas, or in the environment variable"
                f" {environment_variable(option)}."
            )


def _tls_context(
    options: Mapping[str, Any], find: Callable[[str, str], ControllerFile]
) -> ssl.SSLContext:
    """Verification always on, with the CA certificates of `ca_path` or the system's own."""
    given = options.get("ca_path")
    context = _trusting(find("ca_path", given)) if given else ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    certificate = find("client_cert", options["client_cert"])
    key = find("client_key", options["client_key"])
    passphrase = options.get("client_key_passphrase") or ""
    _check_pair(certificate, key, passphrase)
    # OpenSSL would ask on the terminal for a passphrase that it is not given.
    context.load_cert_chain(certificate.path, key.path, password=lambda: passphrase)
    return context


def _trusting(ca: ControllerFile) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca.path)
    except OSError:  # what ssl raises is a kind of it
        _refuse(ca, "holds no CA certificate in PEM format")


def _check_pair(certificate: ControllerFile, key: ControllerFile, passphrase: str) -> None:
    """Find out here what OpenSSL or the service would only call a failed handshake."""
    leaf = _load_certificate(certificate)
    end = certificates.not_after(leaf)
    if end <= time.time():
        ended = time.strftime("%Y-%m-%d", time.gmtime(end))
        _refuse(
            certificate,
            f"expired on {ended}; make a new mTLS certificate in the Atlas portal",
        )
    if _public_key_of(key, passphrase) != keys.public_key_info(leaf.public_key()):
        _refuse(key, f"is not the private key of client_cert ({certificate.given})")


def _load_certificate(certificate: ControllerFile) -> x509.Certificate:
    try:
        return certificates.load_certificates(_content(certificate))[0]
    except AtlasError as error:
        _refuse(certificate, error.message)


def _public_key_of(key: ControllerFile, passphrase: str) -> bytes:
    content = _content(key)
    password = passphrase.encode("utf-8") if passphrase else None
    try:
        private_key = serialization.load_pem_private_key(content, password)
    except TypeError:
        if password is None:
            _refuse(key, "is protected by a passphrase; give it as client_key_passphrase")
        _refuse(key, "is not protected by a passphrase; leave client_key_passphrase out")
    except Exception:  # cryptography raises many types here, and their texts may quote the input
        if password is not None:
            _refuse(key, "cannot be read: client_key_passphrase is wrong, or the file is damaged")
        _refuse(key, "is not a private key in PEM format")
    return keys.public_key_info(private_key.public_key())


def _content(file: ControllerFile) -> bytes:
    try:
        with open(file.path, "rb") as handle:
            return handle.read()
    except OSError as error:
        _refuse(file, f"cannot be read: {(error.strerror or str(error)).lower()}")


def _refuse(file: ControllerFile, why: str) -> NoReturn:
    raise AtlasError(f"{file.option}: {file.given} {why}.") from None
