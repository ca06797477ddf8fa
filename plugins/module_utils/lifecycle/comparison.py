# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One stated field against what a certificate says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ..asn1.certificate import Certificate
from ..pki import certificates

_EXTENSION_OF = {
    "subject_da": "2.5.29.9",
    "qualified_statements": "1.3.6.1.5.5.7.1.3",
    "ms_extension_template": "1.3.6.1.4.1.311.21.7",
}
"""Sections whose content is not compared: only whether there is such an extension."""


def mismatches(field: str, value: Any, certificate: Certificate, is_ours: bool) -> Iterator[str]:
    """How the certificate differs from a field of `Wanted.wish`, each as `<word>: <difference>`.

    `is_ours` is whether it was obtained with another value of this field: then a field whose
    content cannot be compared counts as different. For a certificate that others obtained it is
    enough that there is such an extension.
    """
    section, _dot, member = field.partition(".")
    if section == "subject" and member == "extra_attributes":
        yield from _extra_attributes(value, certificate)
    elif section == "subject":
        yield from _subject(member, value, certificate)
    elif field == "san.other_names":
        yield from _other_names(value, certificate)
    elif section == "san":
        yield from _names(member, value, certificate)
    elif field == "extended_key_usages":
        yield from _usages(field, set(value), certificates.extended_key_usages(certificate))
    elif section == "key_usages":
        if value and member not in certificates.key_usages(certificate):
            yield f"key_usages: {member} not in the certificate"
    elif section == "signature":
        yield from _signature(member, value, certificate)
    else:
        yield from _extension(section, member, certificate, is_ours)


def _subject(name: str, values: Iterable[str], certificate: Certificate) -> Iterator[str]:
    found = certificates.subject(certificate).get(name, ())
    if set(found) != set(values):
        was = _listed(found) if found else "absent"
        yield f"subject: {name} is {was}, wanted is {_listed(values)}"


def _extra_attributes(
    wanted: Iterable[Mapping[str, str]], certificate: Certificate
) -> Iterator[str]:
    for attribute in wanted:
        oid, value = attribute["type"], attribute.get("value")
        found = certificates.attribute_values(certificate, oid)
        if not found or (value is not None and value not in found):
            yield f"subject: the attribute {oid} is not as wanted"


def _names(kind: str, wanted: Iterable[str], certificate: Certificate) -> Iterator[str]:
    found = getattr(certificates.names(certificate), kind)
    normal: Callable[[str], str] = _same_email if kind == "emails" else str
    has = {normal(name) for name in found}
    wants = {normal(name) for name in wanted}
    missing = wants - has
    surplus = has - wants - _tolerated(certificate)
    if missing:
        yield f"{kind}: {_listed(missing)} not in the certificate"
    if surplus:
        yield f"{kind}: {_listed(surplus)} in the certificate but not wanted"


def _same_email(address: str) -> str:
    """Only the domain of an e-mail address may be written in either case (RFC 5280, 7.5)."""
    local, _at, domain = address.rpartition("@")
    return f"{local}@{domain.lower()}"


def _tolerated(certificate: Certificate) -> set[str]:
    """CAs add the common name and its www. form to the DNS names of their own accord."""
    common_name = (certificates.common_name(certificate) or "").lower()
    return {common_name, f"www.{common_name}"}


def _other_names(wanted: Iterable[Mapping[str, str]], certificate: Certificate) -> Iterator[str]:
    found = certificates.other_names(certificate)
    for name in wanted:
        oid, value = name["type"], name.get("value", "").encode("utf-8")
        if not any(oid == found_oid and der.endswith(value) for found_oid, der in found):
            yield f"other_names: {oid} not in the certificate with this value"
    surplus = {oid for oid, _der in found} - {name["type"] for name in wanted}
    if surplus:
        yield f"other_names: {_listed(surplus)} in the certificate but not wanted"


def _usages(field: str, wanted: set[str], found: frozenset[str]) -> Iterator[str]:
    missing, surplus = wanted - found, found - wanted
    if missing:
        yield f"{field}: {_listed(missing)} not in the certificate"
    if surplus:
        yield f"{field}: {_listed(surplus)} in the certificate but not wanted"


def _signature(member: str, value: str, certificate: Certificate) -> Iterator[str]:
    found = certificates.signature(certificate)[member]
    if found != value:
        yield f"signature: {member} is {found}, wanted is {value}"


def _extension(section: str, member: str, certificate: Certificate, is_ours: bool) -> Iterator[str]:
    """Those of which only the presence can be read back."""
    oid = member if section == "custom_extensions" else _EXTENSION_OF.get(section)
    if oid is None:
        return
    if is_ours:
        yield f"{section}: {member or section} is not what it was obtained with"
    elif oid not in certificates.extension_oids(certificate):
        yield f"{section}: the extension {oid} is not in the certificate"


def _listed(values: Iterable[str]) -> str:
    return ", ".join(sorted(values))
