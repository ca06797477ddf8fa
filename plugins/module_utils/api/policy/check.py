# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the policy says of a request. It refuses only what every plausible reading refuses."""

from __future__ import annotations

from collections.abc import Iterator

from ..request import CertificateRequest
from . import sections
from .key_choice import KNOWN_BITS, KeyChoice
from .model import CSR_FORMAT, Policy
from .rules import FORBIDDEN, OPTIONAL, REQUIRED
from .verdict import Finding, Undecided, Verdict, Violation, forbidden, required, unclear

_CLOCK_TOLERANCE = 60
"""Seconds by which the service's clock, as we know it, may be wrong."""

_SECTIONS = (
    sections.check_subject,
    sections.check_san,
    sections.check_key_usages,
    sections.check_extended_key_usages,
    sections.check_directory,
    sections.check_statements,
    sections.check_template,
    sections.check_custom_extensions,
    sections.check_signature,
)


def check_request(
    policy: Policy,
    request: CertificateRequest,
    key: KeyChoice | None = None,
    now: int | None = None,
) -> Verdict:
    """What the policy says of a request.

    `key` is the kind of the public key, or of the one that is going to be made; `now` is the
    service's time in UNIX seconds. What is not given is not checked.
    """

    def findings() -> Iterator[Finding]:
        yield from _check_start(policy, request, now)
        yield from _check_end(policy, request)
        for check in _SECTIONS:
            yield from check(policy, request)
        yield from _check_key(policy, key)
        yield from _check_proof(policy, request)

    return Verdict.of(findings())


def _check_start(policy: Policy, request: CertificateRequest, now: int | None) -> Iterator[Finding]:
    if now is None:
        return
    rule, path, offset = policy.validity, "validity.not_before", request.not_before - now
    is_early = offset < 0
    skew = rule.not_before_negative_skew if is_early else rule.not_before_positive_skew
    beyond = abs(offset) - (skew or 0)
    if offset == 0 or (skew is not None and beyond < 0):
        return
    if skew is None:
        yield unclear(path, "does not say how far it may be from the present")
    elif beyond <= _CLOCK_TOLERANCE:
        yield Undecided(path, "it depends on the service's clock")
    else:
        when, bound = ("earlier", "least") if is_early else ("later", "most")
        nearest = request.not_before + (beyond if is_early else -beyond)
        wrong = f"is {when} than the validation policy allows"
        yield Violation(path, str(request.not_before), wrong, f"give at {bound} {nearest}")


def _check_end(policy: Policy, request: CertificateRequest) -> Iterator[Finding]:
    """The lifetime, whose last second may count or not (RFC 5280, section 4.1.2.5)."""
    path, rule = "validity.not_after", policy.validity
    most = rule.longest(request.not_before)
    if not request.not_after:
        if most is None or most < max(rule.secondsmin or 0, 1):
            yield unclear(path, "leaves open which end is granted")
        return
    seconds, least = request.not_after - request.not_before, rule.secondsmin or 0
    if seconds + 1 < least or seconds < 0:
        rule_text = "is sooner than the validation policy allows"
        earliest = f"the lifetime must be at least {least} seconds"
        yield Violation(path, str(request.not_after), rule_text, earliest)
    elif most is None:
        yield unclear(path, "sets no upper bound")
    elif seconds > most:
        rule_text = "is later than the validation policy allows"
        latest = f"the latest is {request.not_before + most}, and leaving it out gives that"
        yield Violation(path, str(request.not_after), rule_text, latest)
    elif seconds < max(least, 1) or seconds == most:
        yield Undecided(path, "it depends on whether the last second counts")


def _check_key(policy: Policy, key: KeyChoice | None) -> Iterator[Finding]:
    if key is None:
        return
    rule, path, shown = policy.key, "public_key", f"{key.key_type} {key.bits}"
    if rule.key_type not in KNOWN_BITS:
        yield unclear(path, "does not say which type of key it wants")
    elif key.key_type != rule.key_type:
        wrong = "is not the type of key that the validation policy wants"
        yield Violation(path, shown, wrong, f"give a key of the type {rule.key_type}")
    elif not rule.allowed_lengths:
        yield unclear(path, "does not say how long a key may be")
    elif key.bits not in rule.allowed_lengths:
        sizes = " or ".join(map(str, rule.allowed_lengths))
        wrong = "is not a size that the validation policy allows"
        yield Violation(path, shown, wrong, f"give {sizes} bits")


def _check_proof(policy: Policy, request: CertificateRequest) -> Iterator[Finding]:
    """Only of a request that has its key; a plan is checked before the key is made."""
    if not request.public_key:
        return
    is_csr = "CERTIFICATE REQUEST" in request.public_key
    if policy.key.key_format is None and is_csr:
        yield unclear("public_key", "does not say whether it takes a CSR")
    elif policy.key.key_format is not None and is_csr != policy.wants_csr:
        wanted = "a CSR" if policy.key.key_format == CSR_FORMAT else "a public key"
        wrong = "is not in the format that the validation policy wants"
        yield Violation("public_key", "", wrong, f"give {wanted} in PEM format")
    path, presence = "public_key_signature", policy.public_key_signature
    proof = request.public_key_signature or ""
    if is_csr and (proof or presence == REQUIRED):
        yield Undecided(path, "a CSR is its own proof of possession")
    elif is_csr:
        return
    elif proof and presence == FORBIDDEN:
        yield forbidden(path, proof)
    elif not proof and presence == REQUIRED:
        yield required(path)
    elif presence not in (REQUIRED, FORBIDDEN, OPTIONAL):
        yield unclear(path, "does not say whether a proof of possession is wanted")
