# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Chains: found by signature, in any order, without the root."""

from __future__ import annotations

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import certificates, chains


def loaded(pems: list[str]) -> list[object]:
    return [certificates.load_certificates(pem.encode())[0] for pem in pems]


def test_issuers_are_found_in_any_order(hierarchy, other_hierarchy, private_key) -> None:
    leaf = hierarchy.issuing.issue(private_key.public_key(), ("www.example.com",))
    candidates = loaded([*other_hierarchy.chain, *reversed(hierarchy.chain)])
    assert chains.issuers_of(leaf, candidates) == (hierarchy.issuing.certificate,)


def test_the_chain_of_another_ca_is_none(hierarchy, other_hierarchy, private_key) -> None:
    leaf = hierarchy.issuing.issue(private_key.public_key(), ("www.example.com",))
    assert chains.issuers_of(leaf, loaded(other_hierarchy.chain)) is None


def test_an_issuer_of_the_same_name_with_another_key_is_none(
    hierarchy, private_key, rsa_key
) -> None:
    imposter = hierarchy.root.issue(
        rsa_key.public_key(), subject=(("common_name", "Test issuing CA"),), is_ca=True
    )
    leaf = hierarchy.issuing.issue(private_key.public_key(), ("www.example.com",))
    assert chains.issuers_of(leaf, [imposter]) is None


def test_a_leaf_of_the_root_itself_has_an_empty_chain(hierarchy, private_key) -> None:
    leaf = hierarchy.root.issue(private_key.public_key(), ("www.example.com",))
    assert chains.issuers_of(leaf, loaded(hierarchy.chain)) == ()


def test_a_chain_without_its_root_is_still_a_chain(hierarchy, private_key) -> None:
    leaf = hierarchy.issuing.issue(private_key.public_key(), ("www.example.com",))
    assert chains.issuers_of(leaf, [leaf, hierarchy.issuing.certificate]) == (
        hierarchy.issuing.certificate,
    )


def test_a_trust_chain_is_split_for_servers_and_clients(hierarchy) -> None:
    parts = chains.split(hierarchy.chain)
    assert parts == {
        "certificates": hierarchy.chain,
        "chain": hierarchy.chain[0],
        "root": hierarchy.chain[1],
    }


def test_a_trust_chain_that_is_none_is_refused_in_a_sentence() -> None:
    with pytest.raises(AtlasError, match="The trust chain that the service sent holds no cert"):
        chains.split(["garbage"])


def test_an_rsa_issuer_is_verified_too(rsa_key, private_key, hierarchy) -> None:
    issuing = hierarchy.root.issue(
        rsa_key.public_key(), subject=(("common_name", "RSA issuing CA"),), is_ca=True
    )
    leaf = type(hierarchy.root)(rsa_key, issuing).issue(private_key.public_key())
    assert certificates.is_signed_by(leaf, issuing)
    assert not certificates.is_signed_by(leaf, hierarchy.root.certificate)


def test_the_leaf_is_found_in_any_order(hierarchy, private_key) -> None:
    """As PKCS#12 files without a key tell it with older libraries."""
    leaf = hierarchy.issuing.issue(private_key.public_key(), ("www.example.com",))
    issuers = loaded(hierarchy.chain)
    assert chains.leaf_of([*issuers, leaf]) == leaf
    assert chains.leaf_of([leaf, *issuers]) == leaf
    assert chains.leaf_of([leaf]) == leaf
