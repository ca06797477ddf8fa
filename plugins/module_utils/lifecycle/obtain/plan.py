# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What will be asked for: each due certificate as a request that the policy allows."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from ...api.client import Client
from ...api.policy.check import check_request
from ...api.policy.completion import complete
from ...api.policy.key_choice import KeyChoice, choose_key, fitting_keys
from ...api.policy.model import Policy
from ...api.policy.verdict import PolicyError, Violation
from ...api.request import CertificateRequest
from ...errors import AtlasError
from ...pki import keys
from ...pki.keys import KeyKind
from ...times import duration_text, iso_time, leaves_no_life
from ..facts import CertificateFacts
from ..wanted import PUBLIC_KEY, ExternalKey, Wanted

_BACKDATED_SECONDS = 3
"""How far `not_before` lies in the past, so that a client whose clock is a little slow accepts
the certificate at once. No more than the policy's skew allows."""
_MOMENT = re.compile(r"\b\d{9,11}\b")
MOST_SHORTENED = 3599
"""Seconds, at most, by which the end is earlier than it could be. An end that is unlikely to be
shared by another certificate is how one whose answer was lost is found again."""


@dataclass(frozen=True)
class Planned:
    """A request that the policy allows, all but the key, and the kind of key to make for it.

    `as_signing_request`: the key goes as a PKCS#10 request; `with_proof`: with a proof of
    possession. `backdated` is how many seconds before the sending its validity begins; None where
    the task states when it begins. `by_rekey`: another key for the certificate that is deployed.
    `kept_kinds`: the kinds of key of which the one that is there may stay.
    """

    wanted: Wanted
    request: CertificateRequest
    key_kind: KeyKind
    as_signing_request: bool
    with_proof: bool
    backdated: int | None
    by_rekey: bool = False
    kept_kinds: tuple[KeyKind, ...] = ()

    @property
    def not_after(self) -> int:
        """The exact end that is asked for, in UNIX seconds; 0 where the service decides."""
        return self.request.not_after or 0

    def for_rekey(self, deployed: CertificateFacts) -> Planned:
        """The same as another key for what is deployed, with the same end."""
        request = replace(self.request, not_after=deployed.not_after)
        return replace(self, request=request, by_rekey=True)


def fetch_policy(client: Client) -> Policy:
    """Fetch the validation policy of the account."""
    return Policy.parse(client.validation_policy())


def plan(wanted: Wanted, policy: Policy, now: int) -> Planned:
    """Complete a wish to a request and check it against the policy, before anything is made.

    `now` is the service's time in UNIX seconds. Violations are one `AtlasError` that names the
    option of each.
    """
    key = _key(wanted, policy)
    backdated = min(_BACKDATED_SECONDS, policy.validity.not_before_negative_skew or 0)
    not_before = wanted.not_before or now - backdated
    request = complete(policy, _request(wanted, policy, not_before)).request
    if request.not_after and not (wanted.not_after or wanted.valid_for):
        request = replace(request, not_after=_shortened(request.not_before, request.not_after))
    violations = check_request(policy, request, key, now).violations
    if violations:
        raise PolicyError([_explained(violation, wanted) for violation in violations])
    _refuse_short_life(wanted, request)
    _refuse_unproven(wanted, policy)
    return Planned(
        wanted,
        request,
        KeyKind(key.key_type, key.bits) if key else KeyKind("", 0),
        as_signing_request=policy.wants_csr,
        with_proof=policy.wants_proof,
        backdated=None if wanted.not_before else backdated,
        kept_kinds=tuple(_kept_kinds(wanted, policy)),
    )


def _explained(violation: Violation, wanted: Wanted) -> Violation:
    """In the words of the task: nobody states a moment as a number, an end where there is a
    duration, or knows of a common name that was filled in."""
    path, allowed = violation.path, violation.allowed
    if path == "subject_dn.common_name" and "common_name" not in wanted.subject:
        filled_in = "it was filled in from san.dns_names, because the validation policy wants one"
        return replace(violation, allowed=f"{allowed}; {filled_in}")
    if not path.startswith("validity."):
        return violation
    moment, allowed = _with_dates(violation.value), _with_dates(allowed)
    if path == "validity.not_after" and wanted.valid_for:
        ends = f"ends on {moment}, which {violation.rule}"
        return Violation("validity.valid_for", duration_text(wanted.valid_for), ends, allowed)
    return Violation(path, moment, violation.rule, allowed)


