# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sets of files: made of a certificate or of what lies there, and put in place."""

from __future__ import annotations

import base64
import hashlib
import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.files.phases import alone
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node import sets
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node.look import Found
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node.material import (
    Material,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node.record import (
    CertificateSet,
    SetFile,
    set_file,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.wanted import Target
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import certificates, keys

from ..conftest import ALL_FILES, Site
from .setups import LAYOUTS, contents, deployed, folders, is_linked, looking, paths, record_path

ABSENT = SetFile(is_there=False)


def made_of(
    found: Found, layout: str = "plain", intact: sets.Intact | None = None
) -> CertificateSet:
    assert found.material is not None
    return sets.set_of(layout, found.material, found.wanted.targets, found.disk, intact or {})


def text(held: CertificateSet, path: Path) -> str:
    octets = held.files[str(path)].octets
    assert octets is not None
    return octets.decode()


# Made of a certificate


def test_what_a_set_is_made_of(site: Site) -> None:
    site.deploy()
    with looking(site) as found:
        held = made_of(found, "linked")
        material = found.material
    assert material is not None
    issuing, root = site.hierarchy.chain
    assert (held.layout, held.certificate, held.issuers, held.root) == (
        "linked",
        site.content("cert.pem"),
        issuing,
        root,
    )
    assert (held.key, held.request, held.supersedes, held.differences) == (
        site.content("key.pem"),
        None,
        [],
        [],
    )
    assert held.facts is not None
    assert held.facts.serial_number == site.serial()
    assert held.key_digest == certificates.public_key_digest(material.leaf)
    assert {path: file.octets.decode() for path, file in held.files.items() if file.octets} == {
        str(site.folder / name): content for name, content in contents(site).items()
    }
    modes = {os.path.basename(path): file.mode for path, file in held.files.items()}
    assert modes == {name: 0o600 if name == "key.pem" else 0o644 for name in ALL_FILES}


def test_what_is_not_known_of_a_set(site: Site) -> None:
    site.deploy()
    with looking(site) as found:
        assert found.material is not None
        poor = Material(found.material.leaf, None, None, None)
        held = sets.set_of("plain", poor, found.wanted.targets[:1], found.disk, {})
        direct = replace(poor, issuers=())
        other = sets.set_of("plain", direct, found.wanted.targets[:1], found.disk, {})
    assert (held.issuers, held.root, held.key) == (None, "", "")
    assert other.issuers == ""


def test_a_passphrase_is_not_recorded(site: Site) -> None:
    site.options["privatekey_passphrase"] = "very-secret"
    material_key = keys.generate(keys.KeyKind("ECDSA", 256))
    leaf = site.hierarchy.issuing.issue(material_key.public_key(), ("www.example.com",))
    (loaded,) = certificates.load_certificates(certificates.certificate_pem(leaf).encode())
    with looking(site) as found:
        material = Material(loaded, (), None, material_key)
        held = sets.set_of("plain", material, found.wanted.targets, found.disk, {})
    assert held.encrypted == paths(site, "key.pem")
    assert [target.passphrase for target in held.targets] == [None] * 4
    assert "very-secret" not in str(held)
    assert "ENCRYPTED" in text(held, site.folder / "key.pem")


def test_files_that_hold_what_they_should_stay_as_they_were_when_they_were_judged(
    site: Site,
) -> None:
    site.deploy()
    path = site.folder / "cert.pem"
    right = site.content("cert.pem")
    with looking(site) as found:
        path.write_text("by others, meanwhile")
        assert text(made_of(found, intact={str(path): b"# odd"}), path) == "# odd"
        assert text(made_of(found), path) == right
        held = made_of(found, intact={str(path): None})
        assert held.files[str(path)] == replace(ABSENT, mode=0o644)


def test_a_file_for_which_there_is_nothing_is_not_there(site: Site) -> None:
    site.deploy()
    with looking(site) as found:
        assert found.material is not None
        direct = replace(found.material, issuers=())
        held = sets.set_of("plain", direct, found.wanted.targets, found.disk, {})
    assert held.files[str(site.folder / "chain.pem")] == replace(ABSENT, mode=0o644)


def test_owner_and_group_are_those_of_the_task(site: Site) -> None:
    site.deploy()
    site.options.update(owner="4343", group="4344")
    with looking(site) as found:
        files = made_of(found).files.values()
    assert {(file.owner, file.group) for file in files} == {(4343, 4344)}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_in_the_layout_linked_owner_and_group_stay(
    site: Site, monkeypatch: pytest.MonkeyPatch, layout: str
) -> None:
    """A plain file inherits them from the one that it replaces; one of a set replaces none."""
    site.deploy()
    found_stat = os.stat(site.folder / "cert.pem")
    with looking(site) as found:
        other = os.stat_result((*found_stat[:4], 4343, 4344, *found_stat[6:]))
        monkeypatch.setattr(type(found.disk), "stat", lambda _disk, _path: other)
        files = made_of(found, layout).files.values()
    assert {(file.owner, file.group) for file in files} == (
        {(4343, 4344)} if layout == "linked" else {(None, None)}
    )


@pytest.mark.parametrize("is_linked_before", [True, False])
def test_owner_and_group_do_not_come_from_where_others_can_put_files(
    site: Site, is_linked_before: bool
) -> None:
    if is_linked_before:
        site.options["layout"] = "linked"
    site.deploy()
    (site.folder / "chain.pem").unlink()
    if is_linked_before:  # as the owner of the folder could do
        (site.folder / "chain.pem").symlink_to(os.readlink(site.folder / "key.pem"))
    else:
        (site.folder / "chain.pem").write_text("of others")
    site.folder.chmod(0o1777)
    with looking(site) as found:
        files = made_of(found, "linked").files
    owners = {os.path.basename(path): (file.owner, file.group) for path, file in files.items()}
    ours = (os.geteuid(), os.getegid())
    expected = dict.fromkeys(ALL_FILES, ours if is_linked_before else (None, None))
    assert owners == {**expected, "chain.pem": (None, None)}


# Made of what lies there


def test_what_lies_there_is_adopted_byte_by_byte(site: Site, private_key: Any) -> None:
    (site.folder / "cert.pem").write_bytes(b"\x00\xffof others")
    (site.folder / "cert.pem").chmod(0o4755)
    with looking(site) as found:
        assert found.material is None
        held = sets.adopted(None, None, found.wanted.targets, found.disk, keeps_key=True)
    owner = (os.geteuid(), (site.folder / "cert.pem").stat().st_gid)
    assert held.files == {
        **dict.fromkeys(paths(site, *ALL_FILES), ABSENT),
        f"{site.folder}/cert.pem": set_file(b"\x00\xffof others", *owner, 0o4755),
    }
    assert (held.layout, held.certificate, held.key, held.facts) == ("plain", "", "", None)
    assert [target.path for target in held.targets] == list(held.files)


@pytest.mark.parametrize("keeps_key", [True, False])
def test_a_certificate_of_others_is_adopted_with_what_it_says(site: Site, keeps_key: bool) -> None:
    site.deploy()
    with looking(site) as found:
        held = sets.adopted(None, found.material, found.wanted.targets, found.disk, keeps_key)
    assert (held.serial, held.request) == (site.serial(), None)
    assert held.certificate == site.content("cert.pem")
    assert held.key == (site.content("key.pem") if keeps_key else "")


def test_what_is_recorded_is_adopted_as_recorded(site: Site) -> None:
    site.deploy()
    with looking(site) as found:
        recorded = found.record.deployed
        assert recorded is not None
        (site.folder / "chain.pem").write_text("odd")
        held = sets.adopted(recorded, found.material, found.wanted.targets, found.disk, False)
    assert held.request == site.wanted.wish
    assert text(held, site.folder / "chain.pem") == "odd"
    assert held.is_restorable


@pytest.mark.parametrize("name", [*ALL_FILES, ""])
def test_one_link_of_the_layout_makes_what_lies_there_linked(site: Site, name: str) -> None:
    site.options["layout"] = "linked"
    site.deploy()
    for each in ALL_FILES:
        if each != name:
            content = site.content(each)
            (site.folder / each).unlink()
            (site.folder / each).write_text(content)
    with looking(site) as found:
        held = sets.adopted(None, None, found.wanted.targets, found.disk, False)
    assert held.layout == ("linked" if name else "plain")


def test_what_cannot_be_read_cannot_be_adopted(site: Site) -> None:
    with looking(site) as found:
        os.mkfifo(site.folder / "cert.pem")
        with pytest.raises(AtlasError) as caught:
            sets.adopted(None, None, found.wanted.targets, found.disk, False)
    assert caught.value.message == f"{site.folder}/cert.pem is not a regular file."


def test_whose_passphrases_are_known_is_recorded(site: Site) -> None:
    site.options["privatekey_passphrase"] = "secret"
    with looking(site) as found:
        held = sets.adopted(None, None, found.wanted.targets, found.disk, False)
    assert held.encrypted == paths(site, "key.pem")


# Put in place


def put(found: Found, held: CertificateSet, name: str = "0009-0A") -> list[str]:
    return alone(sets.put_in_place(found.store, found.disk, name, held))


def test_the_private_key_is_renamed_last(site: Site, made_durable: list[tuple[str, str]]) -> None:
    issued = site.issue(site.prepare()["public_key"])
    made_durable.clear()
    site.install(issued)
    renamed = [name for what, name in made_durable if what == "renamed"]
    assert [name for name in renamed if name in ALL_FILES] == [
        "chain.pem",
        "cert.pem",
        "fullchain.pem",
        "key.pem",
    ]


def test_the_order_of_files() -> None:
    kinds = {
        "key": ["privatekey"],
        "full": ["certificate", "chain"],
        "cert": ["certificate"],
        "both": ["privatekey", "certificate"],
        "p12": ["privatekey", "certificate"],
        "chain": ["chain"],
        "root": ["root"],
        "keyandchain": ["privatekey", "chain"],
    }
    targets = [
        Target("files[0]", name, contains, format="pkcs12" if name == "p12" else "pem")
        for name, contains in kinds.items()
    ]
    held = CertificateSet(
        "plain", targets=targets, files=dict.fromkeys([*kinds, "unknown"], ABSENT)
    )
    assert sets._in_order(held) == [
        "chain",
        "root",
        "keyandchain",
        "unknown",
        "p12",
        "both",
        "cert",
        "full",
        "key",
    ]


def test_all_is_durable_before_anything_is_renamed(
    site: Site, made_durable: list[tuple[str, str]]
) -> None:
    site.deploy()
    with looking(site) as found:
        held = made_of(found)
        changed = {
            path: replace(file, content=base64.b64encode(b"new").decode())
            for path, file in held.files.items()
        }
        made_durable.clear()
        put(found, replace(held, files=changed))
    kinds = [what for what, _name in made_durable]
    assert kinds == ["synced"] * 4 + ["renamed"] * 4 + ["synced"]
    assert {name for what, name in made_durable[:4]} == {
        f"{site.folder}/.{name}.atlas-new" for name in ALL_FILES
    }
    assert made_durable[-1] == ("synced", str(site.folder))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_is_right_is_not_written(
    site: Site, layout: str, made_durable: list[tuple[str, str]]
) -> None:
    site.options["layout"] = layout
    site.put()
    before = {name: os.stat(site.folder / name).st_ino for name in ALL_FILES}
    made_durable.clear()
    with looking(site) as found:
        held, name = found.record.deployed, found.record.wanted_now
        assert held is not None
        assert put(found, held, name) == []
        assert made_durable == []
        (site.folder / "cert.pem").chmod(0o600)
        assert put(found, held, name) == paths(site, "cert.pem")
    after = {name: os.stat(site.folder / name).st_ino for name in ALL_FILES}
    assert [name for name in ALL_FILES if before[name] != after[name]] == ["cert.pem"]
    assert site.mode("cert.pem") == 0o644


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_is_not_to_be_there_goes(site: Site, layout: str) -> None:
    site.options["layout"] = layout
    site.put()
    with looking(site) as found:
        held = found.record.deployed
        assert held is not None
        path = f"{site.folder}/chain.pem"
        lacking = replace(held, files={**held.files, path: ABSENT})
        assert put(found, lacking, "0009-0A") == [path]
        assert put(found, lacking, "0009-0A") == []
    assert site.names() == ["cert.pem", "fullchain.pem", "key.pem"]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_set_whose_content_is_not_kept_is_not_put_in_place(site: Site, layout: str) -> None:
    site.options["layout"] = layout
    site.deploy()
    before = contents(site)
    (site.folder / "cert.pem").chmod(0o600)
    with looking(site) as found:
        held = found.record.deployed
        assert held is not None
        with pytest.raises(AtlasError, match=r"^what is to be put in place is not kept"):
            put(found, held)
    assert contents(site) == before
    assert not [name for name in site.names() if "atlas-new" in name]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_nothing_is_left_behind_of_what_cannot_be_completed(site: Site, layout: str) -> None:
    site.put()
    with looking(site) as found:
        held = found.record.deployed
        assert held is not None
        wanted = {path: replace(file, mode=0o640) for path, file in held.files.items()}
        last = list(wanted)[-1]
        wanted[last] = replace(wanted[last], content=None)
        with pytest.raises(AtlasError):
            put(found, replace(held, layout=layout, files=wanted))
    left = [*site.names(), *os.listdir(site.state)]
    assert not [name for name in left if "atlas-new" in name]
    for path in site.state.glob("*/*/*"):
        assert "atlas-new" not in path.name


def test_links_are_not_left_behind_either(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.put()
    with looking(site) as found:
        held = found.record.deployed
        assert held is not None
        original = sets.link_text

        def fail(store: Any, folder: Any, path: str) -> str:
            if path.endswith("key.pem"):
                raise AtlasError("no.")
            return original(store, folder, path)

        monkeypatch.setattr(sets, "link_text", fail)
        with pytest.raises(AtlasError, match=r"^no\.$"):
            put(found, replace(held, layout="linked"))
    assert site.names() == ALL_FILES
    assert is_linked(site) == dict.fromkeys(ALL_FILES, False)


# The layout linked


@pytest.fixture
def linked_site(site: Site) -> Site:
    site.options["layout"] = "linked"
    site.deploy()
    return site


def test_each_path_is_a_link_through_one_other(linked_site: Site) -> None:
    own = record_path(linked_site).with_suffix("")
    name = linked_site.record()["wanted_now"]
    assert os.readlink(own / "live") == name
    assert folders(linked_site) == [name, "live"]
    for each in ALL_FILES:
        path = linked_site.folder / each
        assert os.readlink(path) == f"../state/{own.name}/live/{sets.file_name(str(path))}"
        assert stat.S_IMODE(os.stat(path).st_mode) == (0o600 if each == "key.pem" else 0o644)
    assert len(os.listdir(own / name)) == 4


def test_a_switch_is_one_rename(linked_site: Site, made_durable: list[tuple[str, str]]) -> None:
    before = {name: (linked_site.folder / name).lstat().st_ino for name in ALL_FILES}
    issued = linked_site.issue(linked_site.prepare(is_due=True)["public_key"])
    made_durable.clear()
    linked_site.install(issued)
    assert {name: (linked_site.folder / name).lstat().st_ino for name in ALL_FILES} == before
    renamed = [name for what, name in made_durable if what == "renamed"]
    record = record_path(linked_site).name
    files = [sets.file_name(f"{linked_site.folder}/{name}") for name in ALL_FILES]
    assert (renamed[0], renamed[-2:]) == (record, ["live", record])
    assert sorted(renamed[1:-2]) == sorted(files)


def test_the_way_is_there_before_a_path_leads_over_it(
    site: Site, made_durable: list[tuple[str, str]]
) -> None:
    site.options["layout"] = "linked"
    issued = site.issue(site.prepare()["public_key"])
    made_durable.clear()
    site.install(issued)
    renamed = [name for what, name in made_durable if what == "renamed"]
    first = min(renamed.index(name) for name in ALL_FILES)
    live = renamed.index("live")
    assert live < first
    places = [place for place, (what, _name) in enumerate(made_durable) if what == "renamed"]
    synced = made_durable[places[live] : places[first]]
    assert ("synced", str(record_path(site).with_suffix(""))) in synced


def test_the_name_of_a_file_in_a_set_depends_on_its_path_alone() -> None:
    digest = hashlib.sha256(b"/a/cert.pem").hexdigest()
    assert sets.file_name("/a/cert.pem") == f"{digest[:8]}-cert.pem"
    assert sets.file_name("/a/cert.pem") != sets.file_name("/b/cert.pem")
    assert len(sets.file_name("/a/" + "x" * 255)) == 209


def test_a_file_elsewhere_is_linked_too(site: Site, tmp_path: Path) -> None:
    elsewhere = tmp_path / "a/b"
    elsewhere.mkdir(parents=True)
    site.options.update(layout="linked", chain_path=str(elsewhere / "chain.pem"))
    site.deploy()
    assert os.readlink(elsewhere / "chain.pem").startswith("../../state/")
    assert (elsewhere / "chain.pem").read_text() == site.hierarchy.chain[0]
    assert site.inspect()["repairs"] == []


def test_a_link_of_the_user_leads_to_a_link_of_the_set(site: Site, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (site.folder / "cert.pem").symlink_to(elsewhere / "real.pem")
    site.options["layout"] = "linked"
    for _time in range(2):
        site.deploy()
        assert os.readlink(site.folder / "cert.pem") == str(elsewhere / "real.pem")
        assert os.readlink(elsewhere / "real.pem").startswith("../state/")
        assert site.inspect()["repairs"] == []
    site.options["layout"] = "plain"
    site.install("", action="mend")
    assert not (elsewhere / "real.pem").is_symlink()
    assert os.readlink(site.folder / "cert.pem") == str(elsewhere / "real.pem")


def test_a_renewal_removes_what_is_not_needed_any_more(linked_site: Site) -> None:
    first = linked_site.record()["wanted_now"]
    linked_site.put()
    second = linked_site.record()["wanted_now"]
    assert folders(linked_site) == [first, second, "live"]
    linked_site.acknowledge()
    assert folders(linked_site) == [second, "live"]
    assert deployed(linked_site)["layout"] == "linked"


def test_what_a_cut_off_call_left_in_a_set_goes_with_it(linked_site: Site) -> None:
    linked_site.put()
    name = linked_site.record()["wanted_now"]
    folder = record_path(linked_site).with_suffix("") / name
    (folder / ".x.atlas-new").write_text("left")
    linked_site.acknowledge()
    linked_site.put()
    linked_site.acknowledge()
    assert not folder.exists()
