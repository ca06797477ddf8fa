# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The validation policy: what the service allows, and what it says of a request.

Read tolerantly: the policy grows, and sections are left out or null. What is refused here is only
what every plausible reading of the reference refuses; all else the service decides. Regular
expressions are not evaluated, since the service has another dialect of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..errors import AtlasError
from .request import CertificateRequest

_REGEX_SIGNS = frozenset("^$\\[](){}|+?*")
_SUFFIX_LISTS = frozenset({"dns_names", "emails"})
_KNOWN_BITS: Mapping[str, tuple[int, ...]] = {"ECDSA": (256, 384, 521), "RSA": (2048, 3072, 4096)}
"""The sizes that the service names, in the order in which they are chosen: P-256 first."""
_LEAST_RSA_BITS = 2048
_LONGEST_VALUE = 100
_REQUIRED = "is required by the validation policy"


@dataclass(frozen=True)
class Violation:
    """A value that the policy does not allow.

    `path` is that of the request's field, `value` what was asked for, empty if nothing was;
    `rule` completes a sentence about it, and `allowed` says what would be right.
    """

    path: str
    value: str
    rule: str
    allowed: str

    def __str__(self) -> str:
        value = self.value
        if len(value) > _LONGEST_VALUE:
            value = value[:_LONGEST_VALUE] + "..."
        given = f"{value!r} " if value else ""
        return f"{_option(self.path)}: {given}{self.rule}; {self.allowed}."


def _option(path: str) -> str:
    """The name under which users state a field."""
    first, _dot, rest = path.partition(".")
    return f"subject.{rest}" if first == "subject_dn" else path


class PolicyError(AtlasError):
    """The policy does not allow what an option asks for."""

    def __init__(self, violation: Violation) -> None:
        super().__init__(str(violation))
        self.violation = violation


@dataclass(frozen=True)
class StringRule:
    """What holds for one text. `presence` is in upper case, empty if the policy does not say."""

    presence: str
    format: str

    @classmethod
    def parse(cls, document: Any) -> StringRule:
        """Read a StringPolicy."""
        section = _section(document)
        return cls(_enumerated(section.get("presence")), _text(section.get("format")))


@dataclass(frozen=True)
class ListRule:
    """What holds for a list of texts. A count is None where the policy does not say."""

    is_static: bool
    entries: tuple[str, ...]
    mincount: int | None
    maxcount: int | None

    @classmethod
    def parse(cls, document: Any) -> ListRule:
        """Read a ListPolicy."""
        section = _section(document)
        entries = section.get("list")
        return cls(
            is_static=section.get("static") is True,
            entries=tuple(filter(None, map(_text, entries))) if isinstance(entries, list) else (),
            mincount=_count(section.get("mincount")),
            maxcount=_count(section.get("maxcount")),
        )


@dataclass(frozen=True)
class KeyChoice:
    """The kind of key to make: `RSA` or `ECDSA`, and its size in bits."""

    key_type: str
    bits: int


