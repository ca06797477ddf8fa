# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The layout linked: paths are links into one version folder."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node import linked
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node.look import look

from ..conftest import ALL_FILES, Site


@pytest.fixture
def linked_site(site: Site) -> Site:
    site.options["layout"] = "linked"
    site.deploy()
    return site


def links(site: Site) -> dict[str, str]:
    return {
        name: os.readlink(site.folder / name)
        for name in site.names()
        if (site.folder / name).is_symlink()
    }


def test_links_are_kept_while_the_layout_is_linked(site: Site) -> None:
    site.deploy()
    site.options["layout"] = "linked"
    assert len(site.inspect()["repairs"]) == 4
    assert site.install("", action="mend")["obstacle"] == ""
    assert all((site.folder / name).is_symlink() for name in ALL_FILES)
    site.options["layout"] = "plain"
    assert site.install("", action="mend")["obstacle"] == ""
    assert not any((site.folder / name).is_symlink() for name in ALL_FILES)
    assert not (site.folder / ".atlas/cert.pem/live").is_symlink()


def test_each_path_is_a_link_into_what_is_live(linked_site: Site) -> None:
    live = linked_site.record()["live"]
    store = linked_site.folder / ".atlas/cert.pem"
    assert links(linked_site) == {name: f".atlas/cert.pem/live/{name}" for name in ALL_FILES}
    assert os.readlink(store / "live") == f"versions/{live}/out"
    assert linked.live_version(linked_site.store) == live
    assert sorted(os.listdir(store / "versions" / live / "out")) == ALL_FILES
    assert [linked_site.mode(name) for name in ALL_FILES] == [0o644, 0o644, 0o644, 0o600]
    assert linked_site.record()["layout"] == "linked"


