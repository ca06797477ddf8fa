# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the roles hand to the modules of domains."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible.plugins.loader import module_loader

from ansible_collections.globalsign.atlas.plugins.filter.certificate_domains import (
    certificate_domains,
)
from ansible_collections.globalsign.atlas.plugins.filter.domain_failures import domain_failures
from ansible_collections.globalsign.atlas.plugins.filter.domain_groups import domain_groups
from ansible_collections.globalsign.atlas.plugins.filter.domain_proofs import domain_proofs
from ansible_collections.globalsign.atlas.plugins.filter.unavailable_modules import (
    unavailable_modules,
)


def test_names_are_grouped_by_how_they_are_proven() -> None:
    assert domain_groups(
        ["WWW.Example.com.", "*.example.com", "www.example.com", "192.0.2.1", "bücher.example"],
        {"method": "http", "webroot": "/srv", "listen": False},
        {
            "*.Example.com": {"method": "dns", "authorization_domain": "_acme-challenge"},
            "192.0.2.1": {"listen": True, "webroot": ""},
        },
    ) == [
        {
            "method": "dns",
            "authorization_domain": "_acme-challenge",
            "email_address": "",
            "names": ["*.example.com"],
            "settings": {"*.example.com": {"webroot": "/srv", "listen": "", "zone": ""}},
        },
        {
            "method": "http",
            "authorization_domain": "",
            "email_address": "",
            "names": ["www.example.com", "192.0.2.1", "xn--bcher-kva.example"],
            "settings": {
                "www.example.com": {"webroot": "/srv", "listen": "", "zone": ""},
                "192.0.2.1": {"webroot": "", "listen": True, "zone": ""},
                "xn--bcher-kva.example": {"webroot": "/srv", "listen": "", "zone": ""},
            },
        },
    ]


def test_names_with_other_mail_addresses_are_in_other_groups() -> None:
    groups = domain_groups(
        ["a.example", "b.example", "c.example"],
        {"method": "email", "email_address": "hostmaster", "zone": None},
        {"b.example": {"email_address": "admin"}, "c.example": {"method": "", "zone": "example"}},
    )
    assert [(each["method"], each["email_address"], each["names"]) for each in groups] == [
        ("", "hostmaster", ["c.example"]),
        ("email", "admin", ["b.example"]),
        ("email", "hostmaster", ["a.example"]),
    ]
    assert groups[0]["settings"] == {"c.example": {"webroot": "", "listen": "", "zone": "example"}}
    assert groups[1]["settings"] == {"b.example": {"webroot": "", "listen": "", "zone": ""}}


def test_a_name_without_a_method_is_in_a_group_of_its_own() -> None:
    groups = domain_groups(["a.example", "b.example"], {}, {"a.example": {"method": "email"}})
    assert [(each["method"], each["names"]) for each in groups] == [
        ("", ["b.example"]),
        ("email", ["a.example"]),
    ]


@pytest.mark.parametrize(
    ("override", "words"),
    [
        (
            {"zones": "x", "method": "dns", "webrot": "/srv"},
            "atlas_domain_overrides: www.example.com has webrot, zones; the keys are"
            " authorization_domain, email_address, listen, method, webroot, zone.",
        ),
        (
            {"method": "smoke"},
            "atlas_domain_overrides: www.example.com has the method 'smoke'; choose one of dns,"
            " http, https, email.",
        ),
    ],
)
def test_overrides_that_are_not_understood_are_refused(override: Any, words: str) -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        domain_groups(["www.example.com"], {}, {"www.example.com": override})
    assert caught.value.message == words


def test_what_is_no_name_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match=r"^atlas_domain_names: 'a b' is not a DNS name"):
        domain_groups(["a b"], {})
    with pytest.raises(AnsibleFilterError, match=r"^atlas_domain_names: 'a b' is not a DNS name"):
        domain_groups(["a.example"], {}, {"a b": {}})
    assert domain_groups([], {}, None) == []


def claim(domain: str, **given: Any) -> dict[str, Any]:
    known = {"domain": domain, "claimed": domain, "is_due": True, "is_placer": True, "place": {}}
    return {**known, **given}


def result(*claims: dict[str, Any], method: str = "dns", **given: Any) -> dict[str, Any]:
    names = [each["domain"] for each in claims]
    settings = {name: {"webroot": "", "listen": "", "zone": ""} for name in names}
    group = {"method": method, "names": names, "settings": settings}
    return {"claims": list(claims), "atlas_domain_group": group, **given}


def test_names_of_one_claim_are_one_proof() -> None:
    proofs = domain_proofs(
        [
            result(
                claim("example.net", is_due=False),
                claim("*.example.com", claimed="example.com"),
                claim("example.com"),
                claim("example.org", failed=True, msg="no"),
            ),
            {"skipped": True},
        ]
    )
    assert proofs == [
        {
            "domain": "example.com",
            "names": ["*.example.com", "example.com"],
            "method": "dns",
            "place": {},
            "is_placer": True,
            "webroot": "",
            "listen": "",
            "zone": "",
        }
    ]


