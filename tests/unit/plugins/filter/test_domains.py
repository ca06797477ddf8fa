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
    groups = domain_groups(
        ["WWW.Example.com.", "*.example.com", "www.example.com", "192.0.2.1", "bücher.example"],
        {"method": "http", "webroot": "/srv", "listen": False},
        {
            "*.Example.com": {"method": "dns", "authorization_domain": "_acme-challenge"},
            "192.0.2.1": {"listen": True, "webroot": ""},
        },
    )
    assert [(each["method"], each["authorization_domain"], each["names"]) for each in groups] == [
        ("dns", "_acme-challenge", ["*.example.com"]),
        ("http", "", ["www.example.com", "192.0.2.1", "xn--bcher-kva.example"]),
    ]
    settings = groups[1]["settings"]
    assert settings["www.example.com"] == {"webroot": "/srv", "listen": "", "zone": ""}
    assert settings["192.0.2.1"] == {"webroot": "", "listen": True, "zone": ""}


def test_a_name_without_a_method_is_in_a_group_of_its_own() -> None:
    groups = domain_groups(["a.example", "b.example"], {}, {"a.example": {"method": "email"}})
    assert [(each["method"], each["names"]) for each in groups] == [
        ("", ["b.example"]),
        ("email", ["a.example"]),
    ]


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ({"webrot": "/srv"}, r"www.example.com has webrot; the keys are"),
        ({"method": "smoke"}, r"has the method 'smoke'; choose one of dns, http, https, email"),
    ],
)
def test_overrides_that_are_not_understood_are_refused(override: Any, words: str) -> None:
    with pytest.raises(AnsibleFilterError, match=words):
        domain_groups(["www.example.com"], {}, {"www.example.com": override})


def test_what_is_no_name_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match=r"atlas_domain_names: 'a b' is not a DNS name"):
        domain_groups(["a b"], {})


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
    assert [(each["domain"], each["names"]) for each in proofs] == [
        ("example.com", ["*.example.com", "example.com"])
    ]


def test_what_went_wrong_is_told_by_domain() -> None:
    results = [
        result(claim("a.example", failed=True, msg="it is refused"), claim("b.example")),
        result(claim("c.example"), claims=None, msg="no connection"),
        {"skipped": True},
    ]
    assert domain_failures(results) == {"a.example": "it is refused", "c.example": "no connection"}
    assert "b.example was not verified" in domain_failures(results, settled=True)["b.example"]


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
    with pytest.raises(AnsibleFilterError, match=r"a.example is in one and in two, which prove it"):
        certificate_domains(
            [
                {"name": "one", "dns_names": ["a.example"], "domain_method": "dns"},
                {"name": "two", "dns_names": ["a.example"], "domain_method": "http"},
            ]
        )


def test_modules_that_are_not_installed_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module_loader, "has_plugin", lambda name: name == "ansible.builtin.uri")
    assert unavailable_modules(["ansible.builtin.uri", "no.such.module"]) == ["no.such.module"]
