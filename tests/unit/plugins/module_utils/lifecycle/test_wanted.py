# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wanted, as both halves of a task compare it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.options.task import (
    wanted_certificates,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.wanted import (
    ExternalKey,
    Target,
    Wanted,
)

from .conftest import task


def wanted(**options: Any) -> Wanted:
    (made,) = wanted_certificates(task(**options))
    assert isinstance(made, Wanted)
    return made


@pytest.mark.parametrize(
    "options",
    [
        {"owner": "root", "subject": {"common_name": "a"}},
        {"csr_path": "/csr.pem", "privatekey_path": None},
        {
            "public_key_content": "KEY",
            "public_key_signature": "proof",
            "privatekey_path": None,
            "path": None,
            "state_dir": "/s",
        },
    ],
)
def test_it_survives_the_wire(options: dict[str, Any]) -> None:
    made = wanted(**options)
    assert Wanted.from_wire(json.loads(json.dumps(made.on_wire()))) == made


def test_what_is_read_from_the_wire_is_no_plain_object() -> None:
    made = Wanted.from_wire(wanted(csr_content="CSR", privatekey_path=None).on_wire())
    assert made.external_key == ExternalKey("csr", None, "CSR", None)
    assert made.targets == [Target("path", "/etc/ssl/cert.pem", ["certificate"])]


def test_a_wish_has_all_that_is_stated_of_a_certificate_and_nothing_else() -> None:
    assert wanted().wish == {"san.dns_names": ["www.example.com"]}
    made = wanted(
        subject={"common_name": "a", "organizational_unit": ["z", "y"]},
        san={"dns_names": ["b.example", "a.example"], "other_names": [{"type": "1.2.3"}]},
        privatekey_type="RSA",
        privatekey_size=2048,
        extended_key_usages=["1.2.4", "1.2.3"],
        key_usages=["key_agreement"],
        custom_extensions={"1.2.3.5": "NIL"},
        renew_before="10d",
        force=True,
        valid_for="90d",
        mode="0640",
    )
    assert made.wish == {
        "subject.common_name": ["a"],
        "subject.organizational_unit": ["y", "z"],
        "san.dns_names": ["a.example", "b.example"],
        "san.other_names": [{"type": "1.2.3"}],
        "extended_key_usages": ["1.2.3", "1.2.4"],
        "key_usages.key_agreement": True,
        "custom_extensions.1.2.3.5": "NIL",
        "privatekey_type": "RSA",
        "privatekey_size": 2048,
    }


def test_what_has_an_order_keeps_it() -> None:
    names = [{"type": "1.2.4"}, {"type": "1.2.3", "value": "a"}]
    assert wanted(san={"other_names": names}).wish == {"san.other_names": names}


def test_a_wish_does_not_depend_on_the_order() -> None:
    first = wanted(
        san={"dns_names": ["b.example", "a.example"]}, extended_key_usages=["1.2", "1.1"]
    )
    second = wanted(
        san={"dns_names": ["a.example", "b.example"]}, extended_key_usages=["1.1", "1.2"]
    )
    assert first.wish == second.wish


@pytest.mark.parametrize(
    ("contains", "holds_key", "holds_certificate"),
    [
        (["privatekey"], True, False),
        (["certificate"], False, True),
        (["privatekey", "certificate", "chain"], True, True),
        (["chain", "root"], False, False),
    ],
)
def test_what_a_file_holds(contains: list[str], holds_key: bool, holds_certificate: bool) -> None:
    target = Target("files[0]", "/a", contains)
    assert (target.holds_key, target.holds_certificate) == (holds_key, holds_certificate)
    assert (target.format, target.mode, target.passphrase) == ("pem", 0o644, None)


def test_the_key_is_read_from_the_file_with_nothing_else() -> None:
    both = {"path": "/both.pem", "contains": ["privatekey", "certificate"]}
    more = {"path": "/more.pem", "contains": ["certificate", "privatekey"]}
    alone = {"path": "/alone.pem", "contains": ["privatekey"]}
    first = wanted(privatekey_path=None, files=[both, more])
    assert first.key_target is not None
    assert first.key_target.path == "/both.pem"
    second = wanted(privatekey_path=None, files=[both, alone])
    assert second.key_target is not None
    assert second.key_target.path == "/alone.pem"
    assert wanted(privatekey_path=None, csr_content="CSR").key_target is None
