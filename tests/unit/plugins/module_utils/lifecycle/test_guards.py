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
        (["https://[evil"], {"uris": ["https://[evil"]}, True),
        ([" @example.com "], {"emails": ["ida@example.com"]}, True),
        (["example.com"], {"emails": ["//ida@example.com"]}, False),
        (["urn:evil:x"], {"uris": ["urn:EVIL:x"]}, True),
        (["@example.com"], {"emails": ["a@b@example.com"]}, True),
        (["@corp.example"], {"other_names": [{"type": "1.2.3", "value": "a@CORP.example"}]}, True),
        (["*.example.com"], {"other_names": [{"type": "1.2.3", "value": "A.EXAMPLE.com"}]}, True),
        (["example.com."], {"other_names": [{"type": "1.2.3", "value": "EXAMPLE.com"}]}, True),
        (["  example.com "], {"dns_names": ["example.com"]}, True),
        (["a.example", "b.example"], {"dns_names": ["b.example"]}, True),
        (["a.example", "b.example"], {"dns_names": ["a.example", "c.example"]}, False),
        (["*.EXAMPLE.com."], {"dns_names": ["www.example.com"]}, True),
        (["www.example.com"], {"dns_names": ["*.example.com"]}, False),
        (["10.1.2.3/8"], {"ip_addresses": ["10.255.255.255"]}, True),
        (["10.1.2.3"], {"ip_addresses": ["10.1.2.4"]}, False),
        (["::/0"], {"ip_addresses": ["10.1.2.3"]}, False),
        (["0.0.0.0/0"], {"ip_addresses": ["10.1.2.3"]}, True),
        (["::/0"], {"ip_addresses": ["2001:db8::1"]}, True),
        (["2001:db8::/33"], {"ip_addresses": ["2001:db8:8000::1"]}, False),
        (["10.0.0.0/8"], {"dns_names": ["www.example.com"]}, False),
        (["*.1"], {"ip_addresses": ["10.0.0.1"]}, False),
        (["@Example.com"], {"emails": ["ida@EXAMPLE.com"]}, True),
        (["ida@example.com"], {"emails": ["ida@example.com"]}, True),
        (["IDA@example.com"], {"emails": ["ida@example.com"]}, True),
        (["ida@example.com"], {"dns_names": ["example.com"]}, False),
        (["@example.com"], {"dns_names": ["example.com"]}, False),
        (["example.com"], {"emails": ["ida@example.com"]}, False),
        (["www.example.com"], {"uris": ["https://WWW.example.com:8443/"]}, True),
        (["10.0.0.0/8"], {"uris": ["https://10.1.2.3/"]}, True),
        (["2001:db8::/32"], {"uris": ["https://[2001:db8::1]/"]}, True),
        (["*.example.com"], {"uris": ["https://www.example.com@evil.example/"]}, False),
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


