# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The validation policy, enforced on POST /certificates (API reference, sections 3 and 4).

Checks run in the order of section 4.2 and stop at the first problem. What is null, empty text,
an empty list or an empty object counts as not sent.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Mapping
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from .. import messages
from ..pki.leaf import Leaf, PublicKey
from ..problems import ServiceError
from .policies import KEY_USAGES, SAN_KINDS, SUBJECT_STRINGS

# The order of section 4.1, in which problems are reported.
_SUBJECT_ORDER = (
    "common_name",
    "given_name",
    "surname",
    "pseudonym",
    "organization",
    "organizational_unit",
    "organization_identifier",
    "country",
    "state",
    "locality",
    "street_address",
    "postal_code",
    "email",
    "serial_number",
    "jurisdiction_of_incorporation_locality_name",
    "jurisdiction_of_incorporation_state_or_province_name",
    "jurisdiction_of_incorporation_country_name",
    "business_category",
)
_SUFFIX_KINDS = ("dns_names", "emails")
_UNKNOWN_SECTIONS = (
    "subject_da",
    "qualified_statements",
    "ms_extension_template",
    "custom_extensions",
    "signature",
)
_SIGNING_REQUEST = re.compile(r"-----(BEGIN|END) (NEW )?CERTIFICATE REQUEST-----")


def accept(body: Any, policy: Mapping[str, Any], serial: str, now: int, issuer_expiry: int) -> Leaf:
    """What the certificate will say, or the `ServiceError` that the request has."""
    _require_shape(body)
    not_before, not_after = _validity(body["validity"], policy, now, issuer_expiry)
    subject = _subject(_sent(body.get("subject_dn")) or {}, _section(policy, "subject_dn"))
    san = _san(_sent(body.get("san")) or {}, _section(policy, "san"))
    usages = _key_usages(_sent(body.get("key_usages")) or {}, policy.get("key_usages"))
    ekus = _extended_key_usages(
        _sent(body.get("extended_key_usages")) or [], _section(policy, "extended_key_usages")
    )
    for section in _UNKNOWN_SECTIONS:
        if _carries_something(body.get(section)):
            raise ServiceError(422, messages.FORBIDDEN.format(path=section))
    key = _public_key(body, policy)
    if usages is None:
        usages = {"digital_signature": True, "key_encipherment": isinstance(key, rsa.RSAPublicKey)}
    return Leaf(
        serial=serial,
        not_before=not_before,
        not_after=not_after,
        subject=subject,
        san=san,
        san_critical=bool(_section(policy, "san").get("critical")),
        key_usages=usages,
        ekus=ekus,
        ekus_critical=bool(_section(policy, "extended_key_usages").get("critical")),
        public_key=key,
    )


def _section(policy: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return policy.get(name) or {}


def _sent(value: Any) -> Any:
    return None if value in (None, "", [], {}) else value


def _carries_something(value: Any) -> bool:
    """Whether a section holds any member that counts as sent, however deep (real clients send
    whole sections of empty members)."""
    if isinstance(value, Mapping):
        return any(_carries_something(member) for member in value.values())
    return _sent(value) is not None and value is not False and value != 0


def _require_shape(body: Any) -> None:
    """JSON of other types than documented is not decodable: 400 before anything else."""
    shape_ok = (
        isinstance(body, dict)
        and isinstance(body.get("validity"), dict)
        and all(_is_integer(value) for value in body["validity"].values())
        and _is_object(body.get("subject_dn"))
        and _is_object(body.get("san"))
        and _is_object(body.get("key_usages"))
        and _is_texts(body.get("extended_key_usages"))
        and _is_text(body.get("public_key"))
        and _is_text(body.get("public_key_signature"))
        and all(_subject_shape(*item) for item in (body.get("subject_dn") or {}).items())
        and all(
            _is_texts(value) for kind, value in (body.get("san") or {}).items() if kind in SAN_KINDS
        )
        and all(
            value is None or isinstance(value, bool)
            for value in (body.get("key_usages") or {}).values()
        )
    )
    if not shape_ok:
        raise ServiceError(400, messages.BAD_CERTIFICATE_REQUEST)


def _subject_shape(name: str, value: Any) -> bool:
    if name == "organizational_unit":
        return _is_texts(value)
    return _is_text(value) if name in SUBJECT_STRINGS else True


def _is_integer(value: Any) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool))


def _is_object(value: Any) -> bool:
    return value is None or isinstance(value, dict)


