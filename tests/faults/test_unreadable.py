# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is there and cannot be read is not missing: nothing is bought for it until `force`.

Keys whose passphrase is another one, PKCS#12 files, and certificates as others write them: with
text around them, with other labels, with what our library refuses and a web server does not.
"""

from __future__ import annotations

import base64
import datetime
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from simulator.conftest import Simulator

from ansible_collections.globalsign.atlas.plugins.module_utils.pki import keys

from .counting import (
    Stated,
    bought,
    key_matches,
    outcome_of,
    said,
    serial_of,
    served,
    stated_for,
)
from .whole_task import Tasks


@pytest.fixture
def tasks(service: Simulator, quick_path: Path) -> Tasks:
    return Tasks(service, quick_path, {"settle": 0})


def check_obstacle(service: Simulator, tasks: Tasks, stated: Stated, file: Path) -> None:
    """It is said in each run which file it is, nothing is bought and nothing written; `force` goes
    past it."""
    before, content = bought(service, stated), file.read_bytes()
    for check_mode in (True, False, False):
        result = outcome_of(tasks, check_mode=check_mode, **stated)
        assert bought(service, stated) == before
        assert "failed" in result, result
        assert str(file.parent) in result["msg"]
        assert file.read_bytes() == content
    forced = tasks.run(force=True, **stated)
    assert bought(service, stated)[len(before) :] == [serial_of(forced)]
    assert not tasks.run(**stated)["changed"]


def check_not_bought(service: Simulator, tasks: Tasks, stated: Stated, file: Path) -> None:
    """Of what is on record the file may be written anew; otherwise it is an obstacle."""
    before = bought(service, stated)
    for _run in range(2):
        result = outcome_of(tasks, **stated)
        assert bought(service, stated) == before
        if "failed" in result:
            assert str(file.parent) in result["msg"]
        else:
            assert serial_of(result) == served(tasks.folder) == before[-1]
            assert file.read_bytes().startswith(b"-----BEGIN ")
    forced = tasks.run(force=True, **stated)
    assert bought(service, stated)[len(before) :] == [serial_of(forced)]
    assert not tasks.run(**stated)["changed"]


# Private keys


@pytest.mark.parametrize("is_recorded", [True, False], ids=["ours", "without a record"])
@pytest.mark.parametrize(
    ("before", "now"),
    [("one", "another"), ("one", None), ("one", "")],
    ids=["rotated", "not given", "empty"],
)
def test_a_key_with_another_passphrase(
    service: Simulator, tasks: Tasks, is_recorded: bool, before: str, now: str | None
) -> None:
    stated = stated_for("passphrase")
    tasks.run(privatekey_passphrase=before, **stated)
    if not is_recorded:
        tasks.forget_records()
    more = {} if now is None else {"privatekey_passphrase": now}
    check = check_not_bought if is_recorded else check_obstacle
    check(service, tasks, {**stated, **more}, tasks.folder / "key.pem")


@pytest.mark.parametrize("is_recorded", [True, False], ids=["ours", "without a record"])
@pytest.mark.parametrize(
    "content",
    [
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        b"ssh-ed25519 AAAA somebody\n",
        b"\x00\xff" * 100,
    ],
    ids=["damaged", "of another kind", "bytes"],
)
def test_a_key_that_is_none(
    service: Simulator, tasks: Tasks, is_recorded: bool, content: bytes
) -> None:
    stated = stated_for("nokey")
    tasks.run(**stated)
    if not is_recorded:
        tasks.forget_records()
    (tasks.folder / "key.pem").write_bytes(content)
    check = check_not_bought if is_recorded else check_obstacle
    check(service, tasks, stated, tasks.folder / "key.pem")


def pkcs12(tasks: Tasks, passphrase: str) -> dict[str, Any]:
    contains = ["privatekey", "certificate", "chain"]
    file = {"path": str(tasks.folder / "all.p12"), "format": "pkcs12", "contains": contains}
    return {"files": [{**file, "passphrase": passphrase}]}


def test_a_pkcs12_with_another_passphrase(service: Simulator, tasks: Tasks) -> None:
    stated = stated_for("bundle")
    tasks.run(certificates=[{**pkcs12(tasks, "one"), **stated}])
    before = bought(service, stated)
    for _run in range(2):
        result = tasks.run(certificates=[{**pkcs12(tasks, "another"), **stated}])
        assert bought(service, stated) == before
        assert str(tasks.folder / "all.p12") in result["msg"]
    item = {**pkcs12(tasks, "another"), **stated, "force": True}
    assert tasks.run(certificates=[item])["changed"]
    assert len(bought(service, stated)) == 2


@pytest.mark.parametrize("is_recorded", [True, False], ids=["ours", "without a record"])
def test_a_pkcs12_beside_the_same_key_in_clear(
    service: Simulator, tasks: Tasks, is_recorded: bool
) -> None:
    """What is in it is known, so it is at most written anew."""
    stated = stated_for("beside")
    serial = serial_of(tasks.run(**pkcs12(tasks, "one"), **stated))
    key = (tasks.folder / "key.pem").read_bytes()
    if not is_recorded:
        tasks.forget_records()
    for _run in range(2):
        outcome_of(tasks, **pkcs12(tasks, "another"), **stated)
        assert bought(service, stated) == [serial]
        assert (tasks.folder / "key.pem").read_bytes() == key


# The pinned key


@pytest.mark.parametrize("is_recorded", [True, False], ids=["ours", "without a record"])
@pytest.mark.parametrize("missing", [["cert.pem"], ["cert.pem", "fullchain.pem", "chain.pem"]])
def test_a_pinned_key_outlives_its_certificate(
    service: Simulator, tasks: Tasks, is_recorded: bool, missing: list[str]
) -> None:
    stated = {**stated_for("pinned"), "privatekey_rotation": "never"}
    tasks.run(**stated)
    pinned = (tasks.folder / "key.pem").read_bytes()
    if not is_recorded:
        tasks.forget_records()
    for name in missing:
        (tasks.folder / name).unlink()
    tasks.run(**stated)
    assert (tasks.folder / "key.pem").read_bytes() == pinned
    assert key_matches(tasks.folder)


def test_a_key_that_was_there_first_is_pinned(service: Simulator, tasks: Tasks) -> None:
    stated = {**stated_for("first"), "privatekey_rotation": "never"}
    pinned = keys.generate(keys.KeyKind("ECDSA", 256)).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (tasks.folder / "key.pem").write_bytes(pinned)
    (tasks.folder / "key.pem").chmod(0o600)
    serial = serial_of(tasks.run(**stated))
    assert keys.load_private_key((tasks.folder / "key.pem").read_bytes()).private_numbers() == (
        keys.load_private_key(pinned).private_numbers()
    )
    assert key_matches(tasks.folder)
    assert bought(service, stated) == [serial]


def test_a_pinned_key_of_another_kind_is_replaced_aloud(service: Simulator, tasks: Tasks) -> None:
    """It cannot be kept, which is a reason that is said."""
    stated = {**stated_for("kind"), "privatekey_rotation": "never"}
    tasks.run(**stated)
    result = tasks.run(privatekey_type="ECDSA", privatekey_size=384, **stated)
    assert result["certificates"][0]["key"] == "ECDSA 384"
    assert "privatekey_size" in str(result["certificates"][0]["reasons"])


# Certificates of others


@dataclass(frozen=True)
class _Foreign:
    """A certificate that somebody else put there, with its key and its issuer."""

    leaf: bytes
    issuer: bytes
    key: bytes


Patch = Callable[[bytes], bytes]
_ECDSA_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")
_DUPLICATE = ("1.3.9901.1", "1.3.9901.2")


def _unchanged(tbs: bytes) -> bytes:
    return tbs


def _version_2(tbs: bytes) -> bytes:
    return tbs.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x01", 1)


def _teletex(tbs: bytes) -> bytes:
    return tbs.replace(b"\x0c\x09Of others", b"\x14\x09Of others")


def _duplicate(tbs: bytes) -> bytes:
    first, second = (x509.ObjectIdentifier(oid) for oid in _DUPLICATE)
    return tbs.replace(_oid(second), _oid(first))


def _oid(oid: x509.ObjectIdentifier) -> bytes:
    arcs = [int(arc) for arc in oid.dotted_string.split(".")]
    high, low = divmod(arcs[2], 128)
    return bytes([arcs[0] * 40 + arcs[1], high | 0x80, low, arcs[3]])


PATCHES: dict[str, Patch] = {
    "version 2": _version_2,
    "an old string type": _teletex,
    "a duplicate extension": _duplicate,
    "an unknown critical extension": _unchanged,
}
FORMS: dict[str, Callable[[bytes], bytes]] = {
    "trusted": lambda pem: pem.replace(b" CERTIFICATE-", b" TRUSTED CERTIFICATE-"),
    "x509": lambda pem: pem.replace(b" CERTIFICATE-", b" X509 CERTIFICATE-"),
    "text before": lambda pem: "Certificate:\n    Subject: Jürgen\n".encode() + pem,
    "text after": lambda pem: pem + b"\nof the old server\n",
    "latin-1": lambda pem: "# von Jürgen\n".encode("latin-1") + pem,
    "byte order mark": lambda pem: b"\xef\xbb\xbf" + pem,
    "windows": lambda pem: pem.replace(b"\n", b"\r\n"),
    "wide lines": lambda pem: _in_pem(_from_pem(pem), 76),
}


def _length(count: int) -> bytes:
    if count < 0x80:
        return bytes([count])
    octets = count.to_bytes((count.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(octets)]) + octets


def _in_pem(der: bytes, width: int = 64) -> bytes:
    lines = textwrap.wrap(base64.b64encode(der).decode("ascii"), width)
    marks = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    return "\n".join([marks[0], *lines, marks[1], ""]).encode("ascii")


def _from_pem(pem: bytes) -> bytes:
    return base64.b64decode(b"".join(pem.split(b"-----")[2].split()))


def _signed(
    builder: x509.CertificateBuilder, by: ec.EllipticCurvePrivateKey, patch: Patch
) -> bytes:
    """A certificate that was patched before it was signed."""
    tbs = patch(builder.sign(by, hashes.SHA256()).tbs_certificate_bytes)
    signature = b"\x00" + by.sign(tbs, ec.ECDSA(hashes.SHA256()))
    content = tbs + _ECDSA_SHA256 + b"\x03" + _length(len(signature)) + signature
    return _in_pem(b"\x30" + _length(len(content)) + content)


def _name(text: str) -> x509.Name:
    attributes = [(NameOID.ORGANIZATION_NAME, "Of others"), (NameOID.COMMON_NAME, text)]
    return x509.Name([x509.NameAttribute(kind, value) for kind, value in attributes])


def _builder(subject: str, issuer: str, key: Any, has_odd: bool) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder(
        subject_name=_name(subject),
        issuer_name=_name(issuer),
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=now - datetime.timedelta(days=1),
        not_valid_after=now + datetime.timedelta(days=150),
    )
    for oid in _DUPLICATE:
        extension = x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), b"\x05\x00")
        builder = builder.add_extension(extension, critical=has_odd)
    return builder


def foreign(name: str, leaf: Patch, issuer: Patch, has_odd: bool = False) -> _Foreign:
    key, ca_key, root_key = (ec.generate_private_key(ec.SECP256R1()) for _number in range(3))
    authority = _builder("Foreign CA", "Foreign Root", ca_key, has_odd=False)
    constraints = x509.BasicConstraints(ca=True, path_length=None)
    authority = authority.add_extension(constraints, critical=True)
    names = x509.SubjectAlternativeName([x509.DNSName(name)])
    certificate = _builder(name, "Foreign CA", key, has_odd).add_extension(names, critical=False)
    return _Foreign(
        _signed(certificate, ca_key, leaf),
        _signed(authority, root_key, issuer),
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )


def put(folder: Path, found: _Foreign, form: Callable[[bytes], bytes] = _unchanged) -> None:
    leaf = form(found.leaf)
    (folder / "cert.pem").write_bytes(leaf)
    (folder / "fullchain.pem").write_bytes(leaf + found.issuer)
    (folder / "chain.pem").write_bytes(found.issuer)
    (folder / "key.pem").write_bytes(found.key)
    (folder / "key.pem").chmod(0o600)


def check_not_replaced(service: Simulator, tasks: Tasks, stated: Stated) -> None:
    """Either it is understood and kept, or it is said which file is not; it stays the same."""
    before = {path: path.read_bytes() for path in tasks.folder.glob("*.pem")}
    for _run in range(2):
        result = outcome_of(tasks, **stated)
        assert bought(service, stated) == []
        assert {path: path.read_bytes() for path in tasks.folder.glob("*.pem")} == before
        if "failed" in result:
            assert str(tasks.folder) in result["msg"]
        else:
            assert "not obtained by this collection" in said(result)
    forced = tasks.run(force=True, **stated)
    assert bought(service, stated) == [serial_of(forced)] == [served(tasks.folder)]


@pytest.mark.parametrize("form", FORMS)
def test_a_certificate_in_another_form(service: Simulator, tasks: Tasks, form: str) -> None:
    stated = stated_for("form")
    name = stated["san"]["dns_names"][0]
    put(tasks.folder, foreign(name, _unchanged, _unchanged), FORMS[form])
    check_not_replaced(service, tasks, stated)


@pytest.mark.parametrize("patched", ["leaf", "issuer"])
@pytest.mark.parametrize("kind", PATCHES)
def test_a_certificate_that_our_library_refuses(
    service: Simulator, tasks: Tasks, kind: str, patched: str
) -> None:
    stated = stated_for("odd")
    name, has_odd = stated["san"]["dns_names"][0], "critical" in kind
    patches = {"leaf": _unchanged, "issuer": _unchanged, patched: PATCHES[kind]}
    put(tasks.folder, foreign(name, **patches, has_odd=has_odd))
    check_not_replaced(service, tasks, stated)


def test_an_ordinary_certificate_of_others(service: Simulator, tasks: Tasks) -> None:
    stated = stated_for("foreign")
    put(tasks.folder, foreign(stated["san"]["dns_names"][0], _unchanged, _unchanged))
    check_not_replaced(service, tasks, stated)


@pytest.mark.parametrize("is_recorded", [True, False], ids=["ours", "without a record"])
@pytest.mark.parametrize(
    "content",
    [
        b"-----BEGIN CERTIFICATE-----\nMAMCAQA=\n-----END CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE-----\nMIIB",
        b"It works!\n",
        b"\x30\x82\x01\x00" * 20,
    ],
    ids=["no certificate", "cut off", "text", "bytes"],
)
def test_a_file_that_is_no_certificate(
    service: Simulator, tasks: Tasks, is_recorded: bool, content: bytes
) -> None:
    stated = stated_for("garbage")
    tasks.run(**stated)
    if not is_recorded:
        tasks.forget_records()
    for name in ("cert.pem", "fullchain.pem"):
        (tasks.folder / name).write_bytes(content)
    check = check_not_bought if is_recorded else check_obstacle
    check(service, tasks, stated, tasks.folder / "cert.pem")
