# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a wish to a request: what the policy completes, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api.policy.model import Policy
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.facts import (
    CertificateFacts,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.obtain import (
    plan as module,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.obtain.plan import (
    Planned,
    fetch_policy,
    plan,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.options.task import (
    wanted_certificates,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import keys
from ansible_collections.globalsign.atlas.plugins.module_utils.pki.keys import KeyKind
from ansible_collections.globalsign.atlas.plugins.module_utils.times import iso_time

NOW = 1_800_000_000
DAY = 86400
NAMES = {"static": False, "list": ["."], "mincount": 1, "maxcount": 3}


def planned(policy: dict[str, Any] | None = None, **options: Any) -> Planned:
    """The plan for www.example.com under a small policy and what `policy` puts in its place."""
    document = {
        "validity": {"secondsmin": 60, "secondsmax": 90 * DAY, "not_before_negative_skew": 120},
        "subject_dn": {
            "common_name": {"presence": "OPTIONAL", "format": ""},
            "country": {"presence": "FORBIDDEN", "format": ""},
            "state": {"presence": "FORBIDDEN", "format": ""},
        },
        "san": {"dns_names": NAMES, "emails": {**NAMES, "mincount": 0, "maxcount": 0}},
        "public_key": {"key_type": "ECDSA", "allowed_lengths": [256, 384], "key_format": "PKCS8"},
        "public_key_signature": "REQUIRED",
        **(policy or {}),
    }
    task = {
        "path": "/cert.pem",
        "privatekey_path": "/key.pem",
        "san": {"dns_names": ["www.example.com", "example.com"]},
        **options,
    }
    return plan(wanted_certificates(task)[0], Policy.parse(document), NOW)


@pytest.mark.parametrize(("longest", "choices"), [(90 * DAY, 3600), (99_999, 1000), (99, 1)])
def test_the_end_is_earlier_by_chance_and_by_no_more_than_a_hundredth_of_the_life(
    monkeypatch: pytest.MonkeyPatch, longest: int, choices: int
) -> None:
    asked: list[int] = []

    def the_last(count: int) -> int:
        asked.append(count)
        return count - 1

    monkeypatch.setattr(module.secrets, "randbelow", the_last)
    validity = {"secondsmin": 60, "secondsmax": longest, "not_before_negative_skew": 120}
    assert planned({"validity": validity}).not_after == NOW - 3 + longest - choices
    assert asked == [choices]


def test_a_plan_has_all_but_the_key() -> None:
    body = planned().request.body()
    assert body == {
        "validity": {"not_before": NOW - 3, "not_after": body["validity"]["not_after"]},
        "subject_dn": {},
        "san": {"dns_names": ["www.example.com", "example.com"]},
    }


@pytest.mark.parametrize(("skew", "backdated"), [(120, 3), (2, 2), (0, 0)])
def test_the_start_is_set_back_no_further_than_the_policy_allows(skew: int, backdated: int) -> None:
    plan_made = planned({"validity": {"secondsmax": DAY, "not_before_negative_skew": skew}})
    assert (plan_made.backdated, plan_made.request.not_before) == (backdated, NOW - backdated)


def test_a_required_common_name_is_the_first_dns_name() -> None:
    required = {"subject_dn": {"common_name": {"presence": "REQUIRED", "format": ""}}}
    assert planned(required).request.subject_dn == {"common_name": "www.example.com"}
    stated = planned(required, subject={"common_name": "example.com"})
    assert stated.request.subject_dn == {"common_name": "example.com"}


def test_of_a_common_name_that_was_filled_in_it_is_said_where_from() -> None:
    policy = {"subject_dn": {"common_name": {"presence": "REQUIRED", "format": "^[0-9]+$"}}}
    said = "does not match what the validation policy demands; the pattern there is ^[0-9]+$"
    with pytest.raises(AtlasError) as caught:
        planned(policy)
    assert caught.value.message == (
        f"subject.common_name: 'www.example.com' {said}; it was filled in from san.dns_names,"
        " because the validation policy wants one."
    )
    with pytest.raises(AtlasError) as caught:
        planned(policy, subject={"common_name": "a"})
    assert caught.value.message == f"subject.common_name: 'a' {said}."


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({}, KeyKind("ECDSA", 256)),
        ({"privatekey_type": "ECDSA", "privatekey_size": 384}, KeyKind("ECDSA", 384)),
    ],
)
def test_the_kind_of_key(options: dict[str, Any], kind: KeyKind) -> None:
    assert planned(**options).key_kind == kind


@pytest.mark.parametrize(
    ("options", "bits"),
    [
        ({}, []),
        ({"privatekey_rotation": "never"}, [256, 384]),
        ({"privatekey_rotation": "never", "privatekey_size": 384}, [384]),
        ({"privatekey_rotation": "never", "privatekey_type": "ECDSA"}, [256, 384]),
    ],
)
def test_which_kinds_of_key_may_be_kept(options: dict[str, Any], bits: list[int]) -> None:
    """All that the policy and the task allow, not only the one that would be made."""
    assert planned(**options).kept_kinds == tuple(KeyKind("ECDSA", size) for size in bits)


def test_how_the_key_goes_is_what_the_policy_says() -> None:
    proven = planned()
    assert (proven.as_signing_request, proven.with_proof) == (False, True)
    request = planned(
        {
            "public_key": {"key_type": "RSA", "key_format": "PKCS10"},
            "public_key_signature": "FORBIDDEN",
        }
    )
    assert (request.as_signing_request, request.with_proof) == (True, False)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"privatekey_type": "RSA"}, "privatekey_type"),
        ({"privatekey_type": "ECDSA", "privatekey_size": 521}, "privatekey_size"),
        ({"subject": {"country": "NL"}}, "subject.country"),
        ({"san": {"dns_names": ["a.example", "b.example", "c.example", "d.example"]}}, "san"),
        (
            {"san": {"dns_names": ["a.example"], "emails": ["ida@example.com"]}},
            "san.emails",
        ),
    ],
)
def test_what_the_policy_forbids_is_named_by_its_option(
    options: dict[str, Any], named: str
) -> None:
    with pytest.raises(AtlasError, match=named.replace(".", r"\.")):
        planned(**options)