def _with_dates(text: str) -> str:
    return _MOMENT.sub(lambda found: iso_time(int(found.group())), text)


def _key(wanted: Wanted, policy: Policy) -> KeyChoice | None:
    """The key to make; of one that lives elsewhere the service itself judges the kind."""
    if wanted.external_key:
        return None
    return choose_key(policy.key, wanted.privatekey_type, wanted.privatekey_size)


def _kept_kinds(wanted: Wanted, policy: Policy) -> Iterator[KeyKind]:
    """A key that clients pin stays also where another kind would be made today."""
    if wanted.keeps_key and not wanted.external_key:
        for key in fitting_keys(policy.key, wanted.privatekey_type, wanted.privatekey_size):
            yield KeyKind(key.key_type, key.bits)


def _request(wanted: Wanted, policy: Policy, not_before: int) -> CertificateRequest:
    subject: dict[str, Any] = {
        name: values if name == "organizational_unit" else values[0]
        for name, values in wanted.subject.items()
    }
    sections = dict(wanted.sections)
    extra_attributes = sections.pop("subject.extra_attributes", None)
    other_names = sections.pop("san.other_names", None)
    if extra_attributes:
        subject["extra_attributes"] = extra_attributes
    san: dict[str, Any] = {kind: tuple(names) for kind, names in wanted.san.items()}
    if other_names:
        san["other_names"] = other_names
    dns_names = wanted.san.get("dns_names")
    if dns_names and policy.requires_common_name:
        subject.setdefault("common_name", dns_names[0])
    return CertificateRequest(
        subject_dn=subject,
        san=san,
        not_before=not_before,
        not_after=_end(wanted, not_before),
        **sections,
    )


def _end(wanted: Wanted, not_before: int) -> int | None:
    return not_before + wanted.valid_for if wanted.valid_for else wanted.not_after


def _shortened(not_before: int, not_after: int) -> int:
    most = min(MOST_SHORTENED, (not_after - not_before) // 100)
    return not_after - secrets.randbelow(most + 1)


def _refuse_short_life(wanted: Wanted, request: CertificateRequest) -> None:
    if not request.not_after:
        return
    lifetime = request.not_after - request.not_before
    if leaves_no_life(wanted.renew_before, lifetime):
        days = round(lifetime / 86400)
        shown = f"{days} days" if days > 1 else f"{lifetime // 3600} hours"
        raise AtlasError(
            f"renew_before: {wanted.renew_before!r} is 80 % or more of the {shown} that the"
            " certificate will live, so it would be due again almost at once; give a shorter"
            " duration, a share such as '33%', or auto."
        )


def _refuse_unproven(wanted: Wanted, policy: Policy) -> None:
    external = wanted.external_key
    if external and not _may_be_proven(external):
        raise AtlasError(WRONG_PROOF)
    if external is None or external.kind == "csr":
        if external and policy.wants_proof and not policy.wants_csr and not external.proof:
            raise AtlasError(_PROOF_MISSING)
        return
    if policy.wants_csr:
        raise AtlasError(
            "public_key: the validation policy wants a certificate signing request; give csr_path"
            " or csr_content instead."
        )
    if policy.wants_proof and not external.proof:
        raise AtlasError(_PROOF_MISSING)


def _may_be_proven(external: ExternalKey) -> bool:
    """Whether the proof fits the key; of a key that lies on the node nobody knows yet."""
    if external.kind != PUBLIC_KEY or not (external.content and external.proof):
        return True
    return keys.proves_possession(keys.load_public_key(external.content), external.proof)


WRONG_PROOF = (
    "public_key_signature: it was not made with the private key of this public key; give the base64"
    " signature over the DER public key, with SHA-256."
)
_PROOF_MISSING = (
    "public_key_signature: the validation policy wants a proof of possession; give the base64"
    " signature that the key's holder makes over the DER public key, with SHA-256."
)