@dataclass(frozen=True)
class Policy:
    """The parts of a validation policy that we act upon; `document` is the whole of it.

    Durations are in seconds and times in UNIX seconds; None, an empty text or an empty tuple
    where the policy does not say.
    """

    secondsmin: int | None
    secondsmax: int | None
    not_before_negative_skew: int
    issuer_expiry: int | None
    subject_dn: Mapping[str, StringRule]
    organizational_unit: ListRule | None
    san: Mapping[str, ListRule]
    key_type: str
    allowed_lengths: tuple[int, ...]
    key_format: str
    public_key_signature: str
    document: Mapping[str, Any] = field(repr=False)

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> Policy:
        """Read the policy as `GET /validationpolicy` returns it."""
        validity = _section(document.get("validity"))
        subject = _section(document.get("subject_dn"))
        key = _section(document.get("public_key"))
        unit = subject.get("organizational_unit")
        return cls(
            secondsmin=_count(validity.get("secondsmin")),
            secondsmax=_count(validity.get("secondsmax")) or None,
            not_before_negative_skew=_count(validity.get("not_before_negative_skew")) or 0,
            issuer_expiry=_count(validity.get("issuer_expiry")) or None,
            subject_dn={
                name: StringRule.parse(rule)
                for name, rule in subject.items()
                if isinstance(rule, Mapping) and "presence" in rule
            },
            organizational_unit=ListRule.parse(unit) if isinstance(unit, Mapping) else None,
            san={
                name: ListRule.parse(rule)
                for name, rule in _section(document.get("san")).items()
                if isinstance(rule, Mapping) and ("list" in rule or "maxcount" in rule)
            },
            key_type=_enumerated(key.get("key_type")),
            allowed_lengths=_lengths(key.get("allowed_lengths")),
            key_format=_enumerated(key.get("key_format")),
            public_key_signature=_enumerated(document.get("public_key_signature")),
            document=document,
        )

    @property
    def wants_csr(self) -> bool:
        """Whether the public key travels as a CSR, which is its own proof of possession."""
        return self.key_format == "PKCS10"

    @property
    def wants_proof(self) -> bool:
        """Whether a proof of possession goes beside the public key."""
        return not self.wants_csr and self.public_key_signature in ("REQUIRED", "OPTIONAL")

    @property
    def requires_common_name(self) -> bool:
        """Whether a request without a common name is refused."""
        rule = self.subject_dn.get("common_name")
        return rule is not None and rule.presence == "REQUIRED"

    def longest_validity(self, not_before: int) -> int | None:
        """The longest lifetime in seconds from `not_before`, None if the policy sets no limit."""
        limits = [] if self.secondsmax is None else [self.secondsmax]
        if self.issuer_expiry is not None:
            limits.append(self.issuer_expiry - not_before)
        return min(limits, default=None)

    def complete(self, request: CertificateRequest) -> CertificateRequest:
        """Leave out what the service adds itself and must not be sent, if it is the same."""
        subject = {
            name: value
            for name, value in request.subject_dn.items()
            if not self._is_static_subject(name, value)
        }
        san = {
            kind: names
            for kind, names in request.san.items()
            if kind not in self.san or not _is_static_list(self.san[kind], names, kind)
        }
        return replace(request, subject_dn=subject, san=san)

    def _is_static_subject(self, name: str, value: str | Sequence[str]) -> bool:
        if isinstance(value, str):
            rule = self.subject_dn.get(name)
            return rule is not None and rule.presence == "STATIC" and rule.format == value
        unit = self.organizational_unit
        return name == "organizational_unit" and unit is not None and _is_static_list(unit, value)

    def check(self, request: CertificateRequest) -> list[Violation]:
        """What the policy forbids of a request, empty if nothing that can be told here."""
        return [
            *_check_validity(self, request),
            *_check_subject(self, request),
            *_check_san(self, request),
            *_check_proof(self, request),
        ]

    def choose_key(self, key_type: str, bits: int | None) -> KeyChoice:
        """The kind of key to make for the options `privatekey_type` and `privatekey_size`.

        `auto` and None leave the choice to us: what the policy allows, P-256 before RSA, and the
        smallest size, but never RSA below 2048 bits. Raises `PolicyError`.
        """
        choices = [choice for kind in self._key_types() for choice in self._sizes(kind)]
        of_type = [choice for choice in choices if key_type in ("auto", choice.key_type)]
        if not of_type:
            raise PolicyError(_wrong_type(key_type, choices, self))
        fitting = [choice for choice in of_type if bits in (None, choice.bits)]
        if not fitting:
            raise PolicyError(_wrong_size(bits, of_type))
        return fitting[0]

    def _key_types(self) -> tuple[str, ...]:
        return (self.key_type,) if self.key_type in _KNOWN_BITS else tuple(_KNOWN_BITS)

    def _sizes(self, key_type: str) -> list[KeyChoice]:
        known = _KNOWN_BITS[key_type]
        if not self.allowed_lengths:
            return [KeyChoice(key_type, bits) for bits in known]
        if key_type == "RSA":
            usable = [bits for bits in self.allowed_lengths if bits >= _LEAST_RSA_BITS]
        else:
            usable = [bits for bits in self.allowed_lengths if bits in known]
        return [KeyChoice(key_type, bits) for bits in sorted(usable)]


def _wrong_type(key_type: str, choices: Sequence[KeyChoice], policy: Policy) -> Violation:
    if choices:
        allowed = " or ".join(dict.fromkeys(choice.key_type for choice in choices))
        rule = "is not what the validation policy allows"
        return Violation("privatekey_type", key_type, rule, f"give {allowed}, or auto")
    sizes = ", ".join(map(str, policy.allowed_lengths))
    return Violation(
        "privatekey_type",
        key_type,
        f"finds no usable key in the validation policy, which allows {policy.key_type} {sizes}",
        "the account needs a policy with RSA of 2048 bits or more, or with P-256, P-384 or P-521",
    )


def _wrong_size(bits: int | None, choices: Sequence[KeyChoice]) -> Violation:
    allowed = " or ".join(f"{choice.bits} ({choice.key_type})" for choice in choices)
    rule = "is not a size that the validation policy allows"
    return Violation("privatekey_size", str(bits), rule, f"give {allowed}, or leave it out")


def _check_validity(policy: Policy, request: CertificateRequest) -> Iterator[Violation]:
    if not request.not_after:
        return
    seconds = request.not_after - request.not_before
    least, most = policy.secondsmin, policy.longest_validity(request.not_before)
    if least is not None and seconds < least:
        rule = "is sooner than the validation policy allows"
        earliest = f"the lifetime must be at least {least} seconds"
        yield Violation("validity.not_after", str(request.not_after), rule, earliest)
    if most is not None and seconds > most:
        rule = "is later than the validation policy allows"
        latest = f"the latest is {request.not_before + most}, and leaving it out gives that"
        yield Violation("validity.not_after", str(request.not_after), rule, latest)


