# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists of texts against their ListPolicy, in its two flavours (API reference, section 3.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from .rules import ListRule
from .texts import Doubt, matches
from .verdict import Finding, Undecided, Violation, fixed, forbidden, unclear, unlisted

_PATTERN_SIGNS = frozenset("^$\\[](){}|+?*")

Admission = Callable[[str, str], "bool | None"]
"""Whether an entry of the list admits a value; None where that depends on how it is read."""


class _Flavour(NamedTuple):
    """What the entries of a list mean, and how that is said."""

    admits: Admission
    explained: str


def check_patterns(
    path: str, values: Sequence[str], rule: ListRule | None, doubt: Doubt | None = None
) -> Iterator[Finding]:
    """A list whose entries are patterns: each value matches at least one of them."""
    yield from _check_list(path, values, rule, _Flavour(matches, "the patterns there are"), doubt)


def check_suffixes(
    path: str, values: Sequence[str], rule: ListRule | None, doubt: Doubt | None = None
) -> Iterator[Finding]:
    """A list whose entries are suffixes: each value ends with at least one of them."""
    flavour = _Flavour(admits_suffix, "names there end with")
    yield from _check_list(path, values, rule, flavour, doubt)


def _check_list(
    path: str,
    values: Sequence[str],
    rule: ListRule | None,
    flavour: _Flavour,
    doubt: Doubt | None,
) -> Iterator[Finding]:
    if rule is None:
        if values:
            yield unlisted(path)
    elif rule.is_static is None:
        yield unclear(path, "does not say whether the list is static")
    elif rule.is_static:
        yield from _check_static(path, values, rule)
    else:
        yield from check_count(path, values, rule.mincount, rule.maxcount)
        for value in values if rule.maxcount != 0 else ():
            yield from _check_value(path, value, rule, flavour, doubt)


def _check_static(path: str, values: Sequence[str], rule: ListRule) -> Iterator[Finding]:
    entries = [entry or "" for entry in rule.entries]
    if values and {value.lower() for value in values} == {entry.lower() for entry in entries}:
        yield Undecided(path, "the service puts the same there itself")
    elif values:
        yield fixed(path, ", ".join(values), ", ".join(entries))


def check_count(
    path: str, values: Sequence[str], mincount: int | None, maxcount: int | None
) -> Iterator[Finding]:
    """How many values there are. Without a maximum there is no limit, or nothing is allowed."""
    shown, count, different = ", ".join(values), len(values), len(set(values))
    if different < count:
        yield Undecided(path, "values that come twice may count once")
    if maxcount == 0 and values:
        yield forbidden(path, shown)
    elif maxcount is None and values:
        yield unclear(path, "does not say how many there may be")
    elif maxcount is not None and different > maxcount:
        too_many = f"has {count} items, more than the validation policy allows"
        yield Violation(path, shown, too_many, f"give at most {maxcount}")
    elif mincount is not None and count < mincount:
        too_few = f"has {count} items, fewer than the validation policy requires"
        rule = too_few if values else "is required by the validation policy"
        yield Violation(path, shown, rule, f"give at least {mincount}")


def _check_value(
    path: str, value: str, rule: ListRule, flavour: _Flavour, doubt: Doubt | None
) -> Iterator[Finding]:
    if not rule.entries:
        yield unclear(path, "has an empty list, which may allow nothing or anything")
        return
    answers = {None if entry is None else flavour.admits(entry, value) for entry in rule.entries}
    if True not in answers and None in answers:
        yield unclear(path, f"can be read in several ways for {value!r}")
    elif True not in answers:
        listed = " or ".join(entry for entry in rule.entries if entry is not None)
        wrong = "is not among what the validation policy allows"
        yield Violation(path, value, wrong, f"{flavour.explained} {listed}")
    elif doubt and doubt(value):
        yield Undecided(path, doubt(value))


def admits_suffix(entry: str, value: str) -> bool | None:
    """Whether an entry of a suffix list admits a name.

    Just a dot admits everything. Else a name ends with the entry, at a label boundary or
    anywhere; a name that is the entry without its leading sign may do, and an entry may be a
    pattern (uncertainty U21).
    """
    if entry == ".":
        return True
    if not _PATTERN_SIGNS.isdisjoint(entry):
        return None if matches(entry, value) is not False else False
    if value.endswith(entry) and len(value) > len(entry) and entry[:1] in (".", "@"):
        return True
    if entry and (value == entry or value.endswith(_boundary(value) + entry)):
        return True
    if not entry.isascii():
        return None  # a name in its other form, perhaps
    may_do = value.lower().rstrip(".").endswith(entry.lower().rstrip("."))
    is_bare = value.lower() == entry.lower().lstrip(".@")
    return None if may_do or is_bare else False


def _boundary(value: str) -> str:
    """What stands before the entry in a name: a mail address has its host after an @."""
    return "@" if "@" in value else "."
