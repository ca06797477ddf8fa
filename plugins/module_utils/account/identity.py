# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The account's mTLS certificate and private key, from whatever form they were given in."""

from __future__ import annotations

import os
import secrets
import ssl
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.globalsign.atlas.plugins.module_utils.account.sources import (
    Source,
    from_text,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.arguments.connection import (
    environment_variable,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.asn1.certificate import Certificate
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import certificates, keys
from ansible_collections.globalsign.atlas.plugins.module_utils.pki.library import (
    load_pkcs12,
    serialization,
)

Find = Callable[[str, str], Source]


@dataclass(frozen=True)
class Identity:
    """The certificate, the issuers that came with it, and the private key."""

    certificates: tuple[Certificate, ...]
    key: Any = field(repr=False)

    @property
    def certificates_pem(self) -> str:
        """The certificates as PEM, the identity's own first."""
        return "".join(map(certificates.certificate_pem, self.certificates))

    @property
    def key_pem(self) -> str:
        """The private key as unencrypted PEM: a secret."""
        content: bytes = self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return content.decode("ascii")

    def load_into(self, context: ssl.SSLContext, folder: str) -> None:
        """Have a TLS context show this certificate.

        OpenSSL reads files only. The key is written in `folder` under a passphrase that nobody
        else ever has, and removed at once.
        """
        passphrase = secrets.token_bytes(32).hex().encode("ascii")
        content = self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(passphrase),
        )
        content += self.certificates_pem.encode("ascii")
        descriptor, path = tempfile.mkstemp(prefix="atlas-", dir=folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            context.load_cert_chain(path, password=lambda: passphrase)
        except ssl.SSLError as error:
            reason = error.reason or str(error)
            raise AtlasError(
                f"client_cert: OpenSSL on the controller does not take the certificate: {reason}."
            ) from None
        finally:
            os.unlink(path)


def identity_of(options: Mapping[str, Any], find: Find) -> Identity:
    """The identity that the options state, once it is usable.

    What OpenSSL or the service would only call a failed handshake is found out here.
    """
    passphrase = options.get("client_key_passphrase") or ""
    if options.get("client_pkcs12"):
        source = find("client_pkcs12", options["client_pkcs12"])
        identity = _from_pkcs12(source, passphrase)
        certificate_source = key_source = source
    else:
        certificate_source = _required(options, "client_cert", find)
        key_source = _required(options, "client_key", find)
        chain = _certificates(certificate_source)
        identity = Identity(chain, _private_key(key_source, passphrase))
    leaf = identity.certificates[0]
    end = certificates.not_after(leaf)
    if end <= time.time():
        ended = time.strftime("%Y-%m-%d", time.gmtime(end))
        certificate_source.refuse(
            f"expired on {ended}; make a new mTLS certificate in the Atlas portal"
        )
    try:
        certified = certificates.public_key_digest(leaf)
    except AtlasError as error:
        certificate_source.refuse(error.message)
    if keys.public_key_digest(identity.key.public_key()) != certified:
        key_source.refuse(f"is not the private key of {certificate_source.named}")
    return identity


def _required(options: Mapping[str, Any], option: str, find: Find) -> Source:
    path, content = options.get(option), options.get(f"{option}_content")
    if content:
        return from_text(f"{option}_content", content)
    if path:
        return find(option, path)
    raise AtlasError(
        f"{option} is not set: give it, {option}_content or client_pkcs12 to the task, to"
        " module_defaults for group/globalsign.atlas.atlas, or in the environment variable"
        f" {environment_variable(option)}. Certificate and key are taken from one place."
    )


def _certificates(source: Source) -> tuple[Certificate, ...]:
    try:
        return certificates.load_certificates(source.content)
    except AtlasError as error:
        source.refuse(error.message)


def _private_key(source: Source, passphrase: str) -> Any:
    password = passphrase.encode("utf-8") if passphrase else None
    try:
        return serialization.load_pem_private_key(keys.private_key_block(source.content), password)
    except TypeError:
        if password is None:
            source.refuse("is protected by a passphrase; give it as client_key_passphrase")
        source.refuse("is not protected by a passphrase; leave client_key_passphrase out")
    except Exception:  # cryptography raises many types here, and their texts may quote the input
        if password is not None:
            source.refuse("cannot be read: client_key_passphrase is wrong, or it is damaged")
        source.refuse("is not a private key in PEM format")


def _from_pkcs12(source: Source, passphrase: str) -> Identity:
    password = passphrase.encode("utf-8") if passphrase else None
    try:
        key, leaf, others = load_pkcs12(source.content, password)
    except Exception:  # as in _private_key
        source.refuse(
            "cannot be read: client_key_passphrase is wrong or missing, or it is no PKCS#12 file"
        )
    if key is None or leaf is None:
        source.refuse("does not hold a private key with its certificate")
    try:
        return Identity(tuple(certificates.of(held) for held in (leaf, *others)), key)
    except AtlasError as error:
        source.refuse(error.message)
