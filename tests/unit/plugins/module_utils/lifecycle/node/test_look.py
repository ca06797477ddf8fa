# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is there: files, keys and records. Changes nothing."""

from __future__ import annotations

import os
import shutil
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node import (
    linked,
    plain,
    steps,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node.look import (
    external_key,
    layout_named,
    look,
    standing_layout,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node.state import State
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.wanted import ExternalKey
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import certificates, keys

from ..conftest import NOW, PREPARE, Site


def write(site: Site, name: str, certificate: Any) -> None:
    (site.folder / name).write_text(certificates.certificate_pem(certificate))


def test_nothing_is_there(site: Site) -> None:
    found = look(site.wanted)
    assert (found.material, found.state) == (None, State())
    assert vars(found.deployed) == {
        "certificate": None,
        "certificate_error": "",
        "key_kind": None,
        "key_digest": "",
        "key_error": "",
        "recorded": None,
        "is_revoked": False,
    }


def test_what_was_deployed_is_found_whole(site: Site) -> None:
    site.deploy()
    found = look(site.wanted)
    leaf, material = found.deployed.certificate, found.material
    assert leaf is not None
    assert material is not None
    assert certificates.serial_number(leaf) == site.serial()
    assert found.deployed.key_kind == keys.KeyKind("ECDSA", 256)
    assert found.deployed.key_digest == certificates.public_key_digest(leaf)
    assert found.deployed.recorded is not None
    assert found.deployed.recorded.wish == {"san.dns_names": ["www.example.com"]}
    assert material.issuers == (site.hierarchy.issuing.certificate,)
    assert material.root == site.hierarchy.root.certificate
    assert material.key is not None


def test_a_certificate_that_is_not_in_the_record_is_not_ours(site: Site, private_key: Any) -> None:
    site.deploy()
    other = site.hierarchy.issuing.issue(private_key.public_key(), ("www.example.com",))
    for name in ("cert.pem", "fullchain.pem"):
        write(site, name, other)
    found = look(site.wanted)
    assert (found.deployed.certificate, found.deployed.recorded) == (other, None)
    assert found.material is not None
    assert found.material.key is None


def test_where_two_files_differ_the_one_of_the_key_counts(site: Site, private_key: Any) -> None:
    site.deploy()
    (ours,) = certificates.load_certificates((site.folder / "cert.pem").read_bytes())
    other = site.hierarchy.issuing.issue(private_key.public_key(), ("www.example.com",))
    write(site, "cert.pem", other)
    assert look(site.wanted).deployed.certificate == ours
    (site.folder / "key.pem").unlink()
    assert look(site.wanted).deployed.certificate == other


@pytest.mark.parametrize(
    ("name", "content", "certificate_error", "key_error"),
    [
        ("cert.pem", "x", "holds no certificate in PEM format", ""),
        ("chain.pem", "x", "", ""),
        ("key.pem", "x", "", "is not a private key in PEM format"),
    ],
)
def test_what_is_wrong_with_a_file(
    site: Site, name: str, content: str, certificate_error: str, key_error: str
) -> None:
    site.deploy()
    (site.folder / name).write_text(content)
    deployed = look(site.wanted).deployed
    assert deployed.certificate is not None
    assert (deployed.certificate_error, deployed.key_error) == (certificate_error, key_error)
    assert (deployed.key_kind is None) is bool(key_error)


def test_a_passphrase_that_is_missing_is_told(site: Site, private_key: Any) -> None:
    site.deploy()
    encrypted = keys.private_key_pem(private_key, "secret")
    (site.folder / "key.pem").write_bytes(encrypted)
    assert look(site.wanted).deployed.key_error == (
        "is protected by a passphrase, and none was given"
    )


def test_issuers_that_are_in_no_file_are_in_the_versions(site: Site) -> None:
    site.deploy()
    for name in ("chain.pem", "fullchain.pem"):
        (site.folder / name).unlink()
    found = look(site.wanted)
    assert found.material is not None
    assert found.material.issuers == (site.hierarchy.issuing.certificate,)
    shutil.rmtree(site.folder / ".atlas")
    bare = look(site.wanted)
    assert bare.material is not None
    assert (bare.material.issuers, bare.material.root) == (None, None)


def test_without_files_what_is_live_counts(site: Site, private_key: Any) -> None:
    pem = keys.signing_request_pem(private_key, None)
    site.options = {
        **dict.fromkeys(("path", "fullchain_path", "chain_path", "privatekey_path")),
        "csr_content": pem,
        "state_dir": str(site.folder / "state"),
    }
    assert look(site.wanted).deployed.certificate is None
    issued = site.issue(site.prepare()["public_key"])
    answer = site.install(issued)
    assert (answer["changed_files"], answer["obstacle"]) == (["www.example.com"], "")
    found = look(site.wanted)
    assert found.deployed.certificate is not None
    assert certificates.certificate_pem(found.deployed.certificate) == issued
    assert found.deployed.recorded is not None


def test_a_pkcs12_file_is_read_with_its_passphrase(site: Site) -> None:
    entry = {
        "path": str(site.folder / "all.p12"),
        "contains": ["privatekey", "certificate", "chain"],
        "format": "pkcs12",
        "passphrase": "secret",
    }
    names = ("path", "fullchain_path", "chain_path", "privatekey_path")
    site.options = {**dict.fromkeys(names), "files": [entry]}
    wanted = site.wanted

    def step(name: str, **more: Any) -> Any:
        item = wanted.on_wire()
        item["targets"][0]["passphrase"] = 0
        (answer,) = steps.run(name, [{"wanted": item, **more}], ["secret"], False)
        return answer

    prepared = step("prepare", **PREPARE)
    assert prepared["obstacle"] == ""
    order = {
        "action": "install",
        "run": "run",
        "attempt_id": "attempt",
        "now": NOW,
        "certificate": site.issue(prepared["public_key"]),
        "chain": site.hierarchy.chain,
        "serial": "",
        "failure": "",
        "with_content": False,
    }
    assert step("install", **order)["is_deployed"]
    found = look(wanted)
    assert found.deployed.key_digest == certificates.public_key_digest(found.deployed.certificate)
    assert found.material is not None
    assert found.material.issuers == (site.hierarchy.issuing.certificate,)
    (site.folder / "all.p12").write_bytes(b"x")
    broken = look(wanted).deployed
    said = "is not a PKCS#12 file that opens with the passphrase"
    assert (broken.certificate, broken.certificate_error, broken.key_error) == (None, said, said)


@pytest.mark.parametrize("name", ["cert.pem", "chain.pem", "key.pem"])
def test_a_file_that_cannot_be_read_is_an_obstacle(site: Site, name: str) -> None:
    site.deploy()
    (site.folder / name).unlink()
    os.mkfifo(site.folder / name)
    option = {"cert": "path", "chain": "chain_path", "key": "privatekey_path"}[name[:-4]]
    with pytest.raises(AtlasError) as caught:
        look(site.wanted)
    assert caught.value.message == (f"{option}: {site.folder}/{name} is not a regular file.")


def test_layouts() -> None:
    assert (layout_named("linked"), layout_named("plain")) == (linked, plain)


@pytest.mark.parametrize(
    ("state", "standing"),
    [
        (State(), "plain"),
        (State(live="0001-AA", layout="linked", acknowledged=False), "linked"),
        (State(live="0001-AA", layout="linked", acknowledged=True), "plain"),
        (State(live="0001-AA", layout="", acknowledged=False), "plain"),
    ],
)
def test_what_is_on_probation_keeps_its_layout(site: Site, state: State, standing: str) -> None:
    assert standing_layout(site.wanted, state) == standing


def test_a_key_that_lives_elsewhere(site: Site, private_key: Any) -> None:
    public = keys.public_key_pem(private_key.public_key())
    request = keys.signing_request_pem(private_key, None)
    for kind, pem, csr in (("csr", request, request), ("public_key", public, "")):
        path = site.folder / kind
        path.write_text(pem)
        for key in (ExternalKey(kind, str(path), None, None), ExternalKey(kind, None, pem, None)):
            found, told = external_key(key)
            assert (keys.public_key_pem(found), told) == (public, csr)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("csr", "is not a certificate signing request in PEM format"),
        ("public_key", "is not a public key in PEM format"),
    ],
)
def test_a_key_elsewhere_that_cannot_be_read(site: Site, kind: str, said: str) -> None:
    path = str(site.folder / "a")
    with pytest.raises(AtlasError) as caught:
        external_key(ExternalKey(kind, path, None, None))
    assert caught.value.message == f"{kind}: {path} does not exist on the node."
    with pytest.raises(AtlasError) as caught:
        external_key(ExternalKey(kind, None, "x", None))
    assert caught.value.message == f"{kind}: {kind}_content {said}."
