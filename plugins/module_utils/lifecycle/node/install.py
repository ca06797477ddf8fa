# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Put what was issued in place, or mend what is there."""

from __future__ import annotations

import os

from ...errors import AtlasError
from ...pki import certificates, chains, keys
from ...pki.library import x509
from ..exchange import Installed
from ..wanted import Wanted
from . import files
from .inspect import Found, attributes_of, holds, look, wanted_certificates, wants_issuers
from .staging import StagingArea


def install(wanted: Wanted, certificate: str, chain: list[str]) -> Installed:
    """Put a certificate (PEM) in place with its staged key and the issuers found in `chain`."""
    try:
        changed = _install(wanted, certificate, chain)
    except AtlasError as error:
        return Installed([], error.message)
    return Installed(changed, "")


def _install(wanted: Wanted, certificate: str, chain: list[str]) -> list[str]:
    staging = StagingArea(wanted)
    key = staging.staged_key()
    leaf = certificates.load_certificates(certificate.encode("ascii"))[0]
    if key is None or certificates.public_key_digest(leaf) != _digest(key):
        raise AtlasError(
            f"the staged key in {staging.key_path} is gone or is not the key of the certificate"
            f" with the serial number {certificates.serial_number(leaf)}; nothing was replaced."
        )
    issuers = _issuers(leaf, chain)
    contents = {
        option: _pem(wanted_certificates(option, leaf, issuers))
        for option in wanted.targets
        if option != "privatekey_path"
    }
    contents["privatekey_path"] = keys.private_key_pem(key)
    changed = _replace(wanted, contents)
    staging.clear()
    return changed


def mend(wanted: Wanted, chain: list[str]) -> Installed:
    """Write missing or damaged public files again and set attributes, with what is there.

    `chain` is used where the node holds no issuers.
    """
    try:
        found = look(wanted)
        leaf = found.deployed.certificate
        if leaf is None:
            raise AtlasError(f"{wanted.label} was there a moment ago and is gone now.")
        issuers = found.issuers
        if issuers is None and wants_issuers(wanted):
            issuers = _issuers(leaf, chain)
        changed = _mend(wanted, Found(found.deployed, issuers), leaf)
    except AtlasError as error:
        return Installed([], error.message)
    return Installed(changed, "")


def _mend(wanted: Wanted, found: Found, leaf: x509.Certificate) -> list[str]:
    broken = {
        option: _pem(wanted_certificates(option, leaf, found.issuers or ()))
        for option, path in wanted.targets.items()
        if option != "privatekey_path" and not holds(option, path, found)
    }
    changed = _replace(wanted, broken)
    for option, path in wanted.targets.items():
        attributes = attributes_of(wanted, option)
        if os.path.exists(path) and files.differing_attributes(path, attributes):
            files.set_attributes(path, attributes)
            changed.append(path)
    return changed


def discard(wanted: Wanted) -> Installed:
    """Drop the staged key of a request that was refused for good."""
    StagingArea(wanted).clear()
    return Installed([], "")


def _replace(wanted: Wanted, contents: dict[str, bytes]) -> list[str]:
    """Write all files beside their targets, and only then rename, the private key last.

    Servers open the certificate first and the key a moment later, so key-last is seen as a pair
    that does not match less often than any other order.
    """
    replacements: list[files.Replacement] = []
    try:
        for option, path in wanted.targets.items():
            if contents.get(option):
                replacements.append(
                    files.Replacement(path, contents[option], attributes_of(wanted, option))
                )
        for replacement in replacements:
            replacement.put_in_place()
    finally:
        for replacement in replacements:
            replacement.discard()
    return [replacement.path for replacement in replacements]


def _issuers(leaf: x509.Certificate, chain: list[str]) -> tuple[x509.Certificate, ...]:
    candidates = certificates.load_certificates("\n".join(chain).encode("ascii")) if chain else ()
    issuers = chains.issuers_of(leaf, candidates)
    if issuers is None:
        raise AtlasError(
            f"the certificate with the serial number {certificates.serial_number(leaf)} was not"
            " signed by an issuer of the trust chain; nothing was replaced."
        )
    return issuers


def _digest(key: keys.PrivateKey) -> str:
    return keys.public_key_digest(key.public_key())


def _pem(chain: tuple[x509.Certificate, ...]) -> bytes:
    return "".join(map(certificates.certificate_pem, chain)).encode("ascii")
