# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shape of a policy (API reference, section 3), checked whole before anything is enforced."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..pki.extensions import NIL, VALUE_TYPES, encoded, is_oid
from ..values import is_integer
from .members import (
    ECDSA,
    HASHES,
    KEY_USAGES,
    OPTIONAL_STATICS,
    PKCS8,
    PKCS10,
    PRESENCES,
    RSA,
    RSA_PSS,
    SAN_KINDS,
    STATIC,
    SUBJECT_MEMBERS,
    SUBJECT_STRINGS,
)
from .patterns import compiles
from .rules import is_pattern

_SUFFIX_KINDS = ("dns_names", "emails")


@dataclass(frozen=True)
class _Kind:
    """A building block: whether a value is one, and what one looks like."""

    is_one: Callable[[Any], bool]
    description: str


@dataclass(frozen=True)
class _ByOid:
    """An object that has values of a kind by OIDs."""

    kind: _Kind


def find_problem(policy: Any, file: str) -> str | None:
    """The first thing that is wrong with the policy in a file, None without any.

    `<path> in <file> is not <what would be right>`.
    """
    return _problem(policy, _SHAPE, "", file)


def _problem(value: Any, shape: Any, path: str, file: str) -> str | None:
    if value is None:
        return None
    if isinstance(shape, _Kind):
        return None if shape.is_one(value) else f"{path} in {file} is not {shape.description}"
    if not isinstance(value, dict):
        return f"{path} in {file} is not an object"
    problems = (
        _member_problem(member, shape, name, f"{path}.{name}".lstrip("."), file)
        for name, member in value.items()
    )
    return next(filter(None, problems), None)


def _member_problem(member: Any, shape: Any, name: str, path: str, file: str) -> str | None:
    if isinstance(shape, _ByOid):
        if not is_oid(name):
            return f"{path} in {file} is not named by an OID, such as 2.5.4.12"
        return _problem({} if member is None else member, shape.kind, path, file)
    if name not in shape:
        return (
            f"{path} in {file} is nothing that the simulator enforces; it knows"
            f" {', '.join(shape)} there"
        )
    return _problem(member, shape[name], path, file)


def _is_object(value: Any, *required: str, **members: Callable[[Any], bool]) -> bool:
    """An object of these members and perhaps `ignore_empty`; null is like absent.

    Keyfactor has seen `ignore_empty`; it is kept and not used.
    """
    if not isinstance(value, dict):
        return False
    known = {**members, "ignore_empty": _is_boolean}
    return all(value.get(name) is not None for name in required) and all(
        name in known and (member is None or known[name](member)) for name, member in value.items()
    )


def _is_boolean(value: Any) -> bool:
    return isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return is_integer(value) and bool(value >= 0)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value.isprintable()


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_text_map(value: Any) -> bool:
    return isinstance(value, dict) and _is_texts(list(value)) and _is_texts(list(value.values()))


def _one_of(names: tuple[str, ...]) -> _Kind:
    return _Kind(lambda value: isinstance(value, str) and value in names, _alternatives(names))


def _alternatives(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"


_PRESENCE = _one_of(PRESENCES)


def _is_string(value: Any) -> bool:
    return _is_object(value, "presence", presence=_PRESENCE.is_one, format=_is_text) and (
        value["presence"] == STATIC or compiles(value.get("format") or "")
    )


def _is_list(value: Any, is_regular: Callable[[str], bool]) -> bool:
    return _is_object(
        value,
        "static",
        "list",
        "mincount",
        "maxcount",
        static=_is_boolean,
        list=_is_texts,
        mincount=_is_number,
        maxcount=_is_number,
    ) and (value["static"] or all(compiles(entry) for entry in value["list"] if is_regular(entry)))


def _is_integer(value: Any) -> bool:
    return _is_object(value, "presence", presence=_PRESENCE.is_one, min=_is_number, max=_is_number)


def _is_disclosures(value: Any) -> bool:
    if not _is_object(value, "presence", presence=_PRESENCE.is_one, policies=_is_text_map):
        return False
    patterns = (value.get("policies") or {}).values()
    return value["presence"] == STATIC or all(map(compiles, patterns))


def _is_type_and_value(value: Any) -> bool:
    return _is_object(
        value,
        "static",
        "value_type",
        "mincount",
        "maxcount",
        static=_is_boolean,
        value_type=_VALUE_TYPE.is_one,
        value_format=_is_text,
        mincount=_is_number,
        maxcount=_is_number,
    ) and _is_value_format(value, value["static"])


def _is_extension(value: Any) -> bool:
    return _is_object(
        value,
        "presence",
        "value_type",
        presence=_PRESENCE.is_one,
        critical=_is_boolean,
        value_type=_VALUE_TYPE.is_one,
        value_format=_is_text,
    ) and _is_value_format(value, value["presence"] == STATIC)


def _is_value_format(value: Mapping[str, Any], is_static: bool) -> bool:
    """A text of the value type if it is what will be used, else a regular expression."""
    text = value.get("value_format") or ""
    if value["value_type"] == NIL:
        return True
    if not is_static:
        return compiles(text)
    try:
        encoded(value["value_type"], text)
    except ValueError:
        return False
    return True


def _choice(names: tuple[str, ...]) -> _Kind:
    known = _alternatives(names)
    return _Kind(
        lambda value: (
            _is_object(value, "presence", "list", presence=_PRESENCE.is_one, list=_is_texts)
            and set(value["list"]) <= set(names)
        ),
        f'an algorithm policy: {{"presence": ..., "list": [...]}} with {known} in the list',
    )


def _is_sizes(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_number, value))


