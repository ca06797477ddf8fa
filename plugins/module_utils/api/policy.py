# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The validation policy of an account, and what it says of a request.

A request is refused here only if every plausible reading of the API's reference refuses it; where
readings differ, the service decides. Regular expressions are left to the service: they are
written for its engine, and Python's would read some of them otherwise.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import AtlasError
from .request import CertificateRequest

SUFFIX_LISTS = ("dns_names", "emails")
_PREFERRED_BITS = {"RSA": (2048, 3072, 4096), "ECDSA": (256, 384, 521)}
_SECTIONS = {"subject_dn": "subject"}


@dataclass(frozen=True)
class Violation:
    """What a request states against the policy.

    `path` is that of the request, such as `subject_dn.organization`; `value` what was given,
    `rule` the rule in words, `allowed` what would be right.
    """

    path: str
    value: object
    rule: str
    allowed: str

    def __str__(self) -> str:
        section, dot, member = self.path.partition(".")
        option = _SECTIONS.get(section, section) + dot + member
        given = "" if self.value is None else f" {_shown(self.value)}"
        return f"{option}:{given} {self.rule}; {self.allowed}."


def _shown(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(repr(element) for element in value[:5]) + (" …" if len(value) > 5 else "")
    return repr(value)


@dataclass(frozen=True)
class KeyChoice:
    """A kind of key that the policy allows; `key_type` RSA or ECDSA."""

    key_type: str
    bits: int


class Policy:
    """A validation policy; members that are not known here are kept and have no effect."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> Policy:
        """Read the document of GET /validationpolicy."""
        return cls(document)

    def check(self, request: CertificateRequest) -> list[Violation]:
        """All that the request states against the policy; the key is not looked at."""
        return [
            *self._check_subject(request),
            *self._check_san(request),
            *self._check_validity(request),
        ]

    def complete(self, request: CertificateRequest) -> CertificateRequest:
        """Leave out what the policy adds by itself and the request states with the same value."""
        return dataclasses.replace(
            request,
            subject_dn={
                name: value
                for name, value in request.subject_dn.items()
                if not _is_static_value(_mapping(self._subject.get(name)), value)
            },
            san={
                kind: names
                for kind, names in request.san.items()
                if not _is_static_value(_mapping(self._san.get(kind)), names)
            },
        )

    def choose_key(self, key_type: str, bits: int | None) -> KeyChoice:
        """The key to make: what was asked for (`auto`, None: no wish), as the policy allows.

        Without a wish the smallest of the sizes that the CA/B Baseline Requirements (6.1.5) allow.
        """
        public_key = self._section("public_key")
        allowed_type = str(public_key.get("key_type") or "").upper()
        lengths = [
            bits for bits in public_key.get("allowed_lengths") or [] if isinstance(bits, int)
        ]
        wanted_type = allowed_type or "ECDSA" if key_type == "auto" else key_type
        if allowed_type and wanted_type != allowed_type:
            raise AtlasError(
                f"privatekey_type: {wanted_type} is not what the policy wants; {allowed_type}, or"
                " auto, is allowed."
            )
        possible = [b for b in _PREFERRED_BITS[wanted_type] if not lengths or b in lengths]
        if bits is None and possible:
            return KeyChoice(wanted_type, possible[0])
        if bits is None or bits not in possible:
            sizes = ", ".join(map(str, possible)) or "none that is known here"
            given = "no size" if bits is None else bits
            raise AtlasError(
                f"privatekey_size: {given} is not allowed for {wanted_type}; allowed is {sizes}."
            )
        return KeyChoice(wanted_type, bits)

    @property
    def wants_csr(self) -> bool:
        """Whether the key goes as a PKCS#10 request, which is its own proof of possession."""
        return str(self._section("public_key").get("key_format") or "").upper() == "PKCS10"

    @property
    def wants_proof(self) -> bool:
        """Whether the request carries a proof of possession."""
        presence = _presence(self.document.get("public_key_signature"))
        return presence in ("REQUIRED", "OPTIONAL") and not self.wants_csr

    @property
    def requires_common_name(self) -> bool:
        """Whether the subject has to have a common name."""
        return _presence(_mapping(self._subject.get("common_name")).get("presence")) == "REQUIRED"

    @property
    def not_before_negative_skew(self) -> int:
        """How many seconds before the service's time a validity may begin."""
        return _integer(self._section("validity").get("not_before_negative_skew")) or 0

    def longest_validity(self, not_before: int) -> int | None:
        """The longest validity in seconds that can be granted; None if the policy does not tell."""
        validity = self._section("validity")
        longest = _integer(validity.get("secondsmax"))
        issuer_expiry = _integer(validity.get("issuer_expiry"))
        limits = [longest, issuer_expiry - not_before if issuer_expiry else None]
        return min((limit for limit in limits if limit), default=None)

    @property
    def _subject(self) -> Mapping[str, Any]:
        return self._section("subject_dn")

    @property
    def _san(self) -> Mapping[str, Any]:
        return self._section("san")

    def _section(self, name: str) -> Mapping[str, Any]:
        return _mapping(self.document.get(name))

    def _check_subject(self, request: CertificateRequest) -> Iterator[Violation]:
        for name, rule in self._subject.items():
            value = request.subject_dn.get(name)
            path = f"subject_dn.{name}"
            if "presence" in _mapping(rule):
                yield from _check_string(path, _mapping(rule), value)
            elif "list" in _mapping(rule):
                yield from _check_list(path, _mapping(rule), value or ())

    def _check_san(self, request: CertificateRequest) -> Iterator[Violation]:
        for kind, rule in self._san.items():
            if "list" in _mapping(rule) or "maxcount" in _mapping(rule):
                names = request.san.get(kind, ())
                path = f"san.{kind}"
                yield from _check_list(path, _mapping(rule), names)
                if kind in SUFFIX_LISTS and not _mapping(rule).get("static"):
                    yield from _check_suffixes(path, _mapping(rule), names)

    def _check_validity(self, request: CertificateRequest) -> Iterator[Violation]:
        if request.not_after is None:
            return
        seconds = request.not_after - request.not_before
        longest = self.longest_validity(request.not_before)
        shortest = _integer(self._section("validity").get("secondsmin"))
        path = "validity.not_after"
        if longest and seconds > longest:
            yield Violation(path, request.not_after, "is too late", f"at most {longest} seconds")
        if shortest and seconds < shortest:
            yield Violation(path, request.not_after, "is too early", f"at least {shortest} seconds")


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _integer(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _presence(value: object) -> str:
    return str(value or "").upper()


def _is_static_value(rule: Mapping[str, Any], value: object) -> bool:
    if _presence(rule.get("presence")) == "STATIC":
        return value == rule.get("format")
    if not rule.get("static") or not isinstance(value, (list, tuple)):
        return False
    return set(value) == set(rule.get("list") or ())


def _check_string(path: str, rule: Mapping[str, Any], value: object) -> Iterator[Violation]:
    presence = _presence(rule.get("presence"))
    if presence == "REQUIRED" and not value:
        yield Violation(path, None, "is required by the validation policy", "give a value")
    elif presence == "FORBIDDEN" and value:
        yield Violation(path, value, "is forbidden by the validation policy", "leave it out")
    elif presence == "STATIC" and value:
        fixed = _shown(rule.get("format"))
        yield Violation(
            path, value, "is fixed by the validation policy", f"leave it out, or give {fixed}"
        )


def _check_list(path: str, rule: Mapping[str, Any], values: Sequence[str]) -> Iterator[Violation]:
    if rule.get("static"):
        if values:
            fixed = _shown(list(rule.get("list") or []))
            allowed = f"leave it out, or give {fixed}"
            yield Violation(path, list(values), "is fixed by the validation policy", allowed)
        return
    least, most = _integer(rule.get("mincount")) or 0, _integer(rule.get("maxcount"))
    if most == 0 and values:
        yield Violation(path, list(values), "is forbidden by the validation policy", "leave it out")
    elif len(values) < least or (most is not None and len(values) > most):
        bounds = f"the validation policy wants between {least} and {most}"
        yield Violation(path, None, f"has {len(values)} entries", bounds)


def _check_suffixes(
    path: str, rule: Mapping[str, Any], values: Sequence[str]
) -> Iterator[Violation]:
    suffixes = [str(suffix) for suffix in rule.get("list") or []]
    if not suffixes or any(_may_be_anything(suffix) for suffix in suffixes):
        return
    for value in values:
        if not any(value.lower().endswith(suffix.lower().lstrip(".@")) for suffix in suffixes):
            allowed = f"it has to end with {' or '.join(suffixes)}"
            yield Violation(path, value, "is not allowed by the validation policy", allowed)


def _may_be_anything(suffix: str) -> bool:
    """A lone dot admits everything; what looks like a regular expression is the service's."""
    return suffix in (".", "") or suffix.startswith("^") or "\\" in suffix