def test_what_is_adopted_keeps_its_label_and_access_list(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.deploy()
    asked: list[str] = []

    def getxattr(path: str, _label: str) -> bytes:
        asked.append(path)
        raise OSError(errno.ENODATA, "no data available")

    monkeypatch.setattr(os, "getxattr", getxattr)
    linked.keep(site.store, site.wanted, "", "")
    assert sorted(set(asked)) == [str(site.folder / name) for name in ALL_FILES]


def test_links_and_what_they_lead_to_are_made_durable(
    linked_site: Site, made_durable: list[tuple[str, str]]
) -> None:
    material = look(linked_site.wanted).material
    assert material is not None
    folder = linked_site.folder / "new"
    folder.mkdir()
    linked.fill(linked_site.store, str(folder), linked_site.wanted, material)
    assert made_durable[-2:] == [("synced", str(folder / "out"))] * 2  # the last file, then all
    assert stat.S_IMODE((folder / "out").stat().st_mode) == 0o711
    made_durable.clear()
    linked._put_link(str(folder / "link"), "out")
    assert made_durable == [("renamed", str(folder / "link")), ("synced", str(folder))]


def test_a_file_elsewhere_has_a_name_of_its_own(site: Site) -> None:
    elsewhere = site.folder / "elsewhere"
    elsewhere.mkdir()
    site.options.update(layout="linked", chain_path=str(elsewhere / "chain.pem"))
    site.deploy()
    link = os.readlink(elsewhere / "chain.pem")
    assert link.startswith("../.atlas/cert.pem/live/")
    digest, _dash, name = os.path.basename(link).partition("-")
    assert (len(digest), name) == (8, "chain.pem")
    assert (elsewhere / "chain.pem").read_text() == site.hierarchy.chain[0]
    assert site.inspect()["repairs"] == []


def test_a_switch_is_one_rename(linked_site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {name: (linked_site.folder / name).lstat().st_ino for name in ALL_FILES}
    old = linked_site.record()["live"]
    linked_site.put()
    assert {name: (linked_site.folder / name).lstat().st_ino for name in ALL_FILES} == before
    record = linked_site.record()
    assert (record["previous"], record["replaced"]) == (old, old)
    assert linked.live_version(linked_site.store) == record["live"] != old


def difference(site: Site, name: str) -> str:
    found = look(site.wanted)
    assert found.material is not None
    told = dict(linked.differences(site.store, site.wanted, found.material))
    return told.get(f"{site.folder}/{name}", "")


def test_what_differs_is_told_in_words(linked_site: Site) -> None:
    assert [difference(linked_site, name) for name in ALL_FILES] == [""] * 4
    path = linked_site.folder / "chain.pem"
    content = path.read_text()
    path.unlink()
    assert difference(linked_site, "chain.pem") == "missing"
    path.write_text(content)
    assert difference(linked_site, "chain.pem") == "not a link of the layout linked"
    path.write_text("x")
    assert difference(linked_site, "chain.pem") == "not as it should be"
    path.unlink()
    path.symlink_to(".atlas/cert.pem/live/fullchain.pem")
    assert difference(linked_site, "chain.pem") == "not as it should be"
    (linked_site.folder / "key.pem").chmod(0o640)
    assert difference(linked_site, "key.pem") == "mode 0640, not 0600"


def test_what_was_there_before_is_adopted(site: Site) -> None:
    site.deploy()
    (site.folder / "cert.pem").write_text("# odd\n" + site.content("cert.pem"))
    before = {name: site.content(name) for name in ALL_FILES}
    site.options["layout"] = "linked"
    issued = site.issue(site.prepare(is_due=True)["public_key"])
    assert site.install(issued)["is_deployed"]
    assert site.record()["previous"] == "0000-adopted"
    assert site.acknowledge("previous")["is_changed"]
    assert {name: site.content(name) for name in ALL_FILES} == before
    assert site.mode("key.pem") == 0o600


def test_a_path_that_was_not_there_before_goes_when_it_is_switched_back(site: Site) -> None:
    site.options["layout"] = "linked"
    site.put()
    assert sorted(links(site)) == ALL_FILES
    changed = linked.switch_back(site.store, site.wanted, "")
    assert sorted(changed) == [f"{site.folder}/{name}" for name in ALL_FILES]
    assert (site.names(), linked.live_version(site.store)) == ([], "")


def test_a_path_that_is_gone_is_linked_again_when_it_is_switched_back(linked_site: Site) -> None:
    live = linked_site.record()["live"]
    chain = linked_site.content("chain.pem")
    linked_site.put()
    (linked_site.folder / "chain.pem").unlink()
    linked_site.acknowledge("previous")
    assert (linked.live_version(linked_site.store), linked_site.content("chain.pem")) == (
        live,
        chain,
    )


def test_what_is_gone_is_not_switched_back_to(linked_site: Site) -> None:
    before = links(linked_site)
    with pytest.raises(AtlasError) as caught:
        linked.switch_back(linked_site.store, linked_site.wanted, "0009-AA")
    assert caught.value.message == (
        f"{linked_site.store.versions}/0009-AA: what was there before is gone, nothing was"
        " switched back."
    )
    assert links(linked_site) == before


def test_whether_there_was_anything_before(site: Site) -> None:
    assert linked.has_previous(site.store, "0001-AA") is True
    assert linked.has_previous(site.store, "") is False


def test_a_link_that_the_task_names_no_more_becomes_a_file(linked_site: Site) -> None:
    content = linked_site.content("chain.pem")
    linked_site.options["chain_path"] = None
    linked_site.put()
    path = linked_site.folder / "chain.pem"
    assert (path.is_symlink(), path.read_text()) == (False, content)
    assert sorted(links(linked_site)) == ["cert.pem", "fullchain.pem", "key.pem"]


def test_nothing_is_left_of_links_once_no_path_is_one(linked_site: Site) -> None:
    store = linked_site.store
    linked.leave(store, linked_site.wanted)
    assert sorted(links(linked_site)) == ALL_FILES
    for name in ALL_FILES:
        path = linked_site.folder / name
        content = path.read_text()
        path.unlink()
        path.write_text(content)
    linked.leave(store, linked_site.wanted)
    assert not os.path.lexists(store.live_link)
    (version,) = os.listdir(store.versions)
    assert not (Path(store.versions) / version / "out").exists()
    linked.leave(store, linked_site.wanted)


def test_a_file_for_which_there_is_nothing_goes(linked_site: Site) -> None:
    found = look(linked_site.wanted)
    assert found.material is not None
    version = linked_site.record()["live"]
    os.unlink(f"{linked_site.store.versions}/{version}/out/chain.pem")
    direct = replace(found.material, issuers=())
    changed = linked.switch(linked_site.store, linked_site.wanted, direct, version)
    assert f"{linked_site.folder}/chain.pem" in changed
    assert not os.path.lexists(linked_site.folder / "chain.pem")


def test_a_link_that_cannot_be_made_is_told(linked_site: Site) -> None:
    path = linked_site.folder / "chain.pem"
    path.unlink()
    path.mkdir()
    found = look(replace(linked_site.wanted, targets=linked_site.wanted.targets[:1]))
    assert found.material is not None
    with pytest.raises(AtlasError, match=f"{path}: cannot be made a link: is a directory"):
        linked.switch(
            linked_site.store, linked_site.wanted, found.material, linked_site.record()["live"]
        )
    assert [name for name in os.listdir(linked_site.folder) if ".atlas-" in name] == []
