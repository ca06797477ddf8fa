# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the service returned, before it is put in place."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api.client import (
    IssuedCertificate,
    SerialNumber,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.obtain.verdict import (
    Verdict,
    judge,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import certificates, keys
from ansible_collections.globalsign.atlas.plugins.module_utils.times import iso_time

from ..fake_atlas import DAY, NOW
from .test_ownership import P256, wanted

KEY = keys.generate(P256)
OTHER_KEY = keys.generate(P256)


def judged(hierarchy: Any, *names: str, **changes: Any) -> Verdict:
    """The verdict on a certificate that is right but for the changes: members of the certificate,
    `status`, `announced` for its serial number, or `task` for options of the task."""
    status, task = changes.pop("status", "ISSUED"), changes.pop("task", {})
    announced, key = changes.pop("announced", ""), changes.pop("key", KEY)
    members = {"not_before": NOW - 3, **changes}
    leaf = hierarchy.issuing.issue(key.public_key(), names or ("www.example.com",), **members)
    issued = IssuedCertificate(certificates.certificate_pem(leaf), status, NOW)
    serial = SerialNumber(announced or certificates.serial_number(leaf))
    return judge(wanted(**task), keys.public_key_digest(KEY.public_key()), serial, issued, NOW)


def test_what_was_requested_can_be_used(hierarchy: Any) -> None:
    assert judged(hierarchy) == Verdict()


@pytest.mark.parametrize(
    ("changes", "defect"),
    [
        ({"status": "REVOKED"}, "has the status REVOKED at Atlas"),
        ({"status": "SUSPENDED"}, "has the status SUSPENDED at Atlas"),
        ({"status": ""}, "has the status of nothing at Atlas"),
        ({"key": OTHER_KEY}, "is for another key than the one sent"),
        ({"is_ca": True}, "is that of a certification authority (CA:TRUE)"),
        ({"not_after": NOW}, f"ended on {iso_time(NOW)}"),
        ({"not_after": NOW + 1}, ""),
    ],
)
def test_what_makes_it_useless(hierarchy: Any, changes: dict[str, Any], defect: str) -> None:
    assert judged(hierarchy, **changes).defect == defect


def test_another_serial_number_than_was_announced(hierarchy: Any) -> None:
    defect = judged(hierarchy, announced="0A").defect
    assert re.fullmatch("has another serial number, [0-9A-F]{32}", defect)


@pytest.mark.parametrize(
    ("options", "granted", "defect"),
    [
        ({"san": {"dns_names": ["a.example", "b.example"]}}, ("a.example",), "b.example"),
        (
            {"san": {"dns_names": ["a.example", "b.example"]}},
            ("c.example",),
            "a.example, b.example",
        ),
        ({"san": {"dns_names": ["*.a.example"]}}, ("a.example",), "*.a.example"),
        ({"san": {"ip_addresses": ["192.0.2.1"]}}, ("a.example",), "192.0.2.1"),
        ({"san": {"emails": ["A@a.example"]}}, ("a.example",), "A@a.example"),
        ({"san": {"dns_names": ["a.example"]}}, ("A.EXAMPLE", "more.example"), ""),
        ({"san": None, "subject": {"common_name": "a.example"}}, ("A.example",), ""),
        ({"san": None, "subject": {"common_name": "a.example"}}, ("b.example",), "a.example"),
        ({"san": None, "subject": {"country": "NL"}}, ("b.example",), ""),
    ],
)
def test_a_stated_name_that_is_missing_makes_it_useless(
    hierarchy: Any, options: dict[str, Any], granted: tuple[str, ...], defect: str
) -> None:
    found = judged(hierarchy, *granted, task=options).defect
    assert found == (f"is not for {defect}" if defect else "")


def test_a_common_name_counts_as_itself(hierarchy: Any) -> None:
    task = {"san": None, "subject": {"common_name": "A person"}}
    subject = (("common_name", "a Person"),)
    assert judged(hierarchy, task=task, subject=subject).defect == ""


def test_what_else_differs_is_a_warning(hierarchy: Any) -> None:
    verdict = judged(
        hierarchy, "www.example.com", "more.example", task={"key_usages": ["crl_sign"]}
    )
    assert (verdict.defect, verdict.begins) == ("", 0)
    (warning,) = verdict.warnings
    assert warning == (
        "The certificate was issued, but differs from what the task states (dns_names: more.example"
        " in the certificate but not wanted; key_usages: crl_sign not in the certificate). It is"
        " kept until it is due or the task states otherwise."
    )


@pytest.mark.parametrize(("begins", "said"), [(NOW + 5, 0), (NOW + 6, NOW + 6)])
def test_what_is_not_valid_yet(hierarchy: Any, begins: int, said: int) -> None:
    assert judged(hierarchy, not_before=begins) == Verdict(begins=said)


def test_a_useless_one_is_not_kept_until_it_is_valid(hierarchy: Any) -> None:
    verdict = judged(hierarchy, not_before=NOW + DAY, status="REVOKED")
    assert verdict == Verdict("has the status REVOKED at Atlas")


def test_what_the_library_cannot_read(hierarchy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_leaf: Any) -> None:
        raise ValueError("an odd extension")

    monkeypatch.setattr(certificates, "names", fail)
    assert judged(hierarchy) == Verdict("cannot be read (an odd extension)", is_unreadable=True)


@pytest.mark.parametrize("error", [AtlasError("holds nothing"), TypeError("odd")])
def test_what_is_no_certificate(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(_pem: bytes) -> None:
        raise error

    monkeypatch.setattr(certificates, "load_certificates", fail)
    with pytest.raises(AtlasError, match="holds "):
        judge(wanted(), "", SerialNumber("01"), IssuedCertificate("", "ISSUED", NOW), NOW)