def test_a_proof_has_the_settings_of_its_first_name() -> None:
    first = claim("*.b.example", claimed="b.example", place={"dns": {"name": "b.example"}})
    one = result(first, claim("b.example"), is_placer=False)
    one["atlas_domain_group"]["settings"]["*.b.example"] = {
        "webroot": "/b",
        "listen": "",
        "zone": "b",
    }
    other = result(claim("b.example"), claim("a.example", is_placer=False), method="http")
    proofs = domain_proofs([one, {"claims": None}, other])
    assert [(each["domain"], each["method"]) for each in proofs] == [
        ("a.example", "http"),
        ("b.example", "dns"),
        ("b.example", "http"),
    ]
    assert (proofs[1]["webroot"], proofs[1]["zone"], proofs[1]["place"]) == (
        "/b",
        "b",
        {"dns": {"name": "b.example"}},
    )
    assert [each["is_placer"] for each in proofs] == [False, True, True]


def test_what_went_wrong_is_told_by_domain() -> None:
    results = [
        result(claim("a.example", failed=True, msg="it is refused"), claim("b.example")),
        result(claim("c.example"), claims=None, msg="no connection"),
        {"skipped": True},
    ]
    known = {"a.example": "it is refused", "c.example": "no connection"}
    assert domain_failures(results) == known
    assert domain_failures(results, settled=True) == {
        **known,
        "b.example": "b.example was not verified; the host of this play that had to place its"
        " token, or to ask for the check, tells why.",
    }


def test_what_went_wrong_is_told_by_what_was_claimed() -> None:
    results = [
        result(
            claim("*.a.example", claimed="a.example", failed=True, msg="no"),
            claim("b.example", claimed="", failed=True, msg="never looked at"),
            claim("*.c.example", claimed="c.example"),
            claim("d.example", is_due=False),
        ),
        {"msg": "no connection", "atlas_domain_group": {"names": ["e.example", "f.example"]}},
        {"claims": None},
    ]
    assert domain_failures(results, settled=True) == {
        "a.example": "no",
        "b.example": "never looked at",
        "c.example": "*.c.example was not verified; the host of this play that had to place its"
        " token, or to ask for the check, tells why.",
        "e.example, f.example": "no connection",
        "?": "a task failed",
    }


def test_a_loop_in_which_nothing_went_wrong() -> None:
    results = [result(claim("a.example")), result(claim("b.example", is_due=False))]
    assert domain_failures(results) == {}
    assert domain_failures(results[1:], settled=True) == {}


def test_certificates_say_how_their_names_are_proven() -> None:
    found = certificate_domains(
        [
            {"name": "one", "dns_names": ["a.example", "b.example"], "domain_method": "dns"},
            {"name": "two", "dns_names": ["a.example"], "domain_method": "dns", "webroot": ""},
            {"name": "three", "dns_names": ["c.example"]},
        ]
    )
    assert found == {
        "names": ["a.example", "b.example", "c.example"],
        "overrides": {"a.example": {"method": "dns"}, "b.example": {"method": "dns"}},
    }


def test_certificates_that_disagree_about_a_name_are_refused() -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        certificate_domains(
            [
                {"name": "one", "dns_names": ["a.example"], "domain_method": "dns"},
                {"name": "same", "dns_names": ["a.example"], "domain_method": "dns"},
                {"name": "two", "dns_names": ["a.example"], "domain_method": "http"},
            ]
        )
    assert caught.value.message == (
        "a.example is in one and in two, which prove it in different ways; give both the same"
        " domain_method, webroot, listen, authorization_domain, zone, email_address."
    )


def test_all_that_a_certificate_may_say_of_its_names() -> None:
    said = {
        "webroot": "/srv",
        "listen": True,
        "authorization_domain": "_acme",
        "zone": "example",
        "email_address": "admin",
    }
    silent = {"name": "quiet", "dns_names": ["a.example"], "webroot": None, "domain_method": ""}
    found = certificate_domains(
        [
            {"name": "www", "dns_names": ["a.example"], "domain_method": "http", **said},
            silent,
            {"name": "off", "dns_names": ["b.example"], "listen": False},
            {"name": "none", "dns_names": None, "domain_method": "dns"},
        ]
    )
    assert found == {
        "names": ["a.example", "b.example"],
        "overrides": {"a.example": {"method": "http", **said}, "b.example": {"listen": False}},
    }


def test_modules_that_are_not_installed_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module_loader, "has_plugin", lambda name: name == "ansible.builtin.uri")
    assert unavailable_modules(["ansible.builtin.uri", "no.such.module"]) == ["no.such.module"]
