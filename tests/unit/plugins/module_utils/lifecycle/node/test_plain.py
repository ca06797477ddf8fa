# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The layout plain: files at their own paths."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node import files, plain
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node.look import look
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.wanted import Target

from ..conftest import ALL_FILES, Site


def test_a_mode_is_repaired_without_a_new_certificate(site: Site) -> None:
    site.deploy()
    (site.folder / "key.pem").chmod(0o644)
    found = site.inspect()
    assert found["repairs"] == [f"{site.folder}/key.pem: mode 0644, not 0600"]
    assert site.install("", action="mend")["changed_files"] == [f"{site.folder}/key.pem"]
    assert site.mode("key.pem") == 0o600


def test_a_new_mode_applies_to_new_files(site: Site) -> None:
    site.options = {"mode": "0640", "privatekey_mode": "0640"}
    site.deploy()
    assert [site.mode(name) for name in ALL_FILES] == [0o640] * 4


def test_a_symbolic_link_is_kept_and_its_target_replaced(site: Site, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (site.folder / "cert.pem").symlink_to(elsewhere / "real.pem")
    site.deploy()
    assert (site.folder / "cert.pem").is_symlink()
    assert (elsewhere / "real.pem").read_text() == site.content("cert.pem")
    assert os.listdir(elsewhere) == ["real.pem"]


def test_no_file_is_renamed_before_all_are_written(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued = site.issue(site.prepare()["public_key"])
    order: list[str] = []
    write, rename = files.Replacement._write, os.replace
    monkeypatch.setattr(
        files.Replacement,
        "_write",
        lambda self, *rest: (order.append("write"), write(self, *rest))[1],
    )
    monkeypatch.setattr(
        files.os,
        "replace",
        lambda a, b, **more: (order.append(os.path.basename(b)), rename(a, b, **more))[1],
    )
    site.install(issued)
    last_write = len(order) - 1 - order[::-1].index("write", order[::-1].index("key.pem"))
    assert order[last_write + 1 :][:4] == ["chain.pem", "cert.pem", "fullchain.pem", "key.pem"]


def test_the_private_key_is_renamed_last() -> None:
    contents = {
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
        for name, contains in contents.items()
    ]
    assert [target.path for target in plain.in_order(targets)] == [
        "chain",
        "root",
        "keyandchain",
        "p12",
        "both",
        "cert",
        "full",
        "key",
    ]


def test_attributes_come_from_the_task() -> None:
    target = Target("path", "/a", [], owner="o", group="g", mode=0o640)
    assert plain.attributes_of(target) == files.Attributes("o", "g", 0o640)


def linked_site(site: Site) -> Site:
    site.options["layout"] = "linked"
    site.deploy()
    return site


def test_its_own_links_are_known(site: Site, tmp_path: Path) -> None:
    linked_site(site)
    path = site.folder / "cert.pem"
    assert plain.is_own_link(site.store, str(path))
    assert plain.place_of(site.store, str(path)) == str(path)
    (tmp_path / "aside").symlink_to(site.folder)
    through = str(tmp_path / "aside/cert.pem")
    assert plain.is_own_link(site.store, through)
    assert plain.place_of(site.store, through) == str(path)
    (tmp_path / "copy.pem").symlink_to(path)
    assert not plain.is_own_link(site.store, str(tmp_path / "copy.pem"))
    assert plain.place_of(site.store, str(tmp_path / "copy.pem")) == os.path.realpath(path)
    (tmp_path / "dead.pem").symlink_to(".atlas/cert.pem/dead/cert.pem")
    (tmp_path / "other.pem").symlink_to(".atlas/other.pem/live/cert.pem")
    (tmp_path / "real.pem").write_text("")
    for name in ("dead.pem", "other.pem", "real.pem", "absent.pem"):
        assert not plain.is_own_link(site.store, str(tmp_path / name))


def difference(site: Site, name: str) -> str:
    found = look(site.wanted)
    assert found.material is not None
    told = dict(plain.differences(site.store, site.wanted, found.material))
    return told.get(f"{site.folder}/{name}", "")


def test_what_differs_is_told_in_words(site: Site) -> None:
    site.deploy()
    assert [difference(site, name) for name in ALL_FILES] == [""] * 4
    (site.folder / "chain.pem").unlink()
    assert difference(site, "chain.pem") == "missing"
    (site.folder / "chain.pem").symlink_to("nowhere")
    assert difference(site, "chain.pem") == "not as it should be"
    (site.folder / "chain.pem").unlink()
    (site.folder / "chain.pem").write_text("x")
    assert difference(site, "chain.pem") == "not as it should be"
    (site.folder / "key.pem").chmod(0o644)
    assert difference(site, "key.pem") == "mode 0644, not 0600"
    linked_site(site)
    assert difference(site, "cert.pem") == "a link of the layout linked"


def kept(site: Site) -> tuple[str, list[dict[str, Any]]]:
    name = plain.keep(site.store, site.wanted, "0009-AA", "BB")
    path = Path(site.store.previous) / name / "meta.json"
    return name, json.loads(path.read_text())


def test_what_is_there_is_kept_with_its_attributes(site: Site) -> None:
    site.deploy()
    (site.folder / "chain.pem").unlink()
    (site.folder / "key.pem").chmod(0o640)
    name, entries = kept(site)
    own = {"owner": os.geteuid(), "group": os.stat(site.folder / "key.pem").st_gid}
    assert name == "0009-BB"
    assert entries == [
        {"path": place, "place": place, "there": True, **own, "mode": 0o644}
        for place in (f"{site.folder}/cert.pem", f"{site.folder}/fullchain.pem")
    ] + [
        {"path": f"{site.folder}/chain.pem", "place": f"{site.folder}/chain.pem", "there": False},
        {
            "path": f"{site.folder}/key.pem",
            "place": f"{site.folder}/key.pem",
            "there": True,
            **own,
            "mode": 0o640,
        },
    ]
    folder = Path(site.store.previous) / name
    assert sorted(os.listdir(folder)) == ["0", "1", "3", "meta.json"]
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert (folder / "3").read_text() == site.content("key.pem")
    assert plain.keep(site.store, site.wanted, "0010-AA", "") == "0010-none"


def test_what_was_kept_is_put_back_as_it_was(site: Site) -> None:
    site.deploy()
    (site.folder / "key.pem").chmod(0o640)
    (site.folder / "chain.pem").unlink()
    (site.folder / "cert.pem").write_text("# odd")
    before = {name: site.content(name) for name in site.names()}
    name, _entries = kept(site)
    for path in ALL_FILES:
        (site.folder / path).write_text("new")
    (site.folder / "key.pem").chmod(0o600)
    changed = plain.switch_back(site.store, site.wanted, name)
    assert {path: site.content(path) for path in site.names()} == before
    assert site.mode("key.pem") == 0o640
    assert sorted(changed) == [f"{site.folder}/{path}" for path in ALL_FILES]
    assert changed[-1] == f"{site.folder}/key.pem"


def test_a_file_that_the_task_names_no_more_is_left_alone(site: Site) -> None:
    site.deploy()
    name, _entries = kept(site)
    (site.folder / "chain.pem").write_text("new")
    wanted = replace(site.wanted, targets=site.wanted.targets[:1])
    assert plain.switch_back(site.store, wanted, name) == [f"{site.folder}/cert.pem"]
    assert site.content("chain.pem") == "new"


def test_other_files_altogether_are_not_switched_back(site: Site) -> None:
    site.deploy()
    name, _entries = kept(site)
    folder = f"{site.store.previous}/{name}"
    target = replace(site.wanted.targets[0], path=f"{site.folder}/other.pem")
    with pytest.raises(AtlasError) as caught:
        plain.switch_back(site.store, replace(site.wanted, targets=[target]), name)
    there = ", ".join(f"{site.folder}/{path}" for path in ALL_FILES)
    assert caught.value.message == (
        f"{folder} has what was there before at {there}, and the task names other files now;"
        " nothing was switched back."
    )
    with pytest.raises(AtlasError) as caught:
        plain.switch_back(site.store, site.wanted, "0001-none-such")
    assert caught.value.message == (
        f"{site.store.previous}/0001-none-such: what was there before is gone, nothing was"
        " switched back."
    )


def test_a_link_that_led_to_nothing_stays_when_it_is_switched_back(site: Site) -> None:
    elsewhere = site.folder / "elsewhere"
    elsewhere.mkdir()
    (site.folder / "cert.pem").symlink_to(elsewhere / "real.pem")
    site.prepare()
    name, _entries = kept(site)
    (elsewhere / "real.pem").write_text("new")
    plain.switch_back(site.store, site.wanted, name)
    assert os.listdir(elsewhere) == []
    assert (site.folder / "cert.pem").is_symlink()


@pytest.mark.parametrize("deploys", [True, False])
def test_whether_there_was_anything_before(site: Site, deploys: bool) -> None:
    if deploys:
        site.deploy()
    else:
        site.prepare()
    name, _entries = kept(site)
    assert plain.has_previous(site.store, name) is deploys
    assert plain.has_previous(site.store, "none such") is False


def test_only_what_differs_is_written(site: Site) -> None:
    site.deploy()
    found = look(site.wanted)
    assert found.material is not None
    assert plain.switch(site.store, site.wanted, found.material, "") == []
    (site.folder / "cert.pem").write_text("x")
    (site.folder / "key.pem").chmod(0o644)
    assert plain.switch(site.store, site.wanted, found.material, "") == [
        f"{site.folder}/cert.pem",
        f"{site.folder}/key.pem",
    ]
    assert site.mode("key.pem") == 0o600


def test_a_file_for_which_there_is_nothing_goes(site: Site) -> None:
    site.deploy()
    found = look(site.wanted)
    assert found.material is not None
    direct = replace(found.material, issuers=())
    changed = plain.switch(site.store, site.wanted, direct, "")
    assert changed == [f"{site.folder}/chain.pem", f"{site.folder}/fullchain.pem"]
    assert site.names() == ["cert.pem", "fullchain.pem", "key.pem"]
    assert plain.switch(site.store, site.wanted, direct, "") == []


def test_a_write_that_fails_changes_no_file(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.deploy()
    found = look(site.wanted)
    assert found.material is not None
    for name in ALL_FILES:
        (site.folder / name).write_text("old")
    target = replace(site.wanted.targets[-1], owner="no-such-user")
    wanted = replace(site.wanted, targets=[*site.wanted.targets[:-1], target])
    with pytest.raises(AtlasError, match="there is no user 'no-such-user'"):
        plain.switch(site.store, wanted, found.material, "")
    assert {name: site.content(name) for name in site.names()} == dict.fromkeys(ALL_FILES, "old")


def test_what_is_needed_no_more_goes_and_backups_stay(site: Site) -> None:
    for name in ("0001-AA", "0002-BB", "0003-CC"):
        os.makedirs(f"{site.store.previous}/{name}")
    plain.prune(site.store, {"0002-BB", "0003-CC"})
    assert sorted(os.listdir(site.store.previous)) == ["0002-BB", "0003-CC"]
    plain.back_up(site.store, "0002-BB", 0)
    assert not os.path.exists(site.store.history)
    plain.back_up(site.store, "0002-BB", 1)
    assert os.listdir(site.store.history) == ["0002-BB"]
    plain.back_up(site.store, "0003-CC", 1)
    assert os.listdir(site.store.history) == ["0003-CC"]
    plain.back_up(site.store, "none such", 1)
    assert os.listdir(site.store.history) == ["0003-CC"]
    plain.back_up(site.store, "none such", 0)
    assert os.listdir(site.store.history) == []
    assert os.listdir(site.store.previous) == []
