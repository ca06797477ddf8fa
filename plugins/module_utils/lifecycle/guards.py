# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Guards that are counted where the credentials are: what a task may ask for, and how much."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from ..errors import AtlasError
from ..names import dns_name
from .wanted import Wanted


def refuse_other_names(wanted: Wanted, allowed: Sequence[str] | None) -> None:
    """Raise an `AtlasError` for a name that the task may not ask for. None allows all names.

    A pattern is a DNS name, `*.` before one for all names below it, an IP address or network, an
    e-mail address, or `@` before a domain for all addresses in it.
    """
    if allowed is None:
        return
    for option, name in _names(wanted):
        if not any(_allows(pattern.strip(), name) for pattern in allowed):
            shown = ", ".join(allowed) or "none"
            raise AtlasError(
                f"{option}: {name!r} is not among the names that this task may ask for;"
                f" allowed_names allows {shown}."
            )


_COMMON_NAME, _EMAIL_ADDRESS, _ALTERNATIVE_NAME = (
    "2.5.4.3",
    "1.2.840.113549.1.9.1",
    "2.5.29.17",
)


def _names(wanted: Wanted) -> Iterable[tuple[str, str]]:
    """Everything in the request that may say who the holder is, and the option that says it."""
    for kind, names in wanted.san.items():
        for name in names:
            yield f"san.{kind}", _host(name) if kind == "uris" else name
    for entry in wanted.sections.get("san.other_names", ()):
        yield "san.other_names", entry.get("value", "")
    for entry in wanted.sections.get("subject.extra_attributes", ()):
        if entry["type"] in (_COMMON_NAME, _EMAIL_ADDRESS):
            yield "subject.extra_attributes", entry.get("value", "")
    for address in wanted.subject.get("email", ()):
        yield "subject.email", address
    for name in wanted.subject.get("common_name", ()):
        # That of a person is none that anybody would connect to.
        if not _is_of_a_person(name):
            yield "subject.common_name", _normal_host(name.strip())
    for extension in wanted.sections.get("custom_extensions", {}):
        if extension == _ALTERNATIVE_NAME:
            yield "custom_extensions", f"{extension} (subject alternative names)"


def _is_of_a_person(common_name: str) -> bool:
    return " " in common_name.strip() and "@" not in common_name


def _normal_host(name: str) -> str:
    try:
        return dns_name(name, "subject.common_name")
    except AtlasError:
        return name


def _host(uri: str) -> str:
    """What of a URI names somebody: its host, or all of it where there is none."""
    try:
        return urlsplit(uri).hostname or uri
    except ValueError:
        return uri


def _allows(pattern: str, name: str) -> bool:
    if pattern.lower() == name.lower():
        return True
    if ":" in name and _network(name) is None:
        return False  # a URI without a host, of which no part names its holder for certain
    if "@" in pattern or "@" in name:
        _local, at_sign, domain = name.lower().rpartition("@")
        return bool(at_sign) and pattern.lower() == f"@{domain}"
    network = _network(pattern)
    if network is not None:
        address = _network(name)
        return address is not None and _within(address, network)
    if pattern.startswith("*."):
        parent = dns_name(pattern[2:], "allowed_names")
        return name.lower().endswith(f".{parent}") and _network(name) is None
    return name.lower() == dns_name(pattern, "allowed_names")


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _within(
    inner: ipaddress.IPv4Network | ipaddress.IPv6Network,
    outer: ipaddress.IPv4Network | ipaddress.IPv6Network,
) -> bool:
    return inner[0] in outer and inner[-1] in outer


def refuse_too_many(due: int, most: int | None) -> None:
    """Raise an `AtlasError` if a task would ask for more certificates than it may."""
    if most is not None and due > most:
        raise AtlasError(
            f"max_issue: {due} certificates are due, and this task may ask for at most {most};"
            " nothing was asked for. Look at the reasons (in check mode), and raise max_issue if"
            " they are right."
        )


def refuse_low_quota(due: int, left: int, least: int) -> None:
    """Raise an `AtlasError` if less than `least` of the quota would be left after the task."""
    if left - due < least:
        raise AtlasError(
            f"min_quota: {due} certificates are due and {left} are left in the account's quota, so"
            f" fewer than {least} would be left; nothing was asked for. Order more in the Atlas"
            " portal, or lower min_quota."
        )


def quota_is_used_up(left: int, due: int) -> str:
    """What is said of a certificate that the account's quota has no room for."""
    return (
        f"quota: {due} certificates are due and {left} are left in the account's quota, which is"
        " not enough for this one; nothing was asked for. Order more in the Atlas portal."
    )
