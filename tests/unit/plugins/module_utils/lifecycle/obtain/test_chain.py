# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The issuers of what was issued, also where the service's chain is not theirs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from ansible_collections.globalsign.atlas.plugins.module_utils.asn1.certificate import Certificate
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.obtain.chain import (
    matching_chain,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import certificates, keys

from ..fake_atlas import Atlas

KEY = keys.generate(keys.KeyKind("ECDSA", 256))


def no_file(url: str) -> bytes:
    raise AssertionError(f"{url} was fetched")


def signed_by(authority: Any, subject: str, key: Any, *urls: str, issuer: Any = None) -> Any:
    """A certificate that names where its issuer's can be fetched."""
    locations = [
        x509.AccessDescription(
            x509.AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier(url)
        )
        for url in urls
    ]
    start = certificates.not_before(authority.certificate)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, subject)]))
        .issuer_name(certificates.to_library(issuer or authority.certificate).subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.fromtimestamp(start, timezone.utc))
        .not_valid_after(datetime.fromtimestamp(start + 9999, timezone.utc))
    )
    if locations:
        builder = builder.add_extension(x509.AuthorityInformationAccess(locations), critical=False)
    return certificates.of(builder.sign(authority.key, hashes.SHA256()))


def der(certificate: Certificate) -> bytes:
    return certificate.encoded


def pem(certificate: Certificate) -> str:
    return certificates.certificate_pem(certificate)


def serving(files: dict[str, bytes]) -> Callable[[str], bytes]:
    """A web server with these files, which notes nothing."""

    def fetch(url: str) -> bytes:
        if url not in files:
            raise AtlasError(f"{url} is not there")
        return files[url]

    return fetch


def test_a_chain_that_signed_all_is_kept_and_nothing_asked_for(
    atlas: Atlas, hierarchy: Any
) -> None:
    leaf = pem(hierarchy.issuing.issue(KEY.public_key()))
    chain = [*hierarchy.chain]
    found = matching_chain(atlas, chain, [leaf, leaf], no_file)
    assert (found, atlas.calls) == (hierarchy.chain, [])
    assert found is not chain
    assert matching_chain(atlas, chain, [], no_file) == chain


def test_the_chain_is_fetched_once_if_it_is_not_that_of_all(
    atlas: Atlas, hierarchy: Any, other_hierarchy: Any
) -> None:
    ours = pem(hierarchy.issuing.issue(KEY.public_key()))
    theirs = pem(other_hierarchy.issuing.issue(KEY.public_key()))
    found = matching_chain(atlas, other_hierarchy.chain, [theirs, ours], no_file)
    assert found == [*other_hierarchy.chain, *hierarchy.chain]
    assert atlas.calls == [("chain",)]


def test_nothing_stands_in_the_chain_twice(atlas: Atlas, hierarchy: Any) -> None:
    leaf = pem(hierarchy.issuing.issue(KEY.public_key()))
    found = matching_chain(atlas, [hierarchy.chain[1]], [leaf], no_file)
    assert found == [hierarchy.chain[1], hierarchy.chain[0]]


def test_a_chain_that_cannot_be_read_is_none(atlas: Atlas, hierarchy: Any) -> None:
    leaf = pem(hierarchy.issuing.issue(KEY.public_key()))
    assert matching_chain(atlas, ["no PEM"], [leaf], no_file) == ["no PEM", *hierarchy.chain]


class _Authority:
    """A key and its certificate."""

    def __init__(self, key: Any, certificate: x509.Certificate) -> None:
        self.key, self.certificate = key, certificate


@pytest.fixture
def new_ca(hierarchy: Any) -> Any:
    """An issuing CA of the same root that the service does not tell of yet."""
    key = keys.generate(keys.KeyKind("ECDSA", 256))
    return _Authority(key, signed_by(hierarchy.root, "New issuing CA", key))


