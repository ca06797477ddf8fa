# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which kind of key to make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .model import KeyRule
from .verdict import PolicyError, Violation

KNOWN_BITS: Mapping[str, tuple[int, ...]] = {"ECDSA": (256, 384, 521), "RSA": (2048, 3072, 4096)}
"""The sizes that the service names, in the order in which they are chosen: P-256 first."""
_LEAST_RSA_BITS, _MOST_RSA_BITS = 2048, 8192
"""Making a longer key takes minutes."""
_MOST_SIZES_SHOWN = 10


@dataclass(frozen=True)
class KeyChoice:
    """A kind of key: `RSA` or `ECDSA`, and its size in bits."""

    key_type: str
    bits: int


def choose_key(rule: KeyRule, key_type: str, bits: int | None) -> KeyChoice:
    """The kind of key to make for the options `privatekey_type` and `privatekey_size`: the first
    of `fitting_keys`. Raises `PolicyError`."""
    return fitting_keys(rule, key_type, bits)[0]


def fitting_keys(rule: KeyRule, key_type: str, bits: int | None) -> list[KeyChoice]:
    """The kinds of key that fit the policy and the options `privatekey_type` and
    `privatekey_size`, the one to make first.

    `auto` and None leave the choice to us: what the policy allows, P-256 before RSA, and the
    smallest size, but never RSA below 2048 bits. Raises `PolicyError`.
    """
    choices = [choice for kind in _key_types(rule) for choice in _sizes(rule, kind)]
    of_type = [choice for choice in choices if key_type in ("auto", choice.key_type)]
    if not of_type:
        raise PolicyError([_wrong_type(key_type, choices, rule)])
    fitting = [choice for choice in of_type if bits in (None, choice.bits)]
    if not fitting:
        raise PolicyError([_wrong_size(bits, of_type)])
    return fitting


def _key_types(rule: KeyRule) -> tuple[str, ...]:
    kinds = tuple(KNOWN_BITS)
    return tuple(kind for kind in kinds if kind == rule.key_type) or kinds


def _sizes(rule: KeyRule, key_type: str) -> list[KeyChoice]:
    known = KNOWN_BITS[key_type]
    if not rule.allowed_lengths:
        return [KeyChoice(key_type, bits) for bits in known]
    if key_type == "RSA":
        usable = [
            bits for bits in rule.allowed_lengths if _LEAST_RSA_BITS <= bits <= _MOST_RSA_BITS
        ]
    else:
        usable = [bits for bits in rule.allowed_lengths if bits in known]
    return [KeyChoice(key_type, bits) for bits in sorted(usable)]


def _wrong_type(key_type: str, choices: Sequence[KeyChoice], rule: KeyRule) -> Violation:
    if choices:
        allowed = " or ".join(dict.fromkeys(choice.key_type for choice in choices))
        rule_text = "is not what the validation policy allows"
        return Violation("privatekey_type", key_type, rule_text, f"give {allowed}, or auto")
    sizes = ", ".join(map(str, rule.allowed_lengths[:_MOST_SIZES_SHOWN]))
    return Violation(
        "privatekey_type",
        key_type,
        "finds no usable key in the validation policy, which allows"
        f" {rule.key_type or 'keys of'} {sizes}",
        f"the account needs a policy with RSA of {_LEAST_RSA_BITS} to {_MOST_RSA_BITS} bits, or"
        " with P-256, P-384 or P-521",
    )


def _wrong_size(bits: int | None, choices: Sequence[KeyChoice]) -> Violation:
    allowed = " or ".join(f"{choice.bits} ({choice.key_type})" for choice in choices)
    rule_text = "is not a size that the validation policy allows"
    return Violation("privatekey_size", str(bits), rule_text, f"give {allowed}, or leave it out")
