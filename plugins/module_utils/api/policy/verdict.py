# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the policy says of a request, field by field."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Union

from ...errors import AtlasError

_LONGEST_VALUE = 100
_OPTIONS = {
    "subject_dn": "subject",
    "subject_da": "subject_directory_attributes",
    "ms_extension_template": "ms_template",
}


@dataclass(frozen=True)
class Violation:
    """A value that the policy does not allow, however it is read.

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
        return f"{option_of(self.path)}: {given}{self.rule}; {self.allowed}."


@dataclass(frozen=True)
class Undecided:
    """A field of which only the service can tell; `why` completes "because"."""

    path: str
    why: str


Finding = Union[Violation, Undecided]


@dataclass(frozen=True)
class Verdict:
    """What was found. Fields that are in neither list are all right."""

    violations: tuple[Violation, ...]
    undecided: tuple[Undecided, ...]

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> Verdict:
        """Sort the findings."""
        found = list(findings)
        return cls(
            tuple(finding for finding in found if isinstance(finding, Violation)),
            tuple(finding for finding in found if isinstance(finding, Undecided)),
        )

    @property
    def is_ok(self) -> bool:
        """Whether the policy allows the request however it is read."""
        return not self.violations and not self.undecided


class PolicyError(AtlasError):
    """The policy does not allow what options ask for."""

    def __init__(self, violations: Sequence[Violation]) -> None:
        super().__init__(" ".join(map(str, violations)))
        self.violations = tuple(violations)


def option_of(path: str) -> str:
    """The name under which users state a field of the request."""
    first, dot, rest = path.partition(".")
    if first == "validity":
        return rest
    return _OPTIONS.get(first, first) + dot + rest


def forbidden(path: str, value: str) -> Violation:
    """The field must not be sent."""
    return Violation(path, value, "is forbidden by the validation policy", "leave it out")


def required(path: str) -> Violation:
    """The field must be sent."""
    return Violation(path, "", "is required by the validation policy", "state it")


def fixed(path: str, value: str, static: str) -> Violation:
    """The service puts in another value itself."""
    puts = f", the service puts {static!r} there" if static else ""
    return Violation(path, value, "is not what the validation policy fixes", f"leave it out{puts}")


def unlisted(path: str) -> Undecided:
    """The policy does not speak of the field."""
    return Undecided(path, "the validation policy has no entry for it")


def unclear(path: str, what: str) -> Undecided:
    """The policy speaks of the field, but not as documented."""
    return Undecided(path, f"the validation policy {what}")
