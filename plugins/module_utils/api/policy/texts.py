# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Single texts and numbers against their rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

from . import pattern
from .rules import FORBIDDEN, REQUIRED, STATIC, IntegerRule, StringRule
from .verdict import Finding, Undecided, Violation, fixed, forbidden, required, unclear, unlisted

Doubt = Callable[[str], str]
"""Why the service may not be able to encode a text, empty if it surely is."""

_parsed = lru_cache(maxsize=1024)(pattern.parse)


def matches(format_: str | None, value: str) -> bool | None:
    """Whether a pattern admits a value; None where that depends on how it is read.

    Patterns are searched for, or match the whole of a value (uncertainty U21).
    """
    compiled = None if format_ is None else _parsed(format_)
    if compiled is None or any("\ud800" <= char <= "\udfff" for char in value):
        return None
    if compiled.fullmatch(value):
        return True
    return None if compiled.search(value) else False


def check_text(
    path: str, value: str, rule: StringRule | None, doubt: Doubt | None = None
) -> Iterator[Finding]:
    """A text, empty if it is not sent, against its StringPolicy."""
    if rule is None:
        if value:
            yield unlisted(path)
    elif rule.presence is None:
        yield unclear(path, "does not say whether it may be sent")
    elif rule.presence == STATIC:
        yield from _check_static(path, value, rule.format or "")
    elif not value:
        if rule.presence == REQUIRED:
            yield required(path)
    elif rule.presence == FORBIDDEN:
        yield forbidden(path, value)
    else:
        yield from check_format(path, value, rule.format, doubt)


def _check_static(path: str, value: str, static: str) -> Iterator[Finding]:
    """What is static is refused even if it is the same, or only if it is not."""
    if not static:
        yield unclear(path, "does not say what is static")
    elif value.casefold().split() == static.casefold().split():
        yield Undecided(path, "the service puts the same there itself")
    elif value:
        yield fixed(path, value, static)


def check_format(
    path: str, value: str, format_: str | None, doubt: Doubt | None = None
) -> Iterator[Finding]:
    """A value that may be sent, against its pattern and against what can be encoded."""
    is_admitted = matches(format_, value)
    if is_admitted is False:
        rule = "does not match what the validation policy demands"
        yield Violation(path, value, rule, f"the pattern there is {format_}")
    elif is_admitted is None:
        yield unclear(path, f"has a pattern that can be read in several ways: {format_}")
    elif doubt and doubt(value):
        yield Undecided(path, doubt(value))


def check_number(path: str, value: int | None, rule: IntegerRule | None) -> Iterator[Finding]:
    """A number, None if it is not sent, against its IntegerPolicy."""
    if rule is None:
        if value is not None:
            yield unlisted(path)
    elif rule.presence is None:
        yield unclear(path, "does not say whether it may be sent")
    elif value is None:
        if rule.presence == REQUIRED:
            yield required(path)
        elif rule.presence == STATIC and (rule.min is None or rule.min != rule.max):
            yield unclear(path, "does not say what is static")
    elif rule.presence == FORBIDDEN:
        yield Undecided(path, "0 may stand for none") if value == 0 else forbidden(path, str(value))
    elif rule.presence == STATIC:
        yield from _check_static_number(path, value, rule)
    else:
        yield from _check_bounds(path, value, rule)


def _check_static_number(path: str, value: int, rule: IntegerRule) -> Iterator[Finding]:
    if value in (0, rule.min) or rule.min is None or rule.min != rule.max:
        yield Undecided(path, "the service puts a number there itself")
    else:
        yield fixed(path, str(value), str(rule.min))


def _check_bounds(path: str, value: int, rule: IntegerRule) -> Iterator[Finding]:
    if value == 0 and rule.min:
        yield Undecided(path, "0 may stand for none")
    elif rule.min is not None and value < rule.min:
        too_small = "is less than the validation policy allows"
        yield Violation(path, str(value), too_small, f"give at least {rule.min}")
    elif rule.max is None:
        yield unclear(path, "sets no upper bound")
    elif value > rule.max:
        too_big = "is more than the validation policy allows"
        yield Violation(path, str(value), too_big, f"give at most {rule.max}")
