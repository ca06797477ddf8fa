# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The validation policy, enforced on POST /certificates (API reference, sections 3 and 4).

Checks run in the order of section 4.2 and stop at the first problem: the JSON shape (400), then
section by section in modules of their own (422).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

from .. import messages
from ..pki.leaf import Leaf
from .custom import custom_extensions
from .microsoft import template
from .public_key import proven_key
from .qualified import qualified_statements
from .readings import Readings
from .rules import refused, require_known, section
from .san import is_dns_name, other_names, subject_alternative_names
from .shape import MEMBERS, decode
from .signature import chosen_signature
from .subject import subject
from .subject_directory import subject_directory
from .usages import extended_key_usages, key_usages
from .validity import validity


def accept(
    body: Any,
    policy: Mapping[str, Any],
    readings: Readings,
    serial: str,
    now: int,
    issuer_expiry: int,
) -> Leaf:
    """What the certificate will say.

    `body` is the decoded JSON of the request. `serial` is in upper-case hex, `now` and
    `issuer_expiry` (the end of the issuing CA) are in UNIX seconds. Raises `ServiceError` 400 for
    a body of another shape, and 422 for the first thing that the policy does not admit.
    """
    request = decode(body)
    require_known("", request, MEMBERS, readings)
    not_before, not_after = validity(
        request["validity"], section(policy, "validity"), now, issuer_expiry
    )
    require_known("validity", request["validity"], ("not_before", "not_after"), readings)
    name = subject(request.get("subject_dn", {}), section(policy, "subject_dn"), readings)
    names = request.get("san", {})
    san = subject_alternative_names(names, section(policy, "san"), readings)
    others = other_names(names, section(policy, "san"), readings)
    if readings.common_name_in_san:
        _require_in_san(request.get("subject_dn", {}).get("common_name"), san["dns_names"])
    usages = key_usages(request.get("key_usages", {}), policy.get("key_usages"), readings)
    ekus = extended_key_usages(
        request.get("extended_key_usages"), section(policy, "extended_key_usages"), readings
    )
    directory = subject_directory(request.get("subject_da"), policy.get("subject_da"), readings)
    statements = qualified_statements(
        request.get("qualified_statements"), policy.get("qualified_statements"), readings
    )
    microsoft = template(
        request.get("ms_extension_template"), policy.get("ms_extension_template"), readings
    )
    custom = custom_extensions(
        request.get("custom_extensions"), policy.get("custom_extensions"), readings
    )
    signature = chosen_signature(request.get("signature"), policy.get("signature"), readings)
    key = proven_key(request, policy, readings)
    if usages is None:
        usages = {"digital_signature": True, "key_encipherment": isinstance(key, rsa.RSAPublicKey)}
    return Leaf(
        serial=serial,
        not_before=not_before,
        not_after=not_after,
        subject=name,
        san=san,
        san_critical=bool(section(policy, "san").get("critical")),
        other_names=others,
        key_usages=usages,
        ekus=ekus,
        ekus_critical=bool(section(policy, "extended_key_usages").get("critical")),
        directory=directory,
        statements=statements,
        template=microsoft,
        custom_extensions=custom,
        signature=signature,
        public_key=key,
    )


def _require_in_san(common_name: str | None, dns_names: list[str]) -> None:
    """A common name that looks like a DNS name is one of the DNS names (uncertainty U27)."""
    if common_name is None or "." not in common_name or not is_dns_name(common_name):
        return
    if common_name.lower() not in (name.lower() for name in dns_names):
        raise refused(messages.INVALID_VALUE, "subject_dn.common_name")