def test_all_violations_are_told_at_once() -> None:
    with pytest.raises(AtlasError, match=r"subject\.country.*subject\.state"):
        planned(subject={"country": "NL", "state": "Utrecht"})


def test_the_end_is_the_latest_less_a_part_of_an_hour() -> None:
    """One second less than the longest lifetime, since the last one may count; and a random part
    of at most 1 % of it, by which the certificate is found again."""
    latest = NOW - 3 + 90 * DAY - 1
    ends = {planned().not_after for _time in range(50)}
    assert len(ends) > 10
    assert all(latest - 3599 <= end <= latest for end in ends)
    short = planned({"validity": {"secondsmax": 1000, "not_before_negative_skew": 120}})
    assert 0 <= NOW - 3 + 999 - short.not_after <= 10


@pytest.mark.parametrize(
    ("options", "end"),
    [
        ({"valid_for": "10d"}, NOW - 3 + 10 * DAY),
        ({"not_after": "2027-02-01T00:00:00Z"}, 1801440000),
        (
            {"not_before": "2027-01-15T08:00:00+00:00", "valid_for": "1d"},
            NOW + DAY,
        ),
    ],
)
def test_an_end_that_the_task_states(options: dict[str, Any], end: int) -> None:
    assert planned(renew_before="1h", **options).not_after == end


LATE = iso_time(NOW - 3 + 91 * DAY)


@pytest.mark.parametrize(
    ("options", "stated"),
    [
        ({"valid_for": "91d"}, f"valid_for: '91d' ends on {LATE}, which"),
        ({"not_after": LATE}, f"not_after: '{LATE}'"),
    ],
)
def test_an_end_beyond_the_policy_is_refused_in_dates(options: dict[str, Any], stated: str) -> None:
    with pytest.raises(AtlasError) as caught:
        planned(**options)
    assert caught.value.message == (
        f"{stated} is later than the validation policy allows; the latest is"
        f" {iso_time(NOW - 3 + 90 * DAY)}, and leaving it out gives that."
    )


def test_a_beginning_beyond_the_policy_is_refused_in_dates() -> None:
    with pytest.raises(AtlasError) as caught:
        planned(not_before=iso_time(NOW - 7200))
    assert caught.value.message.startswith(f"not_before: '{iso_time(NOW - 7200)}' is earlier than")


@pytest.mark.parametrize(
    ("policy", "options", "said"),
    [
        ({}, {"csr_content": "CSR"}, "public_key_signature: the validation policy wants"),
        ({}, {"public_key_content": "KEY"}, "public_key_signature: the validation policy wants"),
        ({"public_key": {"key_type": "ECDSA", "key_format": "PKCS10"}}, {"public_key_content": "K"},
         "public_key: the validation policy wants a certificate signing request"),
    ],
)  # fmt: skip
def test_a_key_that_lives_elsewhere_needs_its_proof(
    policy: dict[str, Any], options: dict[str, Any], said: str
) -> None:
    with pytest.raises(AtlasError, match=said):
        planned(policy, privatekey_path=None, **options)