def _check_subject(policy: Policy, request: CertificateRequest) -> Iterator[Violation]:
    for name, rule in policy.subject_dn.items():
        value = request.subject_dn.get(name) or ""
        check = _PRESENCE_CHECKS.get(rule.presence)
        if check and isinstance(value, str):
            yield from check(f"subject_dn.{name}", value, rule)
    units = request.subject_dn.get("organizational_unit") or ()
    if policy.organizational_unit and not isinstance(units, str):
        yield from _check_list(
            "subject_dn.organizational_unit", tuple(units), policy.organizational_unit
        )


def _check_required(path: str, value: str, rule: StringRule) -> Iterator[Violation]:
    if not value:
        yield Violation(path, "", _REQUIRED, "state it")


def _check_forbidden(path: str, value: str, rule: StringRule) -> Iterator[Violation]:
    if value:
        yield Violation(path, value, "is forbidden by the validation policy", "leave it out")


def _check_static(path: str, value: str, rule: StringRule) -> Iterator[Violation]:
    if value and value != rule.format:
        yield _fixed(path, value, rule.format)


def _fixed(path: str, value: str, fixed: str) -> Violation:
    puts = f", the service puts {fixed!r} there" if fixed else ""
    return Violation(path, value, "is not what the validation policy fixes", f"leave it out{puts}")


_PRESENCE_CHECKS: Mapping[str, Callable[[str, str, StringRule], Iterator[Violation]]] = {
    "REQUIRED": _check_required,
    "FORBIDDEN": _check_forbidden,
    "STATIC": _check_static,
}


def _check_san(policy: Policy, request: CertificateRequest) -> Iterator[Violation]:
    for kind, rule in policy.san.items():
        names = tuple(request.san.get(kind) or ())
        yield from _check_list(f"san.{kind}", names, rule, kind)
        if kind in _SUFFIX_LISTS and not rule.is_static:
            yield from _check_suffixes(f"san.{kind}", names, rule)


def _check_list(
    path: str, values: tuple[str, ...], rule: ListRule, kind: str = ""
) -> Iterator[Violation]:
    shown, count = ", ".join(values), len(values)
    if rule.is_static:
        if values and not _is_static_list(rule, values, kind):
            yield _fixed(path, shown, ", ".join(rule.entries))
    elif rule.maxcount == 0 and values:
        yield Violation(path, shown, "is forbidden by the validation policy", "leave it out")
    elif rule.maxcount is not None and count > rule.maxcount:
        too_many = f"has {count} items, more than the validation policy allows"
        yield Violation(path, shown, too_many, f"give at most {rule.maxcount}")
    elif rule.mincount is not None and count < rule.mincount:
        too_few = f"has {count} items, fewer than the validation policy requires"
        least = f"give at least {rule.mincount}"
        yield Violation(path, shown, too_few if values else _REQUIRED, least)


def _check_suffixes(path: str, values: tuple[str, ...], rule: ListRule) -> Iterator[Violation]:
    """A name that no reading of the policy's suffixes admits (API reference, section 3.1).

    An entry that may be a regular expression or a pattern leaves it to the service.
    """
    suffixes = [entry.lower().rstrip(".") for entry in rule.entries]
    if not suffixes or any(_may_be_a_pattern(suffix) for suffix in suffixes):
        return
    for value in values:
        if not any(_admits(suffix, value.lower().rstrip(".")) for suffix in suffixes):
            listed = " or ".join(rule.entries)
            rule_text = "is not a name that the validation policy allows"
            yield Violation(path, value, rule_text, f"names there end with {listed}")


def _may_be_a_pattern(suffix: str) -> bool:
    return not suffix.isascii() or not _REGEX_SIGNS.isdisjoint(suffix)


def _admits(suffix: str, value: str) -> bool:
    """Whether any reading does: as the end of the name, or as the name above the separator."""
    return value.endswith(suffix) or value == suffix.lstrip(".@")


def _is_static_list(rule: ListRule, values: Sequence[str], kind: str = "") -> bool:
    if not rule.is_static:
        return False
    if kind in _SUFFIX_LISTS:
        return {value.lower() for value in values} == {entry.lower() for entry in rule.entries}
    return sorted(values) == sorted(rule.entries)


def _check_proof(policy: Policy, request: CertificateRequest) -> Iterator[Violation]:
    """Only of a request that has its key; a plan is checked before the key is made."""
    if not request.public_key or policy.wants_csr:
        return
    rule, proof = StringRule(policy.public_key_signature, ""), request.public_key_signature or ""
    check = _PRESENCE_CHECKS.get(rule.presence)
    if check:
        yield from check("public_key_signature", proof, rule)


def _section(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _enumerated(value: Any) -> str:
    return _text(value).upper()


def _count(value: Any) -> int | None:
    is_count = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return value if is_count else None


def _lengths(value: Any) -> tuple[int, ...]:
    members = value if isinstance(value, list) else []
    return tuple(member for member in members if _count(member))
