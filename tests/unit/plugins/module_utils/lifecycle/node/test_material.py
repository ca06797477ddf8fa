# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What belongs together, and what a file has to hold of it."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node.material import (
    Material,
    content_of,
    holds,
    lacks,
    render,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.wanted import Target
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import certificates, keys

from ..conftest import Site

COMBINED = "combined.pem"


def combined(site: Site, *contains: str) -> None:
    path = str(site.folder / COMBINED)
    site.options = {"files": [{"path": path, "contains": list(contains)}]}


def test_the_parts_of_a_file_are_in_the_order_that_is_stated(site: Site) -> None:
    combined(site, "certificate", "chain", "privatekey")
    site.deploy()
    assert site.inspect()["repairs"] == []
    combined(site, "privatekey", "certificate", "chain")
    assert site.inspect()["repairs"] == [f"{site.folder / COMBINED}: not as it should be"]


def test_a_pkcs12_file_without_a_key_is_recognised(site: Site) -> None:
    """With the oldest libraries, too, which tell its certificates in another order."""
    contains = ["certificate", "chain", "root"]
    entry = {"path": str(site.folder / "trust.p12"), "contains": contains, "format": "pkcs12"}
    site.options = {"files": [entry], "path": None, "fullchain_path": None}
    site.deploy()
    found = site.inspect()
    assert found["reasons"] == []
    assert found["repairs"] == []


@pytest.fixture
def material(hierarchy: Any, private_key: Any) -> Material:
    leaf = hierarchy.issuing.issue(private_key.public_key(), ("www.example.com",))
    return Material(leaf, (hierarchy.issuing.certificate,), hierarchy.root.certificate, private_key)


def target(*contains: str, **more: Any) -> Target:
    return Target("files[0]", "/a", list(contains), **more)


PARTS = ["privatekey", "certificate", "chain", "root"]
FILES = [
    target("certificate"),
    target("certificate", "chain"),
    target("chain"),
    target("root"),
    target("chain", "root"),
    target("privatekey"),
    target("privatekey", passphrase="secret"),
    target("privatekey", key_format="pkcs1"),
    target("privatekey", key_format="pkcs1", passphrase="secret"),
    target("privatekey", key_format="pkcs8"),
    target("certificate", "chain", "privatekey"),
    target("privatekey", "certificate", "chain", "root"),
    target("privatekey", "certificate", format="pkcs12"),
    target("privatekey", "certificate", "chain", "root", format="pkcs12", passphrase="secret"),
    target("certificate", "chain", format="pkcs12"),
]


@pytest.mark.parametrize("file", FILES, ids=lambda each: " ".join(map(str, vars(each).values())))
def test_what_is_written_is_recognised_and_nothing_else_is(
    file: Target, material: Material, hierarchy: Any
) -> None:
    content = render(file, material)
    assert holds(file, content, material)
    assert not holds(file, None, material)
    assert not holds(file, b"", material)
    other_key = keys.generate(keys.KeyKind("ECDSA", 256))
    leaf = hierarchy.issuing.issue(other_key.public_key(), ("www.example.com",))
    other = Material(leaf, material.issuers, material.root, other_key)
    is_of_the_set = {"privatekey", "certificate"} & set(file.contains)
    assert holds(file, content, other) is not bool(is_of_the_set)


def test_the_parts_are_written_as_they_are_stated(material: Material, hierarchy: Any) -> None:
    issuing, root = hierarchy.chain
    leaf = certificates.certificate_pem(material.leaf)
    key = keys.private_key_pem(material.key).decode()  # type: ignore[arg-type]
    written = {"privatekey": key, "certificate": leaf, "chain": issuing, "root": root}
    for order in itertools.permutations(PARTS):
        content = "".join(written[part] for part in order)
        assert render(target(*order), material).decode() == content
    assert content_of(material) == {"certificate": leaf, "chain": issuing, "root": root}
    bare = Material(material.leaf, None, None, None)
    assert content_of(bare) == {"certificate": leaf, "chain": "", "root": ""}