def test_a_certificate_that_would_be_due_at_once_is_refused() -> None:
    with pytest.raises(AtlasError, match="renew_before: '80d' is 80 % or more of the 90 days"):
        planned(renew_before="80d")
    assert planned(renew_before="60d")


def test_a_plan_says_how_the_key_goes_and_when_it_begins() -> None:
    made = planned()
    assert (made.key_kind, made.backdated, made.by_rekey) == (KeyKind("ECDSA", 256), 3, False)
    fixed = planned(not_before="2027-01-15T08:00:30Z")
    assert (fixed.backdated, fixed.request.not_before) == (None, NOW + 30)


def test_a_rekey_has_the_end_of_what_is_deployed() -> None:
    facts = CertificateFacts("01", 0, NOW + 5, "", "", [], [], [], [], "", "")
    made = planned()
    again = made.for_rekey(facts)
    assert (again.not_after, again.by_rekey, again.key_kind) == (NOW + 5, True, made.key_kind)
    assert again.request.san == made.request.san
    assert (made.by_rekey, made.not_after != NOW + 5) == (False, True)


def test_without_a_longest_lifetime_the_service_decides_the_end() -> None:
    open_ended = {"validity": {"not_before_negative_skew": 120}}
    assert planned(open_ended).not_after == 0


def test_all_that_is_stated_is_in_the_request() -> None:
    made = planned(
        {"subject_dn": {}, "san": {}, "extended_key_usages": None},
        subject={
            "common_name": "a",
            "organizational_unit": ["b", "c"],
            "extra_attributes": [{"type": "2.5.4.12", "value": "Dr."}],
        },
        san={
            "dns_names": ["www.example.com"],
            "ip_addresses": ["192.0.2.1"],
            "other_names": [{"type": "1.2.3", "value": "x"}],
        },
        extended_key_usages=["server_auth"],
        key_usages=["digital_signature"],
        custom_extensions={"1.2.3.4": "NIL"},
        signature={"hash_algorithm": "SHA-256"},
    )
    body = made.request.body()
    del body["validity"]
    assert body == {
        "subject_dn": {
            "common_name": "a",
            "organizational_unit": ["b", "c"],
            "extra_attributes": [{"type": "2.5.4.12", "value": "Dr."}],
        },
        "san": {
            "dns_names": ["www.example.com"],
            "ip_addresses": ["192.0.2.1"],
            "other_names": [{"type": "1.2.3", "value": "x"}],
        },
        "extended_key_usages": ["1.3.6.1.5.5.7.3.1"],
        "key_usages": {"digital_signature": True},
        "custom_extensions": {"1.2.3.4": "NIL"},
        "signature": {"hash_algorithm": "SHA-256"},
    }


@pytest.mark.parametrize(
    ("valid_for", "renew_before", "shown"),
    [
        ("10d", "8d", "10 days"),
        ("36h", "29h", "2 days"),
        ("35h", "28h", "35 hours"),
        ("2d", "39h", "2 days"),
        ("252h", "202h", "10 days"),
        ("276h", "221h", "12 days"),
        ("10d", "191h", ""),
        ("10d", "79%", ""),
        ("10d", "auto", ""),
    ],
)
def test_a_life_that_is_too_short(valid_for: str, renew_before: str, shown: str) -> None:
    if not shown:
        assert planned(valid_for=valid_for, renew_before=renew_before).not_after
        return
    with pytest.raises(AtlasError) as caught:
        planned(valid_for=valid_for, renew_before=renew_before)
    assert caught.value.message == (
        f"renew_before: {renew_before!r} is 80 % or more of the {shown} that the certificate will"
        " live, so it would be due again almost at once; give a shorter duration, a share such as"
        " '33%', or auto."
    )


CSR_POLICY = {
    "public_key": {"key_type": "ECDSA", "key_format": "PKCS10"},
    "public_key_signature": "FORBIDDEN",
}
NO_PROOF = {"public_key_signature": "FORBIDDEN"}
ELSEWHERE = {"privatekey_path": None}


