# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is there: files, keys and records. Changes nothing."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.files.places import Places
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle import exchange
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node import steps
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node.look import (
    Found,
    external_key,
    material_of,
    refuse_unknown_passphrases,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node.record import (
    CertificateSet,
    Record,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.wanted import ExternalKey
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import certificates, keys

from ..conftest import NOW, PREPARE, Site
from .setups import LAYOUTS, contents, deployed, foreign, looking, paths, record_path, rewrite


def look(site: Site) -> Found:
    """What is found, for those who need no open folder any more."""
    with looking(site) as found:
        return found


def write(site: Site, name: str, certificate: Any) -> None:
    (site.folder / name).write_text(certificates.certificate_pem(certificate))


def test_nothing_is_there(site: Site) -> None:
    found = look(site)
    assert (found.material, found.record) == (None, Record())
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
    found = look(site)
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
    found = look(site)
    assert (found.deployed.certificate, found.deployed.recorded) == (other, None)
    assert found.material is not None
    assert found.material.key is None


def test_where_two_files_differ_the_one_of_the_key_counts(site: Site, private_key: Any) -> None:
    site.deploy()
    (ours,) = certificates.load_certificates((site.folder / "cert.pem").read_bytes())
    other = site.hierarchy.issuing.issue(private_key.public_key(), ("www.example.com",))
    write(site, "cert.pem", other)
    assert look(site).deployed.certificate == ours
    (site.folder / "key.pem").unlink()
    assert look(site).deployed.certificate == other


NO_CERTIFICATE = "holds no certificate in PEM format"
NO_KEY = "is not a private key in PEM format"


@pytest.mark.parametrize(
    ("damaged", "certificate_error", "key_error"),
    [
        (["cert.pem"], "", ""),
        (["fullchain.pem"], "", ""),
        (["chain.pem"], "", ""),
        (["cert.pem", "fullchain.pem"], f"fullchain.pem {NO_CERTIFICATE}", ""),
        (["key.pem"], "", f"key.pem {NO_KEY}"),
    ],
)
def test_what_is_wrong_with_files(
    site: Site, damaged: list[str], certificate_error: str, key_error: str
) -> None:
    """A file that cannot be read says nothing as long as another one holds the same."""
    site.deploy()
    for name in damaged:
        (site.folder / name).write_text("x")
    found = look(site)
    said = [
        f"at {site.folder}/{error}" if error else "" for error in (certificate_error, key_error)
    ]
    assert [found.deployed.certificate_error, found.deployed.key_error] == said
    assert (found.deployed.certificate is None) is bool(certificate_error)
    assert (found.deployed.key_kind is None) is bool(key_error)
    what = "certificate " if certificate_error else "private key " if key_error else ""
    assert found.unreadable == what + "".join(said)


@pytest.mark.parametrize("content", ["", " \n"])
def test_an_empty_file_is_as_good_as_none(site: Site, content: str) -> None:
    site.deploy()
    for name in ("cert.pem", "fullchain.pem", "key.pem"):
        (site.folder / name).write_text(content)
    found = look(site)
    assert (found.deployed.certificate, found.deployed.key_kind, found.unreadable) == (
        None,
        None,
        "",
    )


def test_a_passphrase_that_is_missing_is_reported(site: Site, private_key: Any) -> None:
    site.deploy()
    encrypted = keys.private_key_pem(private_key, "secret")
    (site.folder / "key.pem").write_bytes(encrypted)
    found = look(site)
    said = f"at {site.folder}/key.pem is protected by a passphrase, and none was given"
    assert (found.deployed.key_error, found.unreadable) == (said, f"private key {said}")


BOTH = ("privatekey", "certificate")


def test_a_key_that_one_file_holds_in_clear_is_known(site: Site) -> None:
    both = site.folder / "both.pem"
    site.options["files"] = [{"path": str(both), "contains": list(BOTH)}]
    site.deploy()
    (site.folder / "key.pem").write_text("x")
    found = look(site)
    assert (found.deployed.key_error, found.unreadable) == ("", "")
    assert found.deployed.key_kind == keys.KeyKind("ECDSA", 256)
    (site.folder / "key.pem").unlink()
    both.write_text("x")
    assert look(site).deployed.key_error == ""  # the key is simply not there
    site.options["privatekey_path"] = None
    assert look(site).deployed.key_error == f"at {both} {NO_KEY}"


@pytest.mark.parametrize("name", ["cert.pem", "key.pem"])
def test_what_is_not_there_is_not_unreadable(site: Site, name: str) -> None:
    site.deploy()
    for each in (name, "fullchain.pem"):
        (site.folder / each).unlink()
    assert look(site).unreadable == ""


def test_the_certificate_comes_before_the_key_in_what_cannot_be_read(site: Site) -> None:
    for name in ("cert.pem", "key.pem"):
        (site.folder / name).write_text("x")
    assert look(site).unreadable == f"certificate at {site.folder}/cert.pem {NO_CERTIFICATE}"


def test_issuers_that_are_in_no_file_are_in_the_record(site: Site) -> None:
    site.deploy()
    for name in ("chain.pem", "fullchain.pem"):
        (site.folder / name).unlink()
    found = look(site)
    assert found.material is not None
    assert found.material.issuers == (site.hierarchy.issuing.certificate,)
    shutil.rmtree(site.state)
    bare = look(site)
    assert bare.material is not None
    assert (bare.material.issuers, bare.material.root) == (None, None)


def test_without_files_what_is_live_counts(site: Site, private_key: Any) -> None:
    pem = keys.signing_request_pem(private_key, None)
    site.options = {
        **dict.fromkeys(("path", "fullchain_path", "chain_path", "privatekey_path")),
        "csr_content": pem,
        "state_dir": str(site.folder / "state"),
    }
    assert look(site).deployed.certificate is None
    issued = site.issue(site.prepare()["public_key"])
    answer = site.install(issued)
    assert (answer["changed_files"], answer["obstacle"]) == (["www.example.com"], "")
    found = look(site)
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
        return {"obstacle": "", **answer}

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
    found = look(site)
    assert found.deployed.key_digest == certificates.public_key_digest(found.deployed.certificate)
    assert found.material is not None
    assert found.material.issuers == (site.hierarchy.issuing.certificate,)
    (site.folder / "all.p12").write_bytes(b"x")
    broken = look(site).deployed
    said = f"at {site.folder}/all.p12 is not a PKCS#12 file that opens with the passphrase"
    assert (broken.certificate, broken.certificate_error, broken.key_error) == (None, said, said)


@pytest.mark.parametrize("name", ["cert.pem", "chain.pem", "key.pem"])
@pytest.mark.parametrize("kind", ["pipe", "socket", "folder", "large"])
def test_a_file_that_cannot_be_read_is_an_obstacle_also_with_force(
    site: Site, name: str, kind: str
) -> None:
    site.deploy()
    site.options["force"] = True
    path = site.folder / name
    path.unlink()
    said = "is not a regular file"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        socket.socket(socket.AF_UNIX).bind(str(path))
    elif kind == "folder":
        path.mkdir()
        said = "is a folder; give the path of a file"
    else:
        path.write_bytes(b" " * (1024 * 1024 + 1))
        said = "is larger than 1048576 bytes"
    option = {"cert": "path", "chain": "chain_path", "key": "privatekey_path"}[name[:-4]]
    with pytest.raises(AtlasError) as caught:
        look(site)
    assert caught.value.message == f"{option}: {path} {said}."
    assert site.inspect() == {
        **vars(exchange.Inspection.stopped(f"{option}: {path} {said}.")),
    }


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_is_on_probation_keeps_its_layout(site: Site, layout: str) -> None:
    other = LAYOUTS[layout == "plain"]
    site.options["layout"] = layout
    assert look(site).layout == layout
    site.put()
    site.options["layout"] = other
    assert look(site).layout == layout
    site.acknowledge()
    assert look(site).layout == other


def test_a_key_that_lives_elsewhere(site: Site, private_key: Any) -> None:
    public = keys.public_key_pem(private_key.public_key())
    request = keys.signing_request_pem(private_key, None)
    around = "\N{ZERO WIDTH NO-BREAK SPACE}# F\N{LATIN SMALL LETTER O WITH ACUTE}\n{}# end\n"
    cases = [("csr", request, request), ("public_key", public, "")]
    # Of text around it nothing is sent.
    cases += [(kind, around.format(pem), csr) for kind, pem, csr in cases]
    for kind, pem, csr in cases:
        path = site.folder / kind
        path.write_text(pem)
        for key in (ExternalKey(kind, str(path), None, None), ExternalKey(kind, None, pem, None)):
            with Places() as places:
                found, told = external_key(key, places)
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
    with Places() as places, pytest.raises(AtlasError) as caught:
        external_key(ExternalKey(kind, path, None, None), places)
    assert caught.value.message == f"{kind}: {path} does not exist on the node."
    with Places() as places, pytest.raises(AtlasError) as caught:
        external_key(ExternalKey(kind, None, "x", None), places)
    assert caught.value.message == f"{kind}: {kind}_content {said}."


# Files of the same set that the task does not name


@pytest.mark.parametrize("layout", LAYOUTS)
def test_files_of_the_set_that_the_task_does_not_name_are_carried(site: Site, layout: str) -> None:
    site.options["layout"] = layout
    site.deploy()
    assert look(site).carried == []
    site.options.update(chain_path=None, fullchain_path=None)
    found = look(site)
    assert found.carried == paths(site, "fullchain.pem", "chain.pem")
    assert [target.path for target in found.wanted.targets] == paths(
        site, "cert.pem", "key.pem", "fullchain.pem", "chain.pem"
    )
    (site.folder / "chain.pem").unlink()
    assert look(site).carried == paths(site, "fullchain.pem")


def test_a_link_that_leads_to_nothing_is_carried(site: Site) -> None:
    site.options["layout"] = "linked"
    site.deploy()
    os.unlink(os.path.realpath(site.folder / "chain.pem"))
    site.options["chain_path"] = None
    assert look(site).carried == paths(site, "chain.pem")


def test_nothing_is_carried_for_a_task_without_files(site: Site, private_key: Any) -> None:
    site.options = {
        **dict.fromkeys(("path", "fullchain_path", "chain_path", "privatekey_path")),
        "csr_content": keys.signing_request_pem(private_key, None),
        "state_dir": str(site.state),
    }
    site.install(site.issue(site.prepare()["public_key"]))
    held = deployed(site)
    held["targets"] = [{"option": "path", "path": "/etc/passwd", "contains": ["chain"]}]
    name = site.record()["wanted_now"]
    rewrite(site, sets={**site.record()["sets"], name: held})
    assert look(site).carried == []


def sealed(site: Site) -> Path:
    """A file with a passphrase, as a task put it in place that named it; this one does not."""
    site.deploy()
    held = deployed(site)
    held["encrypted"] = paths(site, "key.pem")
    name = site.record()["wanted_now"]
    rewrite(site, sets={**site.record()["sets"], name: held})
    return site.folder / "key.pem"


def test_a_carried_file_with_a_passphrase_is_not_written(site: Site) -> None:
    path = sealed(site)
    refuse_unknown_passphrases(look(site))  # the task names it
    site.options["privatekey_path"] = None
    both = {"path": f"{site.folder}/both.pem", "contains": ["privatekey", "certificate"]}
    site.options["files"] = [both]
    with pytest.raises(AtlasError) as caught:
        refuse_unknown_passphrases(look(site))
    assert caught.value.message == (
        f"{path} belongs to the same certificate and is protected by a passphrase that this task"
        " does not state, so it could not be kept in step; name it in the task, too, or remove it."
    )
    path.unlink()
    refuse_unknown_passphrases(look(site))


# What differs


def differences(site: Site) -> dict[str, str]:
    with looking(site) as found:
        return {os.path.basename(path): what for path, what in found.differences()}


def test_what_differs_is_said_in_words(site: Site) -> None:
    assert differences(site) == dict.fromkeys(
        ("cert.pem", "fullchain.pem", "chain.pem", "key.pem"), "missing"
    )
    site.deploy()
    assert differences(site) == {}
    (site.folder / "chain.pem").unlink()
    assert differences(site) == {"chain.pem": "missing"}
    (site.folder / "chain.pem").symlink_to("nowhere")
    assert differences(site) == {"chain.pem": "missing"}
    (site.folder / "chain.pem").unlink()
    (site.folder / "chain.pem").write_text("x")
    (site.folder / "key.pem").chmod(0o644)
    assert differences(site) == {
        "chain.pem": "not as it should be",
        "key.pem": "mode 0644, not 0600",
    }


def test_what_differs_in_the_layout_linked(site: Site) -> None:
    site.options["layout"] = "linked"
    site.deploy()
    assert differences(site) == {}
    path = site.folder / "chain.pem"
    content = path.read_text()
    path.unlink()
    assert differences(site) == {"chain.pem": "missing"}
    path.write_text(content)
    assert differences(site) == {"chain.pem": "not a link of the layout linked"}
    path.write_text("x")
    assert differences(site) == {"chain.pem": "not as it should be"}
    path.unlink()
    path.symlink_to(os.readlink(site.folder / "fullchain.pem"))
    assert differences(site) == {"chain.pem": "not as it should be"}
    os.unlink(os.path.realpath(path))
    assert differences(site)["chain.pem"] == "not as it should be"
    site.options["layout"] = "plain"
    assert differences(site)["cert.pem"] == "a link of the layout linked"


def test_which_files_are_intact(site: Site) -> None:
    """Attributes and links do not count: the content may be written down as it is."""
    site.deploy()
    (site.folder / "chain.pem").write_text("x")
    (site.folder / "key.pem").chmod(0o644)
    site.options["layout"] = "linked"
    with looking(site) as found:
        assert found.material is not None
        names = ("cert.pem", "fullchain.pem", "key.pem")
        read = {str(site.folder / name): site.content(name).encode() for name in names}
        assert found.intact(found.material) == read
        del read[f"{site.folder}/fullchain.pem"]
        assert found.intact(replace(found.material, issuers=())) == read


def test_a_carried_file_with_a_passphrase_is_right_as_long_as_it_is_the_same(site: Site) -> None:
    path = sealed(site)
    content = keys.private_key_pem(keys.load_private_key(path.read_bytes()), "secret")
    path.write_bytes(content)
    held = deployed(site)
    held["files"][str(path)]["digest"] = hashlib.sha256(content).hexdigest()
    name = site.record()["wanted_now"]
    rewrite(site, sets={name: held})
    both = {"path": f"{site.folder}/both.pem", "contains": ["privatekey", "certificate"]}
    site.options.update(privatekey_path=None, files=[both])
    (site.folder / "both.pem").write_bytes((site.folder / "cert.pem").read_bytes())
    assert "key.pem" not in differences(site)
    path.chmod(0o640)
    assert differences(site)["key.pem"] == "mode 0640, not 0600"
    path.write_bytes(content + b"\n")
    assert differences(site)["key.pem"] == "not as it should be"
    rewrite(site, sets={name: {**held, "encrypted": []}})
    path.write_bytes(content)
    assert differences(site)["key.pem"] == "not as it should be"


# What is recorded of a set


def test_the_material_of_a_set(site: Site) -> None:
    assert material_of(None) is None
    assert material_of(CertificateSet("plain")) is None
    site.put()
    held = look(site).record.deployed
    material = material_of(held)
    assert held is not None
    assert material is not None
    assert certificates.certificate_pem(material.leaf) == site.content("cert.pem")
    assert material.issuers == (site.hierarchy.issuing.certificate,)
    assert material.root == site.hierarchy.root.certificate
    assert material.key is not None
    assert keys.private_key_pem(material.key).decode() == site.content("key.pem")
    bare = material_of(CertificateSet("plain", certificate=held.certificate))
    assert bare is not None
    assert (bare.issuers, bare.root, bare.key) == (None, None, None)
    direct = material_of(CertificateSet("plain", certificate=held.certificate, issuers=""))
    assert direct is not None
    assert direct.issuers == ()


def test_what_was_revoked_by_a_task_of_ours(site: Site) -> None:
    site.deploy()
    assert not look(site).deployed.is_revoked
    rewrite(site, revoked=[site.serial()])
    assert look(site).deployed.is_revoked


def test_the_key_of_a_task_with_a_key_elsewhere(site: Site, private_key: Any) -> None:
    pem = keys.public_key_pem(private_key.public_key())
    site.options = {"public_key_content": pem, "privatekey_path": None}
    found = look(site)
    assert found.deployed.key_kind == keys.KeyKind("ECDSA", 256)
    assert found.deployed.key_digest == keys.public_key_digest(private_key.public_key())
    assert found.key is None


def test_a_record_that_was_damaged_is_reported(site: Site) -> None:
    site.deploy()
    record_path(site).write_text("x")
    with pytest.raises(AtlasError, match="is damaged"):
        look(site)


def test_looking_changes_nothing(site: Site, private_key: Any) -> None:
    foreign(site, private_key)
    before = contents(site)
    look(site)
    assert contents(site) == before
