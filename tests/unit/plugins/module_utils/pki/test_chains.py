# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Chains: found by signature, in any order, without the root."""

from __future__ import annotations

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import certificates, chains, keys


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


def test_who_says_that_it_is_no_ca_issued_nothing(hierarchy, private_key) -> None:
    """Though its name and its key fit."""
    impossible = hierarchy.root.issue(
        hierarchy.issuing.key.public_key(), subject=(("common_name", "Test issuing CA"),)
    )
    leaf = hierarchy.issuing.issue(private_key.public_key(), ("www.example.com",))
    assert certificates.is_signed_by(leaf, impossible)
    assert chains.issuers_of(leaf, [impossible]) is None
    assert chains.issuers_of(leaf, [impossible, hierarchy.issuing.certificate]) == (
        hierarchy.issuing.certificate,
    )


def test_an_ecdsa_issuer_of_the_same_name_with_another_key_is_none(hierarchy, private_key) -> None:
    key = keys.generate(keys.KeyKind("ECDSA", 256))
    imposter = hierarchy.root.issue(
        key.public_key(), subject=(("common_name", "Test issuing CA"),), is_ca=True
    )
    leaf = hierarchy.issuing.issue(private_key.public_key(), ("www.example.com",))
    assert chains.issuers_of(leaf, [imposter]) is None
    assert chains.issuers_of(leaf, [imposter, hierarchy.issuing.certificate]) == (
        hierarchy.issuing.certificate,
    )


def test_an_issuer_of_the_same_key_with_another_name_is_none(hierarchy, private_key) -> None:
    renamed = hierarchy.root.issue(
        hierarchy.issuing.key.public_key(), subject=(("common_name", "Renamed"),), is_ca=True
    )
    leaf = hierarchy.issuing.issue(private_key.public_key(), ("www.example.com",))
    assert chains.issuers_of(leaf, [renamed]) is None


def test_the_chain_of_a_ca_is_that_of_those_above_it(hierarchy) -> None:
    assert chains.issuers_of(hierarchy.issuing.certificate, loaded(hierarchy.chain)) == ()


def test_a_root_alone_has_nobody_above_it(hierarchy) -> None:
    assert chains.issuers_of(hierarchy.root.certificate, loaded(hierarchy.chain)) is None


def test_a_long_chain_is_cut_off_after_ten(hierarchy, private_key) -> None:
    """Twelve CAs of one key, each above the next."""
    above = hierarchy.root
    line = []
    for number in range(12):
        certificate = above.issue(
            hierarchy.root.key.public_key(), subject=(("common_name", f"CA {number}"),), is_ca=True
        )
        above = type(above)(hierarchy.root.key, certificate)
        line.insert(0, certificate)
    leaf = above.issue(private_key.public_key(), ("www.example.com",))
    assert chains.issuers_of(leaf, line) == tuple(line[:10])


def test_a_circle_is_no_chain(hierarchy, private_key) -> None:
    """Two CAs that signed each other."""
    key = hierarchy.root.key
    names = [(("common_name", f"CA {number}"),) for number in range(2)]
    start = type(hierarchy.root)(
        key, hierarchy.root.issue(key.public_key(), subject=names[0], is_ca=True)
    )
    one = start.issue(key.public_key(), subject=names[1], is_ca=True)
    other = type(start)(key, one).issue(key.public_key(), subject=names[0], is_ca=True)
    leaf = type(start)(key, one).issue(private_key.public_key(), ("www.example.com",))
    assert chains.issuers_of(leaf, [one, other]) is None
    assert chains.split_issuers(leaf, [one, other]) == (None, None)
    circle = [certificates.certificate_pem(one), certificates.certificate_pem(other)]
    with pytest.raises(AtlasError) as caught:
        chains.split(circle)
    assert caught.value.message == (
        "The trust chain that the service sent goes in a circle and leads to no root."
    )


class TestSplitIssuers:
    def test_the_root_is_told_apart(self, hierarchy, private_key) -> None:
        leaf = hierarchy.issuing.issue(private_key.public_key(), ("www.example.com",))
        candidates = loaded([*hierarchy.chain])
        expected = (hierarchy.issuing.certificate,), hierarchy.root.certificate
        assert chains.split_issuers(leaf, candidates) == expected
        assert chains.split_issuers(leaf, iter(candidates)) == expected

    def test_without_a_root(self, hierarchy, other_hierarchy, private_key) -> None:
        leaf = hierarchy.issuing.issue(private_key.public_key(), ("www.example.com",))
        candidates = [hierarchy.issuing.certificate, *loaded(other_hierarchy.chain)]
        assert chains.split_issuers(leaf, candidates) == ((hierarchy.issuing.certificate,), None)

    def test_a_leaf_of_the_root_itself(self, hierarchy, private_key) -> None:
        leaf = hierarchy.root.issue(private_key.public_key(), ("www.example.com",))
        assert chains.split_issuers(leaf, loaded(hierarchy.chain)) == (
            (),
            hierarchy.root.certificate,
        )

    def test_two_issuers(self, hierarchy, private_key) -> None:
        """The root is that above the farthest one."""
        key = hierarchy.issuing.key
        lower = hierarchy.issuing.issue(
            key.public_key(), subject=(("common_name", "Lower CA"),), is_ca=True
        )
        leaf = type(hierarchy.root)(key, lower).issue(private_key.public_key())
        assert chains.split_issuers(leaf, [lower, *loaded(hierarchy.chain)]) == (
            (lower, hierarchy.issuing.certificate),
            hierarchy.root.certificate,
        )

    def test_no_issuer(self, hierarchy, other_hierarchy, private_key) -> None:
        leaf = hierarchy.issuing.issue(private_key.public_key(), ("www.example.com",))
        assert chains.split_issuers(leaf, loaded(other_hierarchy.chain)) == (None, None)


def test_the_first_is_the_leaf_if_nothing_says_which(hierarchy, self_signed) -> None:
    """Two that are each signed with the key of both."""
    key = hierarchy.root.key
    one, other = self_signed(key, "Same"), self_signed(key, "Same")
    assert chains.leaf_of([one, other]) == one
    assert chains.leaf_of([other, one]) == other


def test_who_signed_only_itself_may_be_the_leaf(hierarchy, self_signed, private_key) -> None:
    alone = self_signed(private_key, "Alone")
    leaf = hierarchy.issuing.issue(private_key.public_key(), ("www.example.com",))
    assert chains.leaf_of([alone, leaf]) == alone


def test_several_issuers_and_roots_are_split(hierarchy, other_hierarchy) -> None:
    mixed = [*hierarchy.chain, *other_hierarchy.chain]
    assert chains.split(iter(mixed)) == {
        "certificates": mixed,
        "chain": hierarchy.chain[0] + other_hierarchy.chain[0],
        "root": hierarchy.chain[1] + other_hierarchy.chain[1],
    }
    assert chains.split([]) == {"certificates": [], "chain": "", "root": ""}


def test_a_trust_chain_of_strange_letters_is_refused_too() -> None:
    with pytest.raises(AtlasError) as caught:
        chains.split(["\N{BULLET}"])
    assert caught.value.message == (
        "The trust chain that the service sent holds no certificate in PEM format."
    )
    assert caught.value.__suppress_context__
