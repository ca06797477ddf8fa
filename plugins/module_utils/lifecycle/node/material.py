# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What belongs together: a certificate, its private key and its chain, and files that hold them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...asn1.certificate import Certificate
from ...errors import AtlasError
from ...pki import certificates, keys, pkcs12
from ..wanted import CERTIFICATE, CHAIN, PKCS12, PRIVATE_KEY, ROOT, Target

if TYPE_CHECKING:
    from ...pki.keys import PrivateKey

_BEGIN = re.compile(rb"-----BEGIN ([A-Z ]{1,40})-----")


@dataclass(frozen=True)
class Material:
    """A set that belongs together. `issuers` without the self-signed `root`; `issuers` is None
    where they are not known, `key` where it lives elsewhere or is not needed."""

    leaf: Certificate
    issuers: tuple[Certificate, ...] | None
    root: Certificate | None
    key: PrivateKey | None

    @property
    def serial(self) -> str:
        """The serial number as Atlas writes it."""
        return certificates.serial_number(self.leaf)


def expected_certificates(target: Target, material: Material) -> tuple[Certificate, ...]:
    """Which certificates the file holds, in their order."""
    parts: dict[str, tuple[Certificate, ...]] = {
        PRIVATE_KEY: (),
        CERTIFICATE: (material.leaf,),
        CHAIN: material.issuers or (),
        ROOT: (material.root,) if material.root else (),
    }
    return tuple(certificate for part in target.contains for certificate in parts[part])


def lacks(target: Target, material: Material) -> str:
    """Which part of the file is not known; empty if none is missing."""
    if CHAIN in target.contains and material.issuers is None:
        return CHAIN
    if ROOT in target.contains and material.root is None:
        return ROOT
    return PRIVATE_KEY if target.holds_key and material.key is None else ""


def render(target: Target, material: Material) -> bytes:
    """The content of a file; empty if there is nothing to put into it."""
    missing = lacks(target, material)
    if missing:
        raise AtlasError(f"{target.option}: {target.path}: there is no {missing} to put into it.")
    if target.format == PKCS12:
        return _render_pkcs12(target, material)
    written = {
        CERTIFICATE: _pem([material.leaf]),
        CHAIN: _pem(material.issuers or ()),
        ROOT: _pem([material.root] if material.root else []),
    }
    if target.holds_key and material.key is not None:
        written[PRIVATE_KEY] = keys.private_key_pem(
            material.key, target.passphrase, target.key_format or keys.PKCS8
        )
    return b"".join(written[part] for part in target.contains)


def _render_pkcs12(target: Target, material: Material) -> bytes:
    held = expected_certificates(target, material)
    leaf = material.leaf if target.holds_certificate else None
    others = [certificate for certificate in held if certificate is not leaf]
    name = certificates.common_name(material.leaf) or material.serial
    key = material.key if target.holds_key else None
    return pkcs12.write(key, leaf, others, target.passphrase, name)


def content_of(material: Material) -> dict[str, str]:
    """What may be shown of a set, as PEM: all but its private key."""
    return {
        CERTIFICATE: _pem([material.leaf]).decode("ascii"),
        CHAIN: _pem(material.issuers or ()).decode("ascii"),
        ROOT: _pem([material.root] if material.root else []).decode("ascii"),
    }


def _pem(held: tuple[Certificate, ...] | list[Certificate]) -> bytes:
    return "".join(map(certificates.certificate_pem, held)).encode("ascii")


def holds(target: Target, content: bytes | None, material: Material) -> bool:
    """Whether the content of a file is what it should be, however it is written down.

    A file for which there is nothing to hold is right if it is not there.
    """
    expected = expected_certificates(target, material)
    if not expected and not target.holds_key:
        return content is None
    if content is None or lacks(target, material):
        return False
    try:
        if target.format == PKCS12:
            return _pkcs12_holds(target, content, material, expected)
        return _pem_holds(target, content, material, expected)
    except AtlasError:
        return False


def _pkcs12_holds(
    target: Target, content: bytes, material: Material, expected: tuple[Certificate, ...]
) -> bool:
    found = pkcs12.read(content, target.passphrase)
    held = set(found.others) | ({found.certificate} if found.certificate else set())
    return held == set(expected) and _is_same_key(target, found.key, material)


def _pem_holds(
    target: Target, content: bytes, material: Material, expected: tuple[Certificate, ...]
) -> bool:
    found = certificates.load_certificates(content) if expected else ()
    if found != expected:
        return False
    if not target.holds_key:
        return b"PRIVATE KEY-----" not in content
    if _order(content) != _expected_order(target, material):
        return False
    is_in_form = _is_in_form(target, content)
    key = keys.load_private_key(content, target.passphrase)
    return is_in_form and _is_same_key(target, key, material)


def _order(content: bytes) -> list[str]:
    """What the PEM blocks of a file are, one after the other."""
    kinds = {b"CERTIFICATE": CERTIFICATE, b"PRIVATE KEY": PRIVATE_KEY}
    begun = (match.group(1) for match in _BEGIN.finditer(content))
    return [kind for label in begun for end, kind in kinds.items() if label.endswith(end)]


def _expected_order(target: Target, material: Material) -> list[str]:
    counts = {
        PRIVATE_KEY: 1,
        CERTIFICATE: 1,
        CHAIN: len(material.issuers or ()),
        ROOT: 1 if material.root else 0,
    }
    return [
        PRIVATE_KEY if part == PRIVATE_KEY else CERTIFICATE
        for part in target.contains
        for _block in range(counts[part])
    ]


def _is_in_form(target: Target, content: bytes) -> bool:
    """Encrypted or not as wanted, and in the form that is stated, if one is."""
    is_encrypted = b"ENCRYPTED" in content
    if is_encrypted != bool(target.passphrase):
        return False
    if target.key_format is None:
        return True
    is_pkcs8 = b"-----BEGIN PRIVATE KEY-----" in content or b"BEGIN ENCRYPTED PRIVATE" in content
    return is_pkcs8 == (target.key_format == keys.PKCS8)


def _is_same_key(target: Target, found: PrivateKey | None, material: Material) -> bool:
    if not target.holds_key or found is None or material.key is None:
        return not target.holds_key and found is None
    ours, theirs = material.key.public_key(), found.public_key()
    return keys.public_key_digest(ours) == keys.public_key_digest(theirs)
