# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is due: a table of what is deployed and what is wanted, and the reasons."""

from __future__ import annotations

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle import due
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.options.task import (
    wanted_certificates,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import keys

NOW = 1_800_000_000
DAY = 86400


def wanted(**options):
    san = options.pop("san", {"dns_names": ["www.example.com", "example.com"]})
    task = {"path": "/cert.pem", "privatekey_path": "/key.pem", "san": san, **options}
    return wanted_certificates(task)[0]


def deployed(certificate, key) -> due.Deployed:
    public_key = key.public_key()
    return due.Deployed(
        certificate, "", keys.kind_of(public_key), keys.public_key_digest(public_key), ""
    )


@pytest.fixture
def good(hierarchy, private_key) -> due.Deployed:
    certificate = hierarchy.issuing.issue(
        private_key.public_key(),
        ("example.com", "www.example.com"),
        subject=(("common_name", "www.example.com"), ("organization", "Quillon")),
    )
    return deployed(certificate, private_key)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"subject": {"common_name": "www.example.com"}},
        {"privatekey_type": "ECDSA", "privatekey_size": 256},
        {"san": {"dns_names": ["EXAMPLE.com", "www.example.com."]}},
        {"san": {"dns_names": ["example.com"]}},  # the common name is added by CAs
        {"san": {}},
        {"renew_before": "70d"},
        {"renew_before": "75%"},
    ],
)
def test_what_is_as_wanted_is_not_due(good: due.Deployed, options: dict[str, object]) -> None:
    assert due.reasons(wanted(**options), good, NOW) == []


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"force": True}, "forced: the task says force"),
        (
            {"renew_before": "70d", "now": NOW + 20 * DAY},
            "expiring: 69 days remain, renew_before is 70d",
        ),
        ({"now": NOW + 89 * DAY}, "expired: it ended 0 days ago"),
        ({"now": NOW + 91 * DAY - 1}, "expired: it ended 1 days ago"),
        ({"now": NOW + 89 * DAY - 1}, "expiring: 0 days remain, renew_before is auto"),
        (
            {"san": {"dns_names": ["www.example.com", "example.com", "api.example.com"]}},
            "dns_names: api.example.com not in the certificate",
        ),
        (
            {"san": {"dns_names": ["www.example.com"]}},
            "dns_names: example.com in the certificate but not wanted",
        ),
        (
            {"san": {"ip_addresses": ["192.0.2.1"]}},
            "ip_addresses: 192.0.2.1 not in the certificate",
        ),
        (
            {"subject": {"organization": "Other"}},
            "subject: organization is Quillon, wanted is Other",
        ),
        ({"subject": {"country": "NL"}}, "subject: country is absent, wanted is NL"),
        ({"privatekey_type": "RSA"}, "privatekey_type: it is ECDSA, wanted is RSA"),
        ({"privatekey_size": 384}, "privatekey_size: it is 256, wanted is 384"),
    ],
)
def test_each_wish_that_differs_is_a_reason(
    good: due.Deployed, options: dict[str, object], reason: str
) -> None:
    now = options.pop("now", NOW)
    assert due.reasons(wanted(**options), good, now) == [reason]


def test_reasons_are_told_in_an_order_that_does_not_change(good: due.Deployed, rsa_key) -> None:
    task = wanted(
        force=True,
        privatekey_type="ECDSA",
        privatekey_size=384,
        replace_foreign=True,
        subject={"organization": "Other"},
    )
    found = due.Deployed(**{**vars(deployed(good.certificate, rsa_key)), "is_revoked": True})
    assert due.reasons(task, found, NOW + 89 * DAY) == [
        "forced: the task says force",
        "privatekey_type: it is RSA, wanted is ECDSA",
        "privatekey_size: it is 2048, wanted is 384",
        "expired: it ended 0 days ago",
        "subject: organization is Quillon, wanted is Other",
        "foreign: the certificate was not obtained by this collection",
        "revoked: the certificate was revoked by a task of this collection",
        "privatekey: the private key does not belong to the certificate",
    ]


@pytest.mark.parametrize(
    ("before", "renew_before"), [(30 * DAY, "auto"), (30 * DAY, "30d"), (9 * DAY, "10%")]
)
def test_it_is_due_from_one_second_to_the_next(
    good: due.Deployed, before: int, renew_before: str
) -> None:
    end = NOW + 89 * DAY
    task = wanted(renew_before=renew_before)
    assert due.reasons(task, good, end - before - 1) == []
    assert due.reasons(task, good, end - before) == [
        f"expiring: {before // DAY} days remain, renew_before is {renew_before}"
    ]


