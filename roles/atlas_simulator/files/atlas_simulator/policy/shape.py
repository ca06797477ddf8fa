# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The JSON shape of a certificate request (API reference, section 4.1); other JSON answers 400."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import messages
from ..problems import ServiceError
from ..values import is_integer
from .members import KEY_USAGES, SAN_KINDS, SUBJECT_STRINGS

_TEXT, _TEXTS, _TEXT_MAP = "text", "texts", "object of texts"
_INTEGER, _BOOLEAN, _ATTRIBUTES = "integer", "boolean", "list of types with values"
_ATTRIBUTE = {"type": _TEXT, "value": _TEXT}
_SHAPE: Mapping[str, Any] = {
    "validity": {"not_before": _INTEGER, "not_after": _INTEGER},
    "subject_dn": {
        **dict.fromkeys(SUBJECT_STRINGS, _TEXT),
        "organizational_unit": _TEXTS,
        "extra_attributes": _ATTRIBUTES,
    },
    "san": {**dict.fromkeys(SAN_KINDS, _TEXTS), "other_names": _ATTRIBUTES},
    "key_usages": dict.fromkeys(KEY_USAGES, _BOOLEAN),
    "extended_key_usages": _TEXTS,
    "subject_da": {
        "gender": _TEXT,
        "date_of_birth": _TEXT,
        "place_of_birth": _TEXT,
        "country_of_citizenship": _TEXTS,
        "country_of_residence": _TEXTS,
        "extra_attributes": _ATTRIBUTES,
    },
    "qualified_statements": {
        "semantics": {"identifier": _TEXT, "name_authorities": _TEXTS},
        "etsi_qc_compliance": _BOOLEAN,
        "etsi_qc_sscd_compliance": _BOOLEAN,
        "etsi_qc_type": _TEXT,
        "etsi_qc_retention_period": _INTEGER,
        "etsi_qc_pds": _TEXT_MAP,
    },
    "ms_extension_template": {"id": _TEXT, "major_version": _INTEGER, "minor_version": _INTEGER},
    "custom_extensions": _TEXT_MAP,
    "signature": {"algorithm": _TEXT, "hash_algorithm": _TEXT},
    "public_key": _TEXT,
    "public_key_signature": _TEXT,
}
MEMBERS = tuple(_SHAPE)
"""All members of a request."""


def decode(body: Any) -> dict[str, Any]:
    """What a request really says: sections and members without those that count as not sent.

    What is null, empty text, an empty list or an empty object counts as not sent (section 4.2),
    in nested objects too. Members that are not documented stay as they are, if they carry anything.

    Raises `ServiceError` 400 for another shape than the documented one.
    """
    if not isinstance(body, dict) or not isinstance(body.get("validity"), dict):
        raise _undecodable()
    return {"validity": {}, **_object(body, _SHAPE)}


def _undecodable() -> ServiceError:
    return ServiceError(400, messages.BAD_CERTIFICATE_REQUEST)


def _object(value: Any, shape: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _undecodable()
    found: dict[str, Any] = {}
    for name, member in value.items():
        if name in shape:
            decoded = _decoded(member, shape[name])
            if decoded is not None:
                found[name] = decoded
        elif _carries_something(member):
            found[name] = member
    return found


def _decoded(value: Any, shape: Any) -> Any:
    """A value in its shape, None if it counts as not sent."""
    if value is None:
        return None
    if isinstance(shape, Mapping):
        return _object(value, shape) or None
    if shape == _ATTRIBUTES:
        return _attributes(value) or None
    if not _has_kind(value, shape):
        raise _undecodable()
    if shape == _TEXT_MAP:
        value = {name: text for name, text in value.items() if text}
    return None if value in ("", [], {}) else value


def _attributes(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise _undecodable()
    return [_object(element, _ATTRIBUTE) for element in value]


def _has_kind(value: Any, kind: str) -> bool:
    if kind == _TEXT:
        return _is_text(value)
    if kind == _TEXTS:
        return isinstance(value, list) and all(_is_text(element) for element in value)
    if kind == _TEXT_MAP:
        return isinstance(value, dict) and all(
            _is_text(name) and (text is None or _is_text(text)) for name, text in value.items()
        )
    if kind == _BOOLEAN:
        return isinstance(value, bool)
    return is_integer(value)


def _is_text(value: Any) -> bool:
    """JSON can escape halves of surrogate pairs, which are no text."""
    if not isinstance(value, str):
        return False
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _carries_something(value: Any) -> bool:
    """Whether anything inside counts as sent; iterative, as bodies can be nested deeply."""
    pending = [value]
    while pending:
        inner = pending.pop()
        if isinstance(inner, dict):
            pending.extend(inner.values())
        elif isinstance(inner, list):
            pending.extend(inner)
        elif inner:
            return True
    return False