def _is_text(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_texts(value: Any) -> bool:
    return value is None or (
        isinstance(value, list) and all(isinstance(element, str) for element in value)
    )


def _validity(
    validity: Mapping[str, Any], policy: Mapping[str, Any], now: int, issuer_expiry: int
) -> tuple[int, int]:
    limits = _section(policy, "validity")
    start = validity.get("not_before")
    if start is None:
        raise ServiceError(422, messages.REQUIRED.format(path="validity.not_before"))
    earliest = now - limits.get("not_before_negative_skew", 0)
    latest = now + limits.get("not_before_positive_skew", 0)
    if not earliest <= start <= latest:
        raise ServiceError(422, messages.INVALID_VALUE.format(path="validity.not_before"))
    last = min(filter(None, [limits.get("issuer_expiry"), issuer_expiry]))
    shortest, longest = limits.get("secondsmin", 1), limits.get("secondsmax") or last - start
    end = validity.get("not_after") or min(start + longest, last)
    if end > last or not shortest <= end - start <= longest:
        raise ServiceError(422, messages.INVALID_VALUE.format(path="validity.not_after"))
    return start, end


def _subject(sent: Mapping[str, Any], policy: Mapping[str, Any]) -> list[tuple[str, str]]:
    subject: list[tuple[str, str]] = []
    for name in _SUBJECT_ORDER:
        path, value, rule = f"subject_dn.{name}", _sent(sent.get(name)), policy.get(name)
        if name == "organizational_unit":
            units = _list(path, value or [], rule, is_suffix=False)
            subject += [(name, unit) for unit in units]
        else:
            text = _string(path, value, rule)
            subject += [(name, text)] if text else []
    for name, value in sent.items():
        if name not in _SUBJECT_ORDER and _carries_something(value):
            raise ServiceError(422, messages.FORBIDDEN.format(path=f"subject_dn.{name}"))
    return subject


def _string(path: str, value: str | None, rule: Mapping[str, Any] | None) -> str | None:
    presence = rule["presence"] if rule else "FORBIDDEN"
    if presence == "STATIC":
        if value:
            raise ServiceError(422, messages.STATIC.format(path=path))
        return str(rule["format"]) if rule else None
    if presence == "FORBIDDEN":
        if value:
            raise ServiceError(422, messages.FORBIDDEN.format(path=path))
        return None
    if value is None:
        if presence == "REQUIRED":
            raise ServiceError(422, messages.REQUIRED.format(path=path))
        return None
    if not _matches(str(rule.get("format") or "") if rule else "", value):
        raise ServiceError(422, messages.INVALID_VALUE.format(path=path))
    return value


def _matches(pattern: str, value: str) -> bool:
    """Unanchored search; `$` of Python would match before a final newline, so none may be there."""
    return "\n" not in value and "\r" not in value and re.search(pattern, value) is not None


def _list(
    path: str, values: list[str], rule: Mapping[str, Any] | None, is_suffix: bool
) -> list[str]:
    if rule is None:
        if values:
            raise ServiceError(422, messages.FORBIDDEN.format(path=path))
        return []
    if rule["static"]:
        if values:
            raise ServiceError(422, messages.STATIC.format(path=path))
        return list(rule["list"])
    least, most = rule["mincount"], rule["maxcount"]
    if not least <= len(values) <= most:
        raise ServiceError(422, messages.COUNT.format(path=path, least=least, most=most))
    admits = _has_suffix if is_suffix else _matches
    for value in values:
        if not any(admits(entry, value) for entry in rule["list"]):
            raise ServiceError(422, messages.INVALID_VALUE.format(path=path))
    return values


def _has_suffix(entry: str, value: str) -> bool:
    if entry.startswith("^") or "\\" in entry:
        return _matches(entry, value)
    name, suffix = value.lower(), entry.lower()
    if suffix == ".":
        return True
    if suffix.startswith((".", "@")):
        return name.endswith(suffix) and len(name) > len(suffix)
    return name == suffix or name.endswith(("." + suffix, "@" + suffix))


def _san(sent: Mapping[str, Any], policy: Mapping[str, Any]) -> dict[str, list[str]]:
    san = {
        kind: _list(f"san.{kind}", sent.get(kind) or [], policy.get(kind), kind in _SUFFIX_KINDS)
        for kind in SAN_KINDS
    }
    for kind, value in sent.items():
        if kind not in SAN_KINDS and _carries_something(value):
            raise ServiceError(422, messages.FORBIDDEN.format(path=f"san.{kind}"))
    for kind, is_good in (("dns_names", _is_dns_name), ("ip_addresses", _is_address)):
        if not all(is_good(name) for name in san[kind]):
            raise ServiceError(422, messages.INVALID_VALUE.format(path=f"san.{kind}"))
    if not all(name.isascii() for kind in ("emails", "uris") for name in san[kind]):
        raise ServiceError(422, messages.INVALID_VALUE.format(path="san"))
    return san


def _is_dns_name(name: str) -> bool:
    labels = name[2:].split(".") if name.startswith("*.") else name.split(".")
    pattern = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
    return len(name) <= 253 and all(re.fullmatch(pattern, label) for label in labels)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _key_usages(
    sent: Mapping[str, Any], policy: Mapping[str, Any] | None
) -> dict[str, bool] | None:
    """The usages, None where the policy leaves them to the CA."""
    stated = {name: value for name, value in sent.items() if value is not None}
    for name in stated:
        rule = (policy or {}).get(name)
        if name not in KEY_USAGES or rule is None:
            raise ServiceError(422, messages.FORBIDDEN.format(path=f"key_usages.{name}"))
        if rule != "OPTIONAL":
            raise ServiceError(422, messages.STATIC.format(path=f"key_usages.{name}"))
    if policy is None:
        return None
    return {name: rule == "STATIC_TRUE" or bool(stated.get(name)) for name, rule in policy.items()}


def _extended_key_usages(sent: list[str], policy: Mapping[str, Any]) -> list[str]:
    usages = _list("extended_key_usages", sent, policy.get("ekus"), is_suffix=False)
    for usage in usages:
        if not re.fullmatch(r"([0-9]{1,9}\.){1,63}[0-9]+", usage):
            raise ServiceError(422, messages.INVALID_VALUE.format(path="extended_key_usages"))
    return usages


def _public_key(body: Mapping[str, Any], policy: Mapping[str, Any]) -> PublicKey:
    rule = _section(policy, "public_key")
    text = _sent(body.get("public_key"))
    proof = _sent(body.get("public_key_signature"))
    if text is None:
        raise ServiceError(422, messages.REQUIRED.format(path="public_key"))
    as_request = rule.get("key_format") == "PKCS10"
    key: PublicKey = _from_signing_request(text) if as_request else _from_key_info(text)
    _require_kind(key, rule)
    _check_proof(key, proof, policy.get("public_key_signature"), as_request)
    return key


def _from_key_info(text: str) -> Any:
    try:
        if "-----BEGIN PUBLIC KEY-----" not in text:
            raise ValueError("another kind of PEM")
        return serialization.load_pem_public_key(text.encode("ascii"))
    except Exception:  # cryptography raises many types for what is not a key
        raise ServiceError(422, messages.BAD_PUBLIC_KEY) from None


def _from_signing_request(text: str) -> Any:
    try:
        if not _SIGNING_REQUEST.search(text):
            raise ValueError("another kind of PEM")
        plain = text.replace("NEW CERTIFICATE", "CERTIFICATE")
        request = x509.load_pem_x509_csr(plain.encode("ascii"))
        if not request.is_signature_valid:
            raise ValueError("its signature does not verify")
        return request.public_key()
    except Exception:  # as in _from_key_info
        raise ServiceError(422, messages.BAD_PUBLIC_KEY) from None


def _require_kind(key: Any, rule: Mapping[str, Any]) -> None:
    required = rule.get("key_type")
    kind = "RSA" if isinstance(key, rsa.RSAPublicKey) else None
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name.startswith("secp"):
        kind = "ECDSA"
    if kind is None or (required and kind != required):
        raise ServiceError(422, messages.BAD_KEY_TYPE.format(required=required or "RSA"))
    lengths = rule.get("allowed_lengths")
    if lengths and key.key_size not in lengths:
        raise ServiceError(422, messages.INVALID_VALUE.format(path="public_key"))


def _check_proof(key: PublicKey, proof: str | None, presence: str | None, as_request: bool) -> None:
    if as_request:  # the request's own signature is the proof
        return
    path = "public_key_signature"
    if proof is None:
        if presence == "REQUIRED":
            raise ServiceError(422, messages.REQUIRED.format(path=path))
        return
    if presence in (None, "FORBIDDEN"):
        raise ServiceError(422, messages.FORBIDDEN.format(path=path))
    message = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    try:
        signature = base64.b64decode(proof, validate=True)
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
        else:
            key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
    except (binascii.Error, InvalidSignature, ValueError):
        raise ServiceError(422, messages.BAD_PROOF) from None
