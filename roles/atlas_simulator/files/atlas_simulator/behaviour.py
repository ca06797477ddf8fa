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

DAY = 86400


def _setting(default: Any, text: str, choices: tuple[Any, ...] = ()) -> Any:
    return field(default=default, metadata={"text": text, "choices": choices})


@dataclass(frozen=True)
class Behaviour:
    """The settings, each with what it means in its metadata. Times are seconds."""

    token_seconds: int = _setting(600, "How long an access token is of use.")
    keep_tokens: bool = _setting(False, "Tokens outlive a restart (at the start only).")
    bare_claim_tokens: bool = _setting(False, "Claim tokens are given without their prefix.")
    old_claims: bool = _setting(False, "Claims are shown as by older servers: fewer members.")
    claim_token_seconds: int = _setting(30 * DAY, "How long a claim's token can be asserted.")
    reuse_seconds: int = _setting(200 * DAY, "How long a verification can be used.")
    resolvers_must_agree: int = _setting(0, "How many resolvers must see the same; 0: all.")
    caa_checked: bool = _setting(False, "CAA records are checked when a certificate is asked for.")
    issuance_delay: int = _setting(0, "How long a certificate is being issued (202).")
    refuse_later: bool = _setting(False, "Requests are accepted, and then refused by the backend.")
    quota_counted: str = _setting(
        "accepted", "When a certificate is taken off the quota.", ("accepted", "issued")
    )
    statistics_delay: int = _setting(0, "How late statistics tell of a certificate.")
    statistics_pending: bool = _setting(False, "Statistics tell of certificates still pending.")
    validity: str = _setting(
        "exact",
        "What the CA makes of the validity: whole days, an hour set back, or half at most.",
        ("exact", "truncated", "backdated", "clamped"),
    )
    add_name: bool = _setting(
        False, "The CA adds www. and the first name, and that name without its *."
    )
    lower_case_names: bool = _setting(False, "The CA writes DNS names in lower case.")
    drop_usages: bool = _setting(False, "The CA leaves all extended key usages but one out.")
    ignore_mode: bool = _setting(
        False, "The header mode is ignored: what was to be checked issues."
    )
    signer: str = _setting(
        "newest", "Which issuing CA signs after a rotation.", ("newest", "previous", "mixed")
    )
    trust_chain: str = _setting(
        "newest", "Which issuing CA the trust chain begins with.", ("newest", "previous")
    )
    date_skew: int = _setting(0, "How far the Date header is off the service's clock.")
    revoke_again: int = _setting(412, "What PATCH says of a revoked certificate.", (412, 409, 204))
    idle_seconds: int = _setting(
        75, "When an idle connection is closed, as by a load balancer (at the start only)."
    )
    rate_limit: int = _setting(0, "How many requests a second an account may make; 0: any.")
    rate_burst: int = _setting(10, "How many requests may come at once under the rate limit.")
    retry_after: str = _setting(
        "none", "The Retry-After header of 429 and 503.", ("none", "seconds", "date")
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
    kind = type(setting.default)
    if isinstance(given, str) and kind is not str:
        given = {"true": True, "false": False}.get(given.lower(), given)
        if kind is int and isinstance(given, str) and given.lstrip("-").isdigit():
            given = int(given)
    choices = setting.metadata.get("choices", ())
    if type(given) is not kind or (choices and given not in choices):
        kinds = {bool: "true or false", int: "a whole number", str: "a text"}
        allowed = ", ".join(map(str, choices)) or kinds[kind]
        raise ValueError(f"{setting.name}: {given} is not one of {allowed}")
    return given
