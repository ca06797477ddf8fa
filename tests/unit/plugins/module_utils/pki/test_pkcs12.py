# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""PKCS#12: what is written can be read, with its passphrase only."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization.pkcs12 import (
    load_key_and_certificates,
)

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import certificates, keys, pkcs12

PASSPHRASE = "corr\N{LATIN SMALL LETTER E WITH ACUTE}ct"
NAME = "caf\N{LATIN SMALL LETTER E WITH ACUTE}.example.com"

# Made with cryptography 50, which writes what older ones only read: a key of Ed25519.
OF_UNKNOWN_KIND = base64.b64decode(
    "MIHJAgEDMIGABgkqhkiG9w0BBwGgcwRxMG8wbQYJKoZIhvcNAQcBoGAEXjBcMFoGCyqGSIb3DQEMCgEBoDAwLgIB"
    "ADAFBgMrZXAEIgQgBoZiFUB+4b/bcv4q2hdI3PO5T5pEqO8wC6n6xWJ6JJgxGTAXBgkqhkiG9w0BCRQxCh4IAG4A"
    "YQBtAGUwQTAxMA0GCWCGSAFlAwQCAQUABCBZ0Oes2jQJjOJvkSTIO1phzqZj8kyLMTI7qZkcgbbi5AQI3FxaHeUK"
    "Yc8CAggA"
)


@pytest.mark.parametrize("passphrase", [PASSPHRASE, None])
def test_what_is_written_can_be_read(mint, passphrase: str | None) -> None:
    leaf = mint.certificate()
    issuer, other = (
        mint.certificate(key=mint.other_key, serial_number=number) for number in (2, 3)
    )
    content = pkcs12.write(mint.key, leaf, [issuer, other], passphrase, NAME)
    found = pkcs12.read(content, passphrase)
    assert keys.private_key_pem(found.key) == keys.private_key_pem(mint.key)
    assert found.certificate == leaf
    assert isinstance(found.others, tuple)
    assert sorted(each.serial_number for each in found.others) == [2, 3]


@pytest.mark.parametrize("passphrase", [PASSPHRASE, None])
def test_others_open_it_with_the_passphrase_in_utf_8(mint, passphrase: str | None) -> None:
    leaf = mint.certificate()
    content = pkcs12.write(mint.key, leaf, [], passphrase, NAME)
    secret = passphrase.encode("utf-8") if passphrase else None
    key, certificate, others = load_key_and_certificates(content, secret)
    assert keys.private_key_pem(key) == keys.private_key_pem(mint.key)
    assert (certificates.of(certificate), others) == (leaf, [])


def test_an_empty_passphrase_is_none(mint) -> None:
    leaf = mint.certificate()
    content = pkcs12.write(mint.key, leaf, [], "", NAME)
    assert pkcs12.read(content, None).certificate == leaf
    assert pkcs12.read(content, "").certificate == leaf


def test_a_leaf_without_others(mint) -> None:
    leaf = mint.certificate()
    assert pkcs12.read(pkcs12.write(mint.key, leaf, [], None, NAME), None).others == ()


def test_a_leaf_without_its_key_is_among_those_found(mint) -> None:
    """Libraries tell it apart or not; there is no key in any case."""
    leaf, issuer = mint.certificate(), mint.certificate(serial_number=2)
    found = pkcs12.read(pkcs12.write(None, leaf, [issuer], PASSPHRASE, NAME), PASSPHRASE)
    assert found.key is None
    every = [*found.others, *([found.certificate] if found.certificate else [])]
    assert sorted(each.serial_number for each in every) == [1, 2]


def test_its_name_is_in_it(mint) -> None:
    """BMPString, in UTF-16 (RFC 7292, 4.2)."""
    content = pkcs12.write(mint.key, mint.certificate(), [], None, NAME)
    assert NAME.encode("utf-16-be") in content


@pytest.mark.parametrize(
    ("written_with", "read_with"),
    [(PASSPHRASE, "wrong"), (PASSPHRASE, None), (PASSPHRASE, "")],
)
def test_a_wrong_passphrase_is_refused(mint, written_with: str, read_with: str | None) -> None:
    content = pkcs12.write(mint.key, mint.certificate(), [], written_with, NAME)
    with pytest.raises(AtlasError) as caught:
        pkcs12.read(content, read_with)
    assert caught.value.message == "is not a PKCS#12 file that opens with the passphrase"
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("content", [b"", b"garbage"])
def test_no_pkcs12(content: bytes) -> None:
    with pytest.raises(AtlasError) as caught:
        pkcs12.read(content, PASSPHRASE)
    assert caught.value.message == "is not a PKCS#12 file that opens with the passphrase"


def test_a_key_of_an_unknown_curve_is_refused(mint, foreign_curve_key: Any) -> None:
    leaf = mint.certificate(key=foreign_curve_key)
    content = pkcs12.write(foreign_curve_key, leaf, [], None, NAME)
    with pytest.raises(AtlasError) as caught:
        pkcs12.read(content, None)
    assert caught.value.message == "is on the curve secp256k1, not on P-256, P-384 or P-521"


def test_a_key_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(AtlasError) as caught:
        pkcs12.read(OF_UNKNOWN_KIND, None)
    assert caught.value.message == "holds neither an RSA nor an ECDSA key"