def test_another_order_of_the_parts_is_not_what_is_wanted(material: Material) -> None:
    for order in itertools.permutations(PARTS):
        content = render(target(*order), material)
        assert holds(target(*order), content, material)
        assert holds(target(*PARTS), content, material) is (list(order) == PARTS)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"passphrase": "secret"}, {}),
        ({}, {"passphrase": "secret"}),
        ({"passphrase": "secret"}, {"passphrase": "other"}),
        ({"key_format": "pkcs1"}, {"key_format": "pkcs8"}),
        ({"key_format": "pkcs8"}, {"key_format": "pkcs1"}),
        ({"key_format": "pkcs1", "passphrase": "s"}, {"key_format": "pkcs8", "passphrase": "s"}),
        ({"key_format": "pkcs8", "passphrase": "s"}, {"key_format": "pkcs1", "passphrase": "s"}),
    ],
)
def test_a_key_in_another_form_is_not_what_is_wanted(
    material: Material, wanted: dict[str, Any], found: dict[str, Any]
) -> None:
    content = render(target("privatekey", **found), material)
    assert not holds(target("privatekey", **wanted), content, material)


@pytest.mark.parametrize("form", ["pkcs1", "pkcs8"])
def test_where_no_form_is_stated_any_will_do(material: Material, form: str) -> None:
    content = render(target("privatekey", key_format=form), material)
    assert holds(target("privatekey"), content, material)


def test_a_public_file_with_a_key_in_it_is_not_what_is_wanted(material: Material) -> None:
    content = render(target("certificate"), material) + render(target("privatekey"), material)
    assert not holds(target("certificate"), content, material)
    p12 = render(target("privatekey", "certificate", format="pkcs12"), material)
    assert not holds(target("certificate", format="pkcs12"), p12, material)
    without = render(target("certificate", "chain", format="pkcs12"), material)
    assert not holds(
        target("privatekey", "certificate", "chain", format="pkcs12"), without, material
    )


def test_a_pkcs12_file_with_more_or_fewer_certificates(material: Material) -> None:
    both = target("privatekey", "certificate", "chain", format="pkcs12")
    one = target("privatekey", "certificate", format="pkcs12")
    assert not holds(one, render(both, material), material)
    assert not holds(both, render(one, material), material)


@pytest.mark.parametrize(
    ("file", "gone", "missing"),
    [
        (target("certificate", "chain"), "issuers", "chain"),
        (target("chain", "root"), "root", "root"),
        (target("privatekey", "certificate"), "key", "privatekey"),
        (target("certificate"), "issuers", ""),
        (target("certificate"), "root", ""),
        (target("certificate"), "key", ""),
    ],
)
def test_a_part_that_is_not_known_is_told(
    material: Material, file: Target, gone: str, missing: str
) -> None:
    content = render(file, material)
    poorer = replace(material, **{gone: None})
    assert lacks(file, poorer) == missing
    assert lacks(file, material) == ""
    assert holds(file, content, poorer) is not bool(missing)
    if missing:
        with pytest.raises(AtlasError) as caught:
            render(file, poorer)
        assert caught.value.message == f"files[0]: /a: there is no {missing} to put into it."


def test_a_file_for_which_there_is_nothing_is_not_there(material: Material) -> None:
    """That of the chain where the root itself issued."""
    direct = replace(material, issuers=())
    assert render(target("chain"), direct) == b""
    assert holds(target("chain"), None, direct)
    assert not holds(target("chain"), b"", direct)
    assert not holds(target("chain"), render(target("root"), direct), direct)
    assert holds(target("chain", "root"), render(target("root"), direct), direct)


def test_comments_around_a_certificate_do_no_harm(material: Material) -> None:
    content = b"# ours\n" + render(target("certificate"), material)
    assert holds(target("certificate"), content, material)


def test_a_pkcs12_file_is_called_by_the_common_name_or_the_serial_number(
    material: Material, hierarchy: Any, private_key: Any
) -> None:
    file = target("privatekey", "certificate", format="pkcs12")
    assert material.serial.encode("utf-16-be") in render(file, material)
    named = hierarchy.issuing.issue(
        private_key.public_key(), subject=(("common_name", "www.example.com"),)
    )
    content = render(file, replace(material, leaf=named))
    assert "www.example.com".encode("utf-16-be") in content
