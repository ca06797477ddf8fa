# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the service behaves where the reference leaves it open, or where clients must cope.

Each member of `Behaviour` is a setting: `--set NAME=VALUE`, and `POST /settings` of the control
listener while it runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields, replace
from typing import Any

from .policy.readings import Readings
from .values import about

DAY = 86400


@dataclass(frozen=True)
class Behaviour:
    """The settings, each with what it means in its metadata. Times are seconds."""

    token_seconds: int = field(default=600, metadata=about("How long an access token is of use."))
    keep_tokens: bool = field(
        default=False, metadata=about("Tokens outlive a restart (at the start only).")
    )
    bare_claim_tokens: bool = field(
        default=False, metadata=about("Claim tokens are given without their prefix.")
    )
    old_claims: bool = field(
        default=False, metadata=about("Claims are shown as by older servers: fewer members.")
    )
    claim_names: str = field(
        default="public",
        metadata=about(
            "What can be claimed: domains that can be public ones (no underscore, no public suffix,"
            " A-labels that mean something), or any.",
            ("public", "any"),
        ),
    )
    ip_claims: bool = field(
        default=True,
        metadata=about("IP addresses can be claimed; if not, there are no such endpoints (404)."),
    )
    claim_token_seconds: int = field(
        default=30 * DAY, metadata=about("How long a claim's token can be asserted.")
    )
    reuse_seconds: int = field(
        default=200 * DAY, metadata=about("How long a verification can be used.")
    )
    resolvers_must_agree: int = field(
        default=0, metadata=about("How many resolvers must see the same; 0: all.")
    )
    caa_checked: bool = field(
        default=False, metadata=about("CAA records are checked when a certificate is asked for.")
    )
    issuance_delay: int = field(
        default=0, metadata=about("How long a certificate is being issued (202).")
    )
    refuse_later: bool = field(
        default=False, metadata=about("Requests are accepted, and then refused by the backend.")
    )
    quota_counted: str = field(
        default="accepted",
        metadata=about("When a certificate is taken off the quota.", ("accepted", "issued")),
    )
    statistics_delay: int = field(
        default=0, metadata=about("How late statistics tell of a certificate.")
    )
    statistics_pending: bool = field(
        default=False, metadata=about("Statistics tell of certificates still pending.")
    )
    validity: str = field(
        default="exact",
        metadata=about(
            "What the CA makes of the validity: whole days, an hour set back, or half at most.",
            ("exact", "truncated", "backdated", "clamped"),
        ),
    )
    add_name: bool = field(
        default=False,
        metadata=about("The CA adds www. and the first name, and that name without its *."),
    )
    lower_case_names: bool = field(
        default=False, metadata=about("The CA writes DNS names in lower case.")
    )
    drop_usages: bool = field(
        default=False, metadata=about("The CA leaves all extended key usages but one out.")
    )
    ignore_mode: bool = field(
        default=False, metadata=about("The header mode is ignored: what was to be checked issues.")
    )
    signer: str = field(
        default="newest",
        metadata=about("Which issuing CA signs after a rotation.", ("newest", "previous", "mixed")),
    )
    trust_chain: str = field(
        default="newest",
        metadata=about("Which issuing CA the trust chain begins with.", ("newest", "previous")),
    )
    date_skew: int = field(
        default=0, metadata=about("How far the Date header is off the service's clock.")
    )
    revoke_again: int = field(
        default=412, metadata=about("What PATCH says of a revoked certificate.", (412, 409, 204))
    )
    idle_seconds: int = field(
        default=75,
        metadata=about(
            "When an idle connection is closed, as by a load balancer (at the start only)."
        ),
    )
    rate_limit: int = field(
        default=0, metadata=about("How many requests a second an account may make; 0: any.")
    )
    rate_burst: int = field(
        default=10, metadata=about("How many requests may come at once under the rate limit.")
    )
    retry_after: str = field(
        default="none",
        metadata=about("The Retry-After header of 429 and 503.", ("none", "seconds", "date")),
    )


def changed(
    behaviour: Behaviour, readings: Readings, changes: Mapping[str, Any]
) -> tuple[Behaviour, Readings]:
    """Settings with some changed; raises `ValueError` with a sentence about a bad one."""
    known = {each.name: each for each in (*fields(behaviour), *fields(readings))}
    for name in changes:
        if name not in known:
            raise ValueError(f"{name} is no setting; there are {', '.join(known)}")
    values = {name: _value(known[name], given) for name, given in changes.items()}
    of_readings = {each.name for each in fields(readings)}
    return (
        replace(behaviour, **{name: v for name, v in values.items() if name not in of_readings}),
        replace(readings, **{name: v for name, v in values.items() if name in of_readings}),
    )


def _value(setting: Field[Any], given: Any) -> Any:
    kind: type = type(setting.default)
    value = _converted(given, kind) if isinstance(given, str) else given
    choices = setting.metadata.get("choices", ())
    is_right = isinstance(value, kind) and isinstance(value, bool) == (kind is bool)
    if not is_right or (choices and value not in choices):
        kinds = {bool: "true or false", int: "a whole number", str: "a text"}
        allowed = ", ".join(map(str, choices)) or kinds[kind]
        raise ValueError(f"{setting.name}: {given} is not one of {allowed}")
    return value


def _converted(text: str, kind: type) -> Any:
    """A text of the command line as a value of this kind, if it is one."""
    if kind is bool:
        return {"true": True, "false": False}.get(text.lower(), text)
    if kind is int and text.removeprefix("-").isdigit():
        return int(text)
    return text
