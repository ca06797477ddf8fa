# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The connection options: each mistake is one sentence that names its option, and no secret."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import certificates, keys
from ansible_collections.globalsign.atlas.plugins.plugin_utils.credentials import (
    ControllerFile,
    open_session,
)

PASSPHRASE = "a passphrase for tests"
KEY = keys.generate(keys.KeyKind("ECDSA", 256))


def find(option: str, given: str) -> ControllerFile:
    return ControllerFile(option, Path(given).name, given)


@pytest.fixture
def options(tmp_path: Path, hierarchy: Any) -> dict[str, Any]:
    """Options that are all right, with their files."""
    now = int(time.time())
    leaf = hierarchy.issuing.issue(KEY.public_key(), not_before=now - 100, not_after=now + 100)
    (tmp_path / "client.crt").write_text(certificates.certificate_pem(leaf))
    (tmp_path / "client.key").write_bytes(keys.private_key_pem(KEY))
    (tmp_path / "ca.crt").write_text(hierarchy.chain[1])
    return {
        "api_url": "https://localhost:8443/v2",
        "api_key": "e510e289e6cd8947",
        "api_secret": "a9c4f6d27be0514c83d6f10b2e97a4c5d80e3b61",
        "client_cert": str(tmp_path / "client.crt"),
        "client_key": str(tmp_path / "client.key"),
        "ca_path": str(tmp_path / "ca.crt"),
    }


def encrypted(key: keys.PrivateKey, kind: serialization.PrivateFormat) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        kind,
        serialization.BestAvailableEncryption(PASSPHRASE.encode()),
    )


def test_good_options_open_a_session(options: dict[str, Any]) -> None:
    open_session(options, find).close()


def test_without_a_ca_the_system_decides(options: dict[str, Any]) -> None:
    open_session({**options, "ca_path": None}, find).close()


@pytest.mark.parametrize(
    "kind", [serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL]
)
def test_a_key_with_a_passphrase(
    options: dict[str, Any], kind: serialization.PrivateFormat
) -> None:
    Path(options["client_key"]).write_bytes(encrypted(KEY, kind))
    open_session({**options, "client_key_passphrase": PASSPHRASE}, find).close()


@pytest.mark.parametrize("option", ["api_key", "api_secret", "client_cert", "client_key"])
@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_option_is_named_with_its_variable(
    options: dict[str, Any], option: str, value: str | None
) -> None:
    with pytest.raises(AtlasError, match=f"^{option} is not set.*ATLAS_{option.upper()}"):
        open_session({**options, option: value}, find)


def refused(options: dict[str, Any]) -> str:
    with pytest.raises(AtlasError) as error:
        open_session(options, find)
    message = error.value.message
    assert "\n" not in message
    assert PASSPHRASE not in message
    assert "BEGIN" not in message
    return message


def test_an_expired_certificate(options: dict[str, Any], hierarchy: Any) -> None:
    leaf = hierarchy.issuing.issue(KEY.public_key(), not_before=0, not_after=1_700_000_000)
    Path(options["client_cert"]).write_text(certificates.certificate_pem(leaf))
    assert refused(options) == (
        "client_cert: client.crt expired on 2023-11-14; make a new mTLS certificate in the Atlas"
        " portal."
    )


def test_a_key_of_another_certificate(options: dict[str, Any]) -> None:
    other = keys.generate(keys.KeyKind("ECDSA", 256))
    Path(options["client_key"]).write_bytes(keys.private_key_pem(other))
    expected = "client_key: client.key is not the private key of client_cert"
    assert refused(options).startswith(expected)


def test_a_passphrase_that_is_missing(options: dict[str, Any]) -> None:
    Path(options["client_key"]).write_bytes(encrypted(KEY, serialization.PrivateFormat.PKCS8))
    assert "give it as client_key_passphrase" in refused(options)


def test_a_passphrase_that_is_wrong(options: dict[str, Any]) -> None:
    Path(options["client_key"]).write_bytes(encrypted(KEY, serialization.PrivateFormat.PKCS8))
    message = refused({**options, "client_key_passphrase": "another secret passphrase"})
    assert "client_key_passphrase is wrong" in message
    assert "another secret" not in message


def test_a_passphrase_for_a_key_without_one(options: dict[str, Any]) -> None:
    message = refused({**options, "client_key_passphrase": PASSPHRASE})
    assert message.endswith("leave client_key_passphrase out.")


@pytest.mark.parametrize("option", ["client_cert", "client_key", "ca_path"])
@pytest.mark.parametrize("content", [b"", b"nothing of the kind", b"\xff\xfe"])
def test_a_file_that_holds_something_else(
    options: dict[str, Any], option: str, content: bytes
) -> None:
    Path(options[option]).write_bytes(content)
    assert refused(options).startswith(f"{option}: {Path(options[option]).name} ")


@pytest.mark.parametrize("option", ["client_cert", "client_key"])
def test_a_file_that_cannot_be_read(options: dict[str, Any], option: str, tmp_path: Path) -> None:
    assert refused({**options, option: str(tmp_path)}).startswith(f"{option}: ")
