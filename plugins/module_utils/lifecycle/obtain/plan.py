# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What will be asked for: each due certificate as a request that the policy allows."""

from __future__ import annotations

from dataclasses import dataclass

from ...api.client import Client
from ...api.policy.check import check_request
from ...api.policy.completion import complete
from ...api.policy.key_choice import choose_key
from ...api.policy.model import Policy
from ...api.policy.verdict import PolicyError
from ...api.request import CertificateRequest
from ...errors import AtlasError
from ...pki.keys import KeyKind
from ..wanted import Wanted, leaves_no_life

_BACKDATED_SECONDS = 3
"""How far `not_before` lies in the past, so that a client whose clock is a little slow accepts
the certificate at once. No more than the policy's skew allows."""


@dataclass(frozen=True)
class Planned:
    """A request that the policy allows, all but the key, and the kind of key to make for it.

    `as_signing_request`: the key goes as a PKCS#10 request; `with_proof`: with a proof of
    possession. `backdated` is how many seconds before the sending its validity begins.
    """

    wanted: Wanted
    request: CertificateRequest
    key_kind: KeyKind
    as_signing_request: bool
    with_proof: bool
    backdated: int


def fetch_policy(client: Client) -> Policy:
    """Fetch the validation policy of the account."""
    return Policy.parse(client.validation_policy())


def plan(wanted: Wanted, policy: Policy, now: int) -> Planned:
    """Complete a wish to a request and check it against the policy, before anything is made.

    `now` is the service's time in UNIX seconds. Violations are one `AtlasError` that names the
    option of each.
    """
    key = choose_key(policy.key, wanted.privatekey_type, wanted.privatekey_size)
    backdated = min(_BACKDATED_SECONDS, policy.validity.not_before_negative_skew or 0)
    request = complete(policy, _request(wanted, policy, now - backdated)).request
    violations = check_request(policy, request, key, now).violations
    if violations:
        raise PolicyError(violations)
    _refuse_short_life(wanted, policy.validity.longest(request.not_before))
    return Planned(
        wanted,
        request,
        KeyKind(key.key_type, key.bits),
        as_signing_request=policy.wants_csr,
        with_proof=policy.wants_proof,
        backdated=backdated,
    )


def _request(wanted: Wanted, policy: Policy, not_before: int) -> CertificateRequest:
    subject = dict(wanted.subject)
    dns_names = wanted.san.get("dns_names")
    if dns_names and policy.requires_common_name:
        subject.setdefault("common_name", dns_names[:1])
    return CertificateRequest(
        subject_dn={
            name: values if name == "organizational_unit" else values[0]
            for name, values in subject.items()
        },
        san={kind: tuple(names) for kind, names in wanted.san.items()},
        not_before=not_before,
    )


def _refuse_short_life(wanted: Wanted, lifetime: int | None) -> None:
    if lifetime and leaves_no_life(wanted.renew_before, lifetime):
        raise AtlasError(
            f"renew_before: {wanted.renew_before!r} is 80 % or more of the"
            f" {lifetime // 86400} days that the service grants at most, so the certificate would"
            " be due again almost at once; give a shorter duration, a share such as '33%', or auto."
        )