@pytest.mark.parametrize(
    ("policy", "options", "as_signing_request", "with_proof"),
    [
        (CSR_POLICY, {"csr_content": "CSR"}, True, False),
        (NO_PROOF, {"csr_content": "CSR"}, False, False),
        (NO_PROOF, {"public_key_content": "KEY"}, False, False),
        ({}, {"csr_content": "CSR", "public_key_signature": "proof"}, False, True),
        ({}, {"public_key_path": "/key", "public_key_signature": "proof"}, False, True),
        ({**CSR_POLICY, "public_key_signature": "REQUIRED"}, {"csr_content": "CSR"}, True, False),
    ],
)
def test_a_key_that_lives_elsewhere_goes_as_the_policy_wants_it(
    policy: dict[str, Any], options: dict[str, Any], as_signing_request: bool, with_proof: bool
) -> None:
    made = planned(policy, **ELSEWHERE, **options)
    assert (made.as_signing_request, made.with_proof) == (as_signing_request, with_proof)
    assert made.key_kind == KeyKind("", 0)


def test_a_proof_that_does_not_fit_is_refused_before_anything_is_sent(private_key: Any) -> None:
    pem = keys.public_key_pem(private_key.public_key())
    right = keys.prove_possession(private_key)
    assert planned(**ELSEWHERE, public_key_content=pem, public_key_signature=right)
    with pytest.raises(AtlasError) as caught:
        planned(**ELSEWHERE, public_key_content=pem, public_key_signature="AAAA")
    assert caught.value.message == (
        "public_key_signature: it was not made with the private key of this public key; give the"
        " base64 signature over the DER public key, with SHA-256."
    )


class PolicyClient:
    """Has a policy, and nothing else."""

    def validation_policy(self) -> dict[str, Any]:
        return {"public_key_signature": "REQUIRED"}


def test_the_policy_is_that_of_the_account() -> None:
    assert fetch_policy(PolicyClient()).wants_proof  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("lifetime", "choices"),
    [(99, 1), (100, 2), (999, 10), (1000, 11), (359_899, 3599), (359_900, 3600), (90 * DAY, 3600)],
)
def test_the_end_is_earlier_by_one_of_so_many_seconds(
    monkeypatch: pytest.MonkeyPatch, lifetime: int, choices: int
) -> None:
    """Up to 1 % of the lifetime, and less than an hour. All of them may be chosen."""
    validity = {"secondsmax": lifetime + 1, "not_before_negative_skew": 120}
    asked: list[int] = []

    def randbelow(bound: int) -> int:
        asked.append(bound)
        return bound - 1

    monkeypatch.setattr("secrets.randbelow", randbelow)
    made = planned({"validity": validity})
    assert asked == [choices]
    assert made.not_after == NOW - 3 + lifetime - (choices - 1)


@pytest.mark.parametrize("end", [{"valid_for": "10d"}, {"not_after": "2027-02-01T00:00:00Z"}])
def test_an_end_that_the_task_states_is_not_made_earlier(
    monkeypatch: pytest.MonkeyPatch, end: dict[str, str]
) -> None:
    def randbelow(_bound: int) -> int:
        raise AssertionError("nothing is to be chosen")

    monkeypatch.setattr("secrets.randbelow", randbelow)
    assert planned(renew_before="1h", **end).not_after


def test_a_policy_that_says_nothing_of_the_past_lets_nothing_begin_there() -> None:
    made = planned({"validity": {"secondsmax": DAY}})
    assert (made.backdated, made.request.not_before) == (0, NOW)


def test_what_is_not_stated_is_not_in_the_request() -> None:
    request = planned(subject={"common_name": "www.example.com"}).request
    assert request.subject_dn == {"common_name": "www.example.com"}
    assert request.san == {"dns_names": ("www.example.com", "example.com")}


@pytest.mark.parametrize(
    ("options", "policy", "said"),
    [
        (
            {"csr_content": "CSR"},
            {},
            "public_key_signature: the validation policy wants a proof of possession; give the"
            " base64 signature that the key's holder makes over the DER public key, with SHA-256.",
        ),
        (
            {"public_key_content": "KEY"},
            {},
            "public_key_signature: the validation policy wants a proof of possession; give the"
            " base64 signature that the key's holder makes over the DER public key, with SHA-256.",
        ),
        (
            {"public_key_content": "KEY"},
            CSR_POLICY,
            "public_key: the validation policy wants a certificate signing request; give csr_path"
            " or csr_content instead.",
        ),
    ],
)
def test_what_is_missing_of_a_key_that_lives_elsewhere_is_told(
    options: dict[str, Any], policy: dict[str, Any], said: str
) -> None:
    with pytest.raises(AtlasError) as caught:
        planned(policy, **ELSEWHERE, **options)
    assert caught.value.message == said
