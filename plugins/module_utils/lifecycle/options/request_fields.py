# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wanted of the certificate itself, in the shape of a request."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ...errors import AtlasError
from ...names import dns_name, ip_address

EXTENDED_KEY_USAGES: Mapping[str, str] = {
    "server_auth": "1.3.6.1.5.5.7.3.1",
    "client_auth": "1.3.6.1.5.5.7.3.2",
    "code_signing": "1.3.6.1.5.5.7.3.3",
    "email_protection": "1.3.6.1.5.5.7.3.4",
    "time_stamping": "1.3.6.1.5.5.7.3.8",
    "ocsp_signing": "1.3.6.1.5.5.7.3.9",
    "any_extended_key_usage": "2.5.29.37.0",
    "smartcard_logon": "1.3.6.1.4.1.311.20.2.2",
    "document_signing": "1.3.6.1.5.5.7.3.36",
}
"""Names of extended key usages (RFC 5280, RFC 9336 and Microsoft's), for those who do not know
the OIDs by heart."""

_OID = re.compile(r"[0-2](\.(0|[1-9][0-9]{0,8})){1,63}")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_BY_OID = ("other_names", "extra_attributes")


def subject(stated: Mapping[str, Any]) -> dict[str, list[str]]:
    """The attributes of the subject that have a name."""
    found = {}
    for name, value in stated.items():
        if name in _BY_OID:
            continue
        values = _texts(value if isinstance(value, list) else [value])
        if values:
            found[name] = values
    return found


def san(stated: Mapping[str, Any], where: str) -> dict[str, list[str]]:
    """The subject alternative names that are plain text, in normal form and without doubles."""
    readers: dict[str, Callable[[str, str], str]] = {
        "dns_names": dns_name,
        "ip_addresses": ip_address,
        "emails": _email,
        "uris": _uri,
    }
    found = {}
    for kind, reader in readers.items():
        option = f"{where}san.{kind}"
        given = _texts(stated.get(kind) or [])
        canonical = list(dict.fromkeys(reader(text, option) for text in given))
        if canonical:
            found[kind] = canonical
    return found


def sections(options: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The other members of a request, and those that are given by OID, as far as they are stated.

    `subject.extra_attributes` and `san.other_names` stand here under these names.
    """
    found: dict[str, Any] = {
        "subject.extra_attributes": _by_oid(
            options, "subject", "extra_attributes", f"{where}subject.extra_attributes"
        ),
        "san.other_names": _by_oid(options, "san", "other_names", f"{where}san.other_names"),
        "extended_key_usages": _extended_key_usages(
            options.get("extended_key_usages") or [], f"{where}extended_key_usages"
        ),
        "key_usages": dict.fromkeys(options.get("key_usages") or [], True),
        "subject_da": _directory_attributes(options, where),
        "qualified_statements": _statements(options.get("qualified_statements") or {}, where),
        "ms_extension_template": _template(options.get("ms_template") or {}, where),
        "custom_extensions": _custom_extensions(options.get("custom_extensions") or {}, where),
        "signature": _stated(options.get("signature") or {}),
    }
    return {name: value for name, value in found.items() if value}


def _email(text: str, option: str) -> str:
    local, at_sign, domain = text.strip().rpartition("@")
    if not (local and at_sign and domain):
        raise AtlasError(
            f"{option}: {text!r} is not an e-mail address; give one such as 'ops@example.com'."
        )
    return f"{local}@{dns_name(domain, option)}"


def _uri(text: str, option: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*:\S+", text.strip()):
        raise AtlasError(
            f"{option}: {text!r} is not a URI; give one such as 'https://example.com/id'."
        )
    return text.strip()


def _by_oid(options: Mapping[str, Any], section: str, member: str, option: str) -> list[Any]:
    entries = (options.get(section) or {}).get(member) or []
    return [
        _stated({"type": oid(entry["type"], f"{option}.type"), "value": entry.get("value")})
        for entry in entries
    ]


def oid(text: str, option: str) -> str:
    """A dotted object identifier (API reference, 4.1)."""
    if not _OID.fullmatch(text.strip()):
        raise AtlasError(
            f"{option}: {text!r} is not a dotted object identifier; give one such as"
            " '1.3.6.1.4.1.311.20.2.3'."
        )
    return text.strip()


def _extended_key_usages(given: Iterable[str], option: str) -> list[str]:
    usages = []
    for text in _texts(given):
        known = EXTENDED_KEY_USAGES.get(_snake_case(text))
        if known is None and not _OID.fullmatch(text):
            names = ", ".join(EXTENDED_KEY_USAGES)
            raise AtlasError(
                f"{option}: {text!r} is neither a known extended key usage nor an OID; give one of"
                f" {names}, or an OID."
            )
        usages.append(known or text)
    return list(dict.fromkeys(usages))


def _snake_case(text: str) -> str:
    """`serverAuth`, as OpenSSL and others write it, as `server_auth`."""
    return re.sub(r"(?<=[a-z])([A-Z])", r"_\1", text.strip()).lower()


def _directory_attributes(options: Mapping[str, Any], where: str) -> dict[str, Any]:
    name = "subject_directory_attributes"
    stated = _stated(options.get(name) or {})
    born = stated.get("date_of_birth")
    if born and not _DATE.fullmatch(born):
        raise AtlasError(
            f"{where}{name}.date_of_birth: {born!r} is not a date; give one such as '1980-12-31'."
        )
    extra = _by_oid(options, name, "extra_attributes", f"{where}{name}.extra_attributes")
    if extra:
        stated["extra_attributes"] = extra
    return stated


def _statements(given: Mapping[str, Any], where: str) -> dict[str, Any]:
    option = f"{where}qualified_statements"
    stated = _stated(given)
    semantics = _stated(stated.pop("semantics", {}))
    if semantics.get("identifier"):
        semantics["identifier"] = oid(semantics["identifier"], f"{option}.semantics.identifier")
    if semantics:
        stated["semantics"] = semantics
    if stated.get("etsi_qc_type"):
        stated["etsi_qc_type"] = oid(stated["etsi_qc_type"], f"{option}.etsi_qc_type")
    if stated.get("etsi_qc_pds"):
        stated["etsi_qc_pds"] = {
            str(language): str(url) for language, url in stated["etsi_qc_pds"].items()
        }
    return stated


def _template(given: Mapping[str, Any], where: str) -> dict[str, Any]:
    stated = _stated(given)
    if stated.get("id"):
        stated["id"] = oid(stated["id"], f"{where}ms_template.id")
    return stated


def _custom_extensions(given: Mapping[Any, Any], where: str) -> dict[str, str]:
    option = f"{where}custom_extensions"
    return {
        oid(str(name), option): "" if value is None else str(value) for name, value in given.items()
    }


def _stated(members: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is empty; false and 0 say something."""
    return {
        name: value
        for name, value in members.items()
        if value is not None and value not in ("", [], {})
    }


def _texts(values: Iterable[Any]) -> list[str]:
    return [str(value) for value in values if value not in (None, "")]