OTHER = "1.3.6.1.4.1.311.20.2.3"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"san": {"dns_names": ["a.test"]}}, "san.dns_names: 'a.test' is"),
        ({"san": {"emails": ["a@a.test"]}}, "san.emails: 'a@a.test' is"),
        ({"san": {"ip_addresses": ["192.0.2.1"]}}, "san.ip_addresses: '192.0.2.1' is"),
        ({"san": {"uris": ["https://a.test/"]}}, "san.uris: 'a.test' is"),
        ({"san": {"uris": ["urn:a.test"]}}, "san.uris: 'urn:a.test' is"),
        ({"san": {"other_names": [{"type": OTHER}]}}, "san.other_names: '' is"),
        ({"subject": {"email": "ceo@evil.test"}}, "subject.email: 'ceo@evil.test' is"),
        ({"subject": {"common_name": "Evil.test."}}, "subject.common_name: 'evil.test' is"),
        ({"subject": {"common_name": " evil.test/ "}}, "subject.common_name: 'evil.test/' is"),
        (
            {"subject": {"extra_attributes": [{"type": "2.5.4.3", "value": "evil.test"}]}},
            "subject.extra_attributes: 'evil.test' is",
        ),
        (
            {"subject": {"extra_attributes": [{"type": "2.5.4.3"}]}},
            "subject.extra_attributes: '' is",
        ),
        (
            {
                "subject": {
                    "extra_attributes": [{"type": "1.2.840.113549.1.9.1", "value": "ceo@evil.test"}]
                }
            },
            "subject.extra_attributes: 'ceo@evil.test' is",
        ),
        (
            {"custom_extensions": {"2.5.29.17": "evil.test"}},
            "custom_extensions: '2.5.29.17 (subject alternative names)' is",
        ),
    ],
)
def test_names_in_all_places(options: dict[str, Any], said: str) -> None:
    with pytest.raises(AtlasError) as caught:
        guards.refuse_other_names(wanted(**options), ["example.com", "@example.com"])
    assert caught.value.message == (
        f"{said} not among the names that this task may ask for; allowed_names allows example.com,"
        " @example.com."
    )


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"subject": {"organization": "evil.test", "common_name": "Ida Evil.test"}},
        {"subject": {"extra_attributes": [{"type": "2.5.4.12", "value": "evil.test"}]}},
        {"custom_extensions": {"2.5.29.18": "evil.test"}},
        {"san": {"other_names": [{"type": OTHER, "value": "ceo@example.com"}]}},
        {"subject": {"extra_attributes": [{"type": "2.5.4.3", "value": "example.com"}]}},
    ],
)
def test_what_names_nobody_is_left_alone(options: dict[str, Any]) -> None:
    guards.refuse_other_names(wanted(**options), ["example.com", "@example.com"])


@pytest.mark.parametrize(
    ("common_name", "allowed", "is_allowed"),
    [
        ("10.1.0.0/16", "10.0.0.0/8", True),
        ("10.0.0.0/8", "10.0.0.0/16", False),
        ("10.0.0.0/8", "10.255.0.0/16", False),
        ("2001:db8::/32", "10.0.0.0/8", False),
    ],
)
def test_a_network_is_allowed_as_a_whole(common_name: str, allowed: str, is_allowed: bool) -> None:
    task = wanted(subject={"common_name": common_name})
    if is_allowed:
        guards.refuse_other_names(task, [allowed])
        return
    with pytest.raises(AtlasError, match=f"'{common_name}' is not among the names"):
        guards.refuse_other_names(task, [allowed])


@pytest.mark.parametrize("pattern", ["*.a b", "a b"])
def test_a_pattern_that_is_none_is_told(pattern: str) -> None:
    with pytest.raises(AtlasError, match="allowed_names: 'a b' is not a DNS name"):
        guards.refuse_other_names(wanted(san={"dns_names": ["example.com"]}), [pattern])


def test_no_names_at_all_are_allowed() -> None:
    with pytest.raises(AtlasError, match=r"may ask for; allowed_names allows none\.$"):
        guards.refuse_other_names(wanted(san={"dns_names": ["example.com"]}), [])


@pytest.mark.parametrize(
    ("due", "most", "is_refused"),
    [(3, 3, False), (3, 2, True), (3, None, False), (0, 0, False), (1, 0, True)],
)
def test_how_many(due: int, most: int | None, is_refused: bool) -> None:
    if not is_refused:
        guards.refuse_too_many(due, most)
        return
    with pytest.raises(AtlasError) as caught:
        guards.refuse_too_many(due, most)
    assert caught.value.message == (
        f"max_issue: {due} certificates are due, and this task may ask for at most {most}; nothing"
        " was asked for. Look at the reasons (in check mode), and raise max_issue if they are"
        " right."
    )


@pytest.mark.parametrize(
    ("left", "least", "is_refused"), [(13, 10, False), (12, 10, True), (3, 0, False), (2, 0, True)]
)
def test_how_much_is_left(left: int, least: int, is_refused: bool) -> None:
    if not is_refused:
        guards.refuse_low_quota(3, left, least)
        return
    with pytest.raises(AtlasError) as caught:
        guards.refuse_low_quota(3, left, least)
    assert caught.value.message == (
        f"min_quota: 3 certificates are due and {left} are left in the account's quota, so fewer"
        f" than {least} would be left; nothing was asked for. Order more in the Atlas portal, or"
        " lower min_quota."
    )
