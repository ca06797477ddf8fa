# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a wish to a request: what the policy completes, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api.policy.model import Policy
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.obtain.plan import (
    Planned,
    plan,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.options.task import (
    wanted_certificates,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.pki.keys import KeyKind

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


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({}, KeyKind("ECDSA", 256)),
        ({"privatekey_type": "ECDSA", "privatekey_size": 384}, KeyKind("ECDSA", 384)),
    ],
)
def test_the_kind_of_key(options: dict[str, Any], kind: KeyKind) -> None:
    assert planned(**options).key_kind == kind


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


def test_an_end_beyond_the_policy_is_refused() -> None:
    with pytest.raises(AtlasError, match="not_after: "):
        planned(valid_for="91d")


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
