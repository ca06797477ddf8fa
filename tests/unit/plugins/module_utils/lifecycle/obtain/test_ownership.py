# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose a certificate is: a serial number that a node reports is a claim."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api.errors import ApiError
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.exchange import Proof
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.obtain.ownership import (
    named_certificate,
    names_that_differ,
    owned_certificate,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.options.task import (
    wanted_certificates,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.wanted import Wanted
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import keys

from ..conftest import task
from ..fake_atlas import Atlas

P256 = keys.KeyKind("ECDSA", 256)


def wanted(**options: Any) -> Wanted:
    (made,) = wanted_certificates(task(**options))
    assert isinstance(made, Wanted)
    return made


def issued(atlas: Atlas, key: Any, **more: Any) -> str:
    names = more.pop("dns_names", ("www.example.com",))
    return atlas.add(atlas.hierarchy.issuing.issue(key.public_key(), names, **more))


def proof(serial: str, key: Any, nonce: str = "nonce") -> Proof:
    return Proof(serial, keys.public_key_pem(key.public_key()), keys.answer_challenge(key, nonce))


def test_who_has_the_key_owns_the_certificate(atlas: Atlas, private_key: Any) -> None:
    serial = issued(atlas, private_key)
    for task_of in (None, wanted()):
        owned = owned_certificate(atlas, proof(serial, private_key), "nonce", task_of)
        assert owned.status == "ISSUED"
        assert "BEGIN CERTIFICATE" in owned.pem
    assert atlas.calls == [("certificate", serial)] * 2


def test_an_rsa_key_is_proven_too(atlas: Atlas, rsa_key: Any) -> None:
    serial = issued(atlas, rsa_key)
    assert owned_certificate(atlas, proof(serial, rsa_key), "nonce", None).status == "ISSUED"


@pytest.mark.parametrize("case", ["other key", "other nonce", "no answer", "key of others"])
def test_who_does_not_have_the_key_owns_nothing(atlas: Atlas, private_key: Any, case: str) -> None:
    serial, other = issued(atlas, private_key), keys.generate(P256)
    right = proof(serial, private_key)
    lies = {
        "other key": proof(serial, other),
        "other nonce": proof(serial, private_key, "an earlier nonce"),
        "no answer": Proof(serial, right.public_key, ""),
        "key of others": Proof(serial, right.public_key, proof(serial, other).answer),
    }
    with pytest.raises(AtlasError) as caught:
        owned_certificate(atlas, lies[case], "nonce", wanted())
    assert caught.value.message == (
        f"The node did not prove that it has the private key of the certificate {serial}; nothing"
        " was done with that certificate."
    )


def test_a_damaged_key_owns_nothing(atlas: Atlas, private_key: Any) -> None:
    serial = issued(atlas, private_key)
    with pytest.raises(AtlasError, match="The node's public key is not a public key in PEM form"):
        owned_certificate(atlas, Proof(serial, "KEY", ""), "nonce", None)


def test_the_names_are_those_of_the_task(atlas: Atlas, private_key: Any) -> None:
    serial = issued(atlas, private_key)
    other = wanted(san={"dns_names": ["other.example.com"]})
    with pytest.raises(AtlasError) as caught:
        owned_certificate(atlas, proof(serial, private_key), "nonce", other)
    assert caught.value.message == (
        f"The certificate {serial} is not for the names and the subject of this task (dns_names:"
        " other.example.com not in the certificate; dns_names: www.example.com in the certificate"
        " but not wanted); nothing was done with it."
    )
    with pytest.raises(AtlasError, match=f"^The certificate {serial} is not for the names"):
        named_certificate(atlas, serial, other)
    assert named_certificate(atlas, serial, wanted()).status == "ISSUED"
    assert named_certificate(atlas, serial, None).status == "ISSUED"


def test_one_that_is_unknown_or_not_issued_yet(
    atlas: Atlas, private_key: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ApiError, match="Atlas knows no 01"):
        named_certificate(atlas, "01", None)
    monkeypatch.setattr(atlas, "certificate", lambda _serial: None)
    for ask in (
        lambda: named_certificate(atlas, "01", wanted()),
        lambda: owned_certificate(atlas, proof("01", private_key), "nonce", None),
    ):
        with pytest.raises(AtlasError, match=r"^The certificate 01 is still being issued\.$"):
            ask()


@pytest.mark.parametrize(
    ("options", "differs"),
    [
        ({}, False),
        ({"extended_key_usages": ["client_auth"]}, False),
        ({"key_usages": ["key_agreement"]}, False),
        ({"signature": {"hash_algorithm": "SHA-512"}}, False),
        ({"san": {"dns_names": ["other.example.com"]}}, True),
        ({"san": {"ip_addresses": ["192.0.2.1"]}}, True),
        ({"subject": {"organization": "Quillon"}}, True),
        ({"custom_extensions": {"1.2.3.4": "NIL"}}, True),
    ],
)
def test_names_and_subject_are_what_tells_whose_it_is(
    atlas: Atlas, private_key: Any, options: dict[str, Any], differs: bool
) -> None:
    leaf = atlas.leaves[issued(atlas, private_key)]
    assert bool(names_that_differ(wanted(**options), leaf)) is differs


def with_text_around(atlas: Atlas, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the service write something else than ASCII in front of its certificates."""
    fetch = atlas.certificate

    def certificate(serial: str) -> Any:
        found = fetch(serial)
        return found and replace(found, pem=f"# für www.example.com\n{found.pem}")

    monkeypatch.setattr(atlas, "certificate", certificate)


def test_text_around_a_certificate_says_nothing_of_it(
    atlas: Atlas, private_key: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    serial = issued(atlas, private_key)
    with_text_around(atlas, monkeypatch)
    assert named_certificate(atlas, serial, wanted()).status == "ISSUED"
    shown = proof(serial, private_key)
    assert owned_certificate(atlas, shown, "nonce", None).status == "ISSUED"
