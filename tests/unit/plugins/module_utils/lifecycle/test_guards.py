# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task may ask for, and how much."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle import guards
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.options.task import (
    wanted_certificates,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.wanted import Wanted


def wanted(**options: Any) -> Wanted:
    task = {"path": "/cert.pem", "privatekey_path": "/key.pem", **options}
    return wanted_certificates(task)[0]


@pytest.mark.parametrize(
    ("allowed", "san", "is_allowed"),
    [
        (None, {"dns_names": ["any.example"]}, True),
        ([], {"dns_names": ["any.example"]}, False),
        (["example.com"], {"dns_names": ["example.com"]}, True),
        (["Example.COM."], {"dns_names": ["example.com"]}, True),
        (["example.com"], {"dns_names": ["www.example.com"]}, False),
        (["*.example.com"], {"dns_names": ["www.example.com", "a.b.example.com"]}, True),
        (["*.example.com"], {"dns_names": ["*.example.com"]}, True),
        (["*.example.com"], {"dns_names": ["example.com"]}, False),
        (["*.example.com"], {"dns_names": ["badexample.com"]}, False),
        (["*.example.com"], {"dns_names": ["www.example.com", "evil.example"]}, False),
        (["10.0.0.0/8"], {"ip_addresses": ["10.1.2.3"]}, True),
        (["10.0.0.0/8"], {"ip_addresses": ["11.1.2.3"]}, False),
        (["10.0.0.0/8"], {"ip_addresses": ["2001:db8::1"]}, False),
        (["2001:db8::1"], {"ip_addresses": ["2001:db8::1"]}, True),
        (["@example.com"], {"emails": ["ida@example.com"]}, True),
        (["@example.com"], {"emails": ["ida@badexample.com"]}, False),
        (["ida@example.com"], {"emails": ["eva@example.com"]}, False),
        (["*.example.com"], {"emails": ["ida@www.example.com"]}, False),
        (["*.example.com"], {"uris": ["https://www.example.com/a?b"]}, True),
        (["*.example.com"], {"uris": ["https://evil.example/?.example.com"]}, False),
        (["*.example.com"], {"uris": ["urn:x.example.com@evil"]}, False),
        (["*.example.com"], {"uris": ["urn:evil:x.example.com"]}, False),
        (["urn:evil:x.example.com"], {"uris": ["urn:evil:x.example.com"]}, True),
        (["@example.com"], {"uris": ["sip:ceo@evil.test;x=@example.com"]}, False),
        (["example.com"], {"uris": ["https://[evil"]}, False),
    ],
)
def test_names(allowed: list[str] | None, san: dict[str, list[str]], is_allowed: bool) -> None:
    if is_allowed:
        guards.refuse_other_names(wanted(san=san), allowed)
    else:
        with pytest.raises(AtlasError, match=r"^san\.\w+: .* allowed_names allows "):
            guards.refuse_other_names(wanted(san=san), allowed)


@pytest.mark.parametrize(
    ("common_name", "said"),
    [
        ("evil.example", "subject"),
        ("www.evil.test ", "subject"),
        ("localhost", "subject"),
        ("2001:db8::1", "subject"),
        ("ceo@evil.test x", "subject"),
        ("Example.com", ""),
        ("Ida B", ""),
    ],
)
def test_a_common_name_is_a_name_if_it_looks_like_one(common_name: str, said: str) -> None:
    task = wanted(subject={"common_name": common_name}, san={"dns_names": ["example.com"]})
    if said:
        with pytest.raises(AtlasError, match=said):
            guards.refuse_other_names(task, ["example.com"])
    else:
        guards.refuse_other_names(task, ["example.com"])


def test_another_name_is_a_name() -> None:
    names = {"other_names": [{"type": "1.3.6.1.4.1.311.20.2.3", "value": "admin@corp.example"}]}
    with pytest.raises(AtlasError, match="other_names"):
        guards.refuse_other_names(wanted(san=names), ["@example.com"])
    guards.refuse_other_names(wanted(san=names), ["@corp.example"])


@pytest.mark.parametrize(
    "options",
    [
        {"subject": {"email": "ceo@evil.test"}},
        {"subject": {"extra_attributes": [{"type": "2.5.4.3", "value": "evil.test"}]}},
        {"custom_extensions": {"2.5.29.17": "evil.test"}},
    ],
)
def test_names_in_other_places(options: dict[str, Any]) -> None:
    with pytest.raises(AtlasError, match="allowed_names allows"):
        guards.refuse_other_names(wanted(**options), ["example.com", "@example.com"])


@pytest.mark.parametrize(
    ("due", "most", "is_refused"), [(3, 3, False), (3, 2, True), (3, None, False)]
)
def test_how_many(due: int, most: int | None, is_refused: bool) -> None:
    if is_refused:
        with pytest.raises(AtlasError, match="max_issue: 3 certificates are due"):
            guards.refuse_too_many(due, most)
    else:
        guards.refuse_too_many(due, most)


@pytest.mark.parametrize(("left", "is_refused"), [(13, False), (12, True)])
def test_how_much_is_left(left: int, is_refused: bool) -> None:
    if is_refused:
        with pytest.raises(AtlasError, match="min_quota: 3 certificates are due and 12 are left"):
            guards.refuse_low_quota(3, left, 10)
    else:
        guards.refuse_low_quota(3, left, 10)