def test_a_key_that_lives_elsewhere(good: due.Deployed, rsa_key) -> None:
    task = wanted(csr_content="CSR", privatekey_path=None)
    assert due.reasons(task, good, NOW) == []
    unknown = due.Deployed(**{**vars(good), "key_kind": None, "key_digest": ""})
    assert due.reasons(task, unknown, NOW) == []
    assert due.reasons(task, deployed(good.certificate, rsa_key), NOW) == [
        "privatekey: the public key does not belong to the certificate"
    ]
    assert due.reasons(task, due.Deployed(None, "", None, "", ""), NOW) == [
        "missing: there is no certificate"
    ]


def test_a_missing_key_says_nothing_of_the_certificate(good: due.Deployed) -> None:
    lost = due.Deployed(**{**vars(good), "key_kind": None, "key_digest": ""})
    assert due.reasons(wanted(), lost, NOW) == ["missing: there is no private key"]


def test_a_missing_certificate_and_key_are_named() -> None:
    nothing = due.Deployed(None, "", None, "", "")
    assert due.reasons(wanted(), nothing, NOW) == [
        "missing: there is no private key",
        "missing: there is no certificate",
    ]


def test_unreadable_files_are_named() -> None:
    broken = due.Deployed(None, "holds a damaged certificate", None, "", "cannot be read: no")
    assert due.reasons(wanted(), broken, NOW) == [
        "unreadable: the private key cannot be read: no",
        "unreadable: the certificate holds a damaged certificate",
    ]


def test_a_key_of_another_certificate_is_a_reason(good: due.Deployed, rsa_key) -> None:
    (reason,) = due.reasons(wanted(), deployed(good.certificate, rsa_key), NOW)
    assert reason == "privatekey: the private key does not belong to the certificate"


def test_a_self_signed_placeholder_is_due(private_key, self_signed) -> None:
    placeholder = self_signed(private_key, "www.example.com", ("www.example.com", "example.com"))
    said = ["self-signed: the certificate is a self-signed placeholder"]
    assert due.reasons(wanted(), deployed(placeholder, private_key), NOW) == said
    assert (
        due.reasons(wanted(replace_foreign=True), deployed(placeholder, private_key), NOW) == said
    )


def test_a_renewal_that_leaves_no_life_is_put_off_to_half_of_it(hierarchy, private_key) -> None:
    certificate = hierarchy.issuing.issue(
        private_key.public_key(),
        ("www.example.com", "example.com"),
        not_before=NOW,
        not_after=NOW + 10 * DAY,
    )
    found, greedy = deployed(certificate, private_key), wanted(renew_before="30d")
    assert due.reasons(greedy, found, NOW + 4 * DAY) == []
    assert due.reasons(greedy, found, NOW + 5 * DAY)[0].startswith("expiring: 5 days remain")


def test_what_a_certificate_says_otherwise(good: due.Deployed) -> None:
    task = wanted(subject={"organization": "Other"}, san={"dns_names": ["api.example.com"]})
    assert due.mismatches(task, good.certificate) == [
        "subject: organization is Quillon, wanted is Other",
        "dns_names: api.example.com not in the certificate",
        "dns_names: example.com in the certificate but not wanted",
    ]
    assert due.mismatches(wanted(), good.certificate) == []


def test_what_cannot_be_read_back_is_enough_if_it_is_there(good: due.Deployed) -> None:
    task = wanted(custom_extensions={"2.5.29.17": "x"})
    assert due.mismatches(task, good.certificate) == []
    assert due.reasons(task, good, NOW) == []
    recorded = due.Deployed(**{**vars(good), "recorded": due.Recorded(wanted().wish)})
    assert due.reasons(task, recorded, NOW) == [
        "custom_extensions: 2.5.29.17 is not what it was obtained with"
    ]


@pytest.mark.parametrize(
    ("options", "found", "said"),
    [
        ({}, {}, ""),
        ({"replace_foreign": True}, {}, "foreign: "),
        ({"replace_foreign": True}, {"recorded": due.Recorded({})}, ""),
        ({}, {"recorded": due.Recorded({}), "is_revoked": True}, "revoked: "),
        ({}, {"is_revoked": True}, "revoked: "),
        ({"replace_foreign": False}, {}, ""),
    ],
)
def test_where_a_certificate_comes_from(good, options, found, said) -> None:
    found = due.Deployed(**{**vars(good), **found})
    reasons = due.reasons(wanted(**options), found, NOW)
    assert [reason[: len(said)] for reason in reasons] == ([said] if said else [])