def test_an_issuer_that_a_certificate_names_itself(
    atlas: Atlas, hierarchy: Any, new_ca: Any
) -> None:
    urls = ("http://gone.example/", "http://wrong.example/", "http://ca.example/")
    leaf = pem(signed_by(new_ca, "leaf", KEY, *urls))
    files = {
        "http://wrong.example/": der(hierarchy.issuing.certificate),
        "http://ca.example/": der(new_ca.certificate),
    }
    found = matching_chain(atlas, hierarchy.chain, [leaf], serving(files))
    assert found == [*hierarchy.chain, pem(new_ca.certificate)]


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_chain_of_issuers_that_name_each_other(atlas: Atlas, hierarchy: Any, depth: int) -> None:
    """As many as are fetched have to lead to a known root."""
    authority, files, issuers = hierarchy.root, {}, []
    for level in range(depth):
        key = keys.generate(keys.KeyKind("ECDSA", 256))
        urls = [f"http://{level - 1}.example/"] if level else []
        certificate = signed_by(authority, f"CA {level}", key, *urls)
        files[f"http://{level}.example/"] = der(certificate)
        authority = _Authority(key, certificate)
        issuers.insert(0, pem(certificate))
    leaf = pem(signed_by(authority, "leaf", KEY, f"http://{depth - 1}.example/"))
    found = matching_chain(atlas, hierarchy.chain, [leaf], serving(files))
    assert found == [*hierarchy.chain, *(issuers if depth <= 2 else [])]


def test_an_issuer_of_an_unknown_root_is_not_taken(
    atlas: Atlas, hierarchy: Any, other_hierarchy: Any
) -> None:
    leaf = pem(signed_by(other_hierarchy.issuing, "leaf", KEY, "http://ca.example/"))
    files = {"http://ca.example/": der(other_hierarchy.issuing.certificate)}
    assert matching_chain(atlas, hierarchy.chain, [leaf], serving(files)) == hierarchy.chain
    with_root = {"http://ca.example/": der(other_hierarchy.root.certificate)}
    assert matching_chain(atlas, hierarchy.chain, [leaf], serving(with_root)) == hierarchy.chain


def test_a_certificate_that_names_no_issuer_adds_none(
    atlas: Atlas, hierarchy: Any, other_hierarchy: Any
) -> None:
    leaf = pem(other_hierarchy.issuing.issue(KEY.public_key()))
    assert matching_chain(atlas, hierarchy.chain, [leaf], no_file) == hierarchy.chain


def test_what_is_no_certificate_is_passed_over(atlas: Atlas, hierarchy: Any, new_ca: Any) -> None:
    leaf = pem(signed_by(new_ca, "leaf", KEY, "http://a.example/", "http://b.example/"))
    files = {"http://a.example/": b"<html>", "http://b.example/": der(new_ca.certificate)}
    found = matching_chain(atlas, hierarchy.chain, [leaf], serving(files))
    assert found == [*hierarchy.chain, pem(new_ca.certificate)]


def test_only_what_is_not_signed_by_a_known_one_names_its_issuer(
    atlas: Atlas, hierarchy: Any, new_ca: Any
) -> None:
    known = pem(signed_by(hierarchy.issuing, "known", KEY, "http://never.example/"))
    unknown = pem(signed_by(new_ca, "leaf", KEY, "http://ca.example/"))
    files = {"http://ca.example/": der(new_ca.certificate)}

    def fetch(url: str) -> bytes:
        assert url != "http://never.example/"
        return serving(files)(url)

    found = matching_chain(atlas, hierarchy.chain, [known, unknown], fetch)
    assert found == [*hierarchy.chain, pem(new_ca.certificate)]


def test_one_of_several_known_roots_is_enough(
    atlas: Atlas, hierarchy: Any, other_hierarchy: Any, new_ca: Any
) -> None:
    leaf = pem(signed_by(new_ca, "leaf", KEY, "http://ca.example/"))
    files = {"http://ca.example/": der(new_ca.certificate)}
    chain = [*other_hierarchy.chain, *hierarchy.chain]
    found = matching_chain(atlas, chain, [leaf], serving(files))
    assert found == [*chain, pem(new_ca.certificate)]


def test_an_issuer_below_one_that_is_no_root_is_not_taken(
    atlas: Atlas, hierarchy: Any, other_hierarchy: Any
) -> None:
    """A chain without its root proves nothing of what else is below it."""
    key = keys.generate(keys.KeyKind("ECDSA", 256))
    below = _Authority(key, signed_by(other_hierarchy.issuing, "below", key))
    leaf = pem(signed_by(below, "leaf", KEY, "http://ca.example/"))
    files = {"http://ca.example/": der(below.certificate)}
    chain = [*hierarchy.chain, other_hierarchy.chain[0]]
    assert matching_chain(atlas, chain, [leaf], serving(files)) == chain


def test_text_around_a_chain_is_passed_over(atlas: Atlas, hierarchy: Any) -> None:
    leaf = pem(hierarchy.issuing.issue(KEY.public_key()))
    chain = [f"# für alle\n{each}" for each in hierarchy.chain]
    assert matching_chain(atlas, chain, [leaf], no_file) == chain
    assert atlas.calls == []