_LIST_LOOKS = '{"static": false, "list": [...], "mincount": 0, "maxcount": 1}'
_VALUE_TYPE = _one_of(VALUE_TYPES)
_BOOLEAN = _Kind(_is_boolean, "true or false")
_NUMBER = _Kind(_is_number, "a whole number")
_STRING = _Kind(
    _is_string,
    'a string policy: {"presence": ..., "format": ...} with a regular expression of RE2 as the'
    f" format and {_PRESENCE.description} as the presence",
)
_PATTERNS = _Kind(
    lambda value: _is_list(value, lambda entry: True),
    f"a list policy: {_LIST_LOOKS} with regular expressions of RE2 in the list",
)
_SUFFIXES = _Kind(
    lambda value: _is_list(value, is_pattern),
    f"a list policy: {_LIST_LOOKS} with suffixes in the list",
)
_INTEGER = _Kind(
    _is_integer,
    'an integer policy: {"presence": ..., "min": 0, "max": 1} with'
    f" {_PRESENCE.description} as the presence",
)
_DISCLOSURES = _Kind(
    _is_disclosures,
    '{"presence": ..., "policies": {...}} with URLs by language as the policies and'
    f" {_PRESENCE.description} as the presence",
)
_ATTRIBUTES = _ByOid(
    _Kind(
        _is_type_and_value,
        'a type and value policy: {"static": false, "value_type": ..., "value_format": ...,'
        f' "mincount": 0, "maxcount": 1}} with {_VALUE_TYPE.description} as the type and a format'
        " that fits it",
    )
)
_EXTENSIONS = _ByOid(
    _Kind(
        _is_extension,
        'an extension policy: {"presence": ..., "critical": false, "value_type": ...,'
        f' "value_format": ...}} with {_PRESENCE.description} as the presence,'
        f" {_VALUE_TYPE.description} as the type and a format that fits it",
    )
)
_SHAPE: Mapping[str, Any] = {
    "validity": dict.fromkeys(
        (
            "secondsmin",
            "secondsmax",
            "not_before_negative_skew",
            "not_before_positive_skew",
            "issuer_expiry",
        ),
        _NUMBER,
    ),
    "subject_dn": {
        **{name: _STRING if name in SUBJECT_STRINGS else _PATTERNS for name in SUBJECT_MEMBERS},
        "extra_attributes": _ATTRIBUTES,
    },
    "san": {
        **{kind: _SUFFIXES if kind in _SUFFIX_KINDS else _PATTERNS for kind in SAN_KINDS},
        "other_names": _ATTRIBUTES,
        "critical": _BOOLEAN,
    },
    "key_usages": dict.fromkeys(KEY_USAGES, _one_of(OPTIONAL_STATICS)),
    "extended_key_usages": {"ekus": _PATTERNS, "critical": _BOOLEAN},
    "subject_da": {
        "gender": _STRING,
        "date_of_birth": _PRESENCE,
        "place_of_birth": _STRING,
        "country_of_citizenship": _PATTERNS,
        "country_of_residence": _PATTERNS,
        "extra_attributes": _ATTRIBUTES,
    },
    "qualified_statements": {
        "semantics": {"identifier": _STRING, "name_authorities": _PATTERNS},
        "etsi_qc_compliance": _one_of(OPTIONAL_STATICS),
        "etsi_qc_sscd_compliance": _one_of(OPTIONAL_STATICS),
        "etsi_qc_type": _STRING,
        "etsi_qc_retention_period": _INTEGER,
        "etsi_qc_pds": _DISCLOSURES,
    },
    "ms_extension_template": {
        "critical": _BOOLEAN,
        "template_id": _STRING,
        "major_version": _INTEGER,
        "minor_version": _INTEGER,
    },
    "custom_extensions": _EXTENSIONS,
    "signature": {
        "algorithm": _choice((RSA, RSA_PSS, ECDSA)),
        "hash_algorithm": _choice(HASHES),
    },
    "public_key": {
        "key_type": _one_of((RSA, ECDSA)),
        "allowed_lengths": _Kind(_is_sizes, "a list of key sizes in bits"),
        "key_format": _one_of((PKCS8, PKCS10)),
    },
    "public_key_signature": _PRESENCE,
}
