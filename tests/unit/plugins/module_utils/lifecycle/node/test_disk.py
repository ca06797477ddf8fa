# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What lies at the paths of a certificate, and where a new file would land."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.files.folder import UnreadableError
from ansible_collections.globalsign.atlas.plugins.module_utils.files.ownership import Attributes
from ansible_collections.globalsign.atlas.plugins.module_utils.files.places import NoFolderError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node import disk as module
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node import sets
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node.record import (
    SetFile,
    set_file,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.wanted import Target

from ..conftest import Site
from .setups import disk_of, record_path


def path(site: Site, name: str = "cert.pem") -> str:
    return f"{site.folder}/{name}"


@pytest.fixture
def linked_site(site: Site) -> Site:
    site.options["layout"] = "linked"
    site.deploy()
    return site


# Where a file is


def test_a_file_is_where_its_path_says(site: Site) -> None:
    with disk_of(site) as disk:
        place = disk.place(path(site))
        assert (place.path, disk.place(path(site))) == (path(site), place)
        assert disk.places_on_the_way(path(site)) == [place]


def test_a_link_of_the_user_is_followed(site: Site, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (site.folder / "cert.pem").symlink_to("../elsewhere/real.pem")
    real = f"{tmp_path}/elsewhere/real.pem"
    with disk_of(site) as disk:
        assert disk.place(path(site)).path == real
        assert [place.path for place in disk.places_on_the_way(path(site))] == [real, path(site)]
        assert not disk.is_unfollowed(path(site))
        assert (disk.read(path(site)), disk.exists(path(site))) == (None, False)
        Path(real).write_text("real")
        assert (disk.read(path(site)), disk.exists(path(site))) == (b"real", True)


def test_a_link_of_the_user_is_not_followed_if_the_task_says_so(site: Site) -> None:
    site.options["follow"] = False
    with disk_of(site) as disk:
        (site.folder / "cert.pem").symlink_to("real.pem")
        assert disk.place(path(site)).path == path(site)
        assert disk.is_unfollowed(path(site))
        assert not disk.is_unfollowed(path(site, "key.pem"))
        assert disk.exists(path(site))
        with pytest.raises(UnreadableError):
            disk.read(path(site))


def test_a_link_that_others_could_have_made_is_refused(site: Site) -> None:
    site.folder.chmod(0o777)
    (site.folder / "cert.pem").symlink_to("/etc/passwd")
    with disk_of(site) as disk, pytest.raises(AtlasError, match="is a symbolic link that"):
        disk.place(path(site))


def test_a_folder_that_does_not_exist_holds_nothing(site: Site) -> None:
    absent = f"{site.folder}/absent/cert.pem"
    with disk_of(site) as disk:
        with pytest.raises(NoFolderError):
            disk.place(absent)
        assert (disk.read(absent), disk.stat(absent), disk.exists(absent)) == (None, None, False)
        assert (disk.link(absent), disk.places_on_the_way(absent)) == (None, [])
        assert not disk.is_protected(absent)
        assert disk.is_as(absent, SetFile(is_there=False))
        assert not disk.is_as(absent, set_file(b"", None, None, 0o644))


@pytest.mark.parametrize("mode", [0o755, 0o777, 0o1777])
def test_whether_others_could_have_put_something_there(site: Site, mode: int) -> None:
    with disk_of(site) as disk:
        assert disk.is_protected(path(site))
    site.folder.chmod(mode)
    with disk_of(site) as disk:
        assert disk.is_protected(path(site)) is (mode == 0o755)


# Links of the layout


def test_links_of_the_layout_are_what_lies_there(linked_site: Site) -> None:
    name = sets.file_name(path(linked_site))
    with disk_of(linked_site) as disk:
        assert disk.link(path(linked_site)) == name
        assert disk.place(path(linked_site)).path == path(linked_site)
        assert not disk.is_unfollowed(path(linked_site))
        assert disk.read(path(linked_site)) == linked_site.content("cert.pem").encode()
        status = disk.stat(path(linked_site))
        assert status is not None
        assert status.st_ino == os.stat(path(linked_site)).st_ino
        assert len(disk.places_on_the_way(path(linked_site))) == 1


def test_links_of_the_layout_are_known_by_whatever_path(linked_site: Site, tmp_path: Path) -> None:
    (tmp_path / "aside").symlink_to(linked_site.folder)
    with disk_of(linked_site) as disk:
        through = f"{tmp_path}/aside/cert.pem"
        assert disk.link(through) == sets.file_name(path(linked_site))
        assert disk.read(through) == disk.read(path(linked_site))


def test_a_link_to_a_link_of_the_layout_leads_to_that_one(
    linked_site: Site, tmp_path: Path
) -> None:
    (tmp_path / "copy.pem").symlink_to(path(linked_site))
    with disk_of(linked_site) as disk:
        copy = f"{tmp_path}/copy.pem"
        assert disk.place(copy).path == path(linked_site)
        assert disk.read(copy) == linked_site.content("cert.pem").encode()
        places = [place.path for place in disk.places_on_the_way(copy)]
        assert places == [path(linked_site), copy]


@pytest.mark.parametrize("case", ["beside it", "below it", "of another"])
def test_other_links_into_records_are_none_of_the_layout(linked_site: Site, case: str) -> None:
    own = record_path(linked_site).with_suffix("")
    text = {
        "beside it": f"../state/{own.name}/dead/x",
        "below it": f"../state/{own.name}/live/x/y",
        "of another": "../state/other/live/x",
    }[case]
    (linked_site.folder / "other.pem").symlink_to(text)
    linked_site.options["follow"] = False
    with disk_of(linked_site) as disk:
        assert disk.link(path(linked_site, "other.pem")) is None


def test_without_a_record_no_link_is_one_of_the_layout(linked_site: Site) -> None:
    record_path(linked_site).unlink()
    with disk_of(linked_site) as disk:
        assert disk.link(path(linked_site)) is None
        assert disk.read(path(linked_site)) == linked_site.content("cert.pem").encode()


@pytest.mark.parametrize("what", ["live", "set", "file", "all"])
def test_links_that_lead_to_nothing_are_there_and_hold_nothing(
    linked_site: Site, what: str
) -> None:
    own = record_path(linked_site).with_suffix("")
    real = Path(os.path.realpath(path(linked_site)))
    if what == "live":
        (own / "live").unlink()
    elif what == "set":
        real.parent.rename(own / "aside")
    elif what == "file":
        real.unlink()
    else:
        own.rename(own.with_name("aside"))
    with disk_of(linked_site) as disk:
        assert disk.link(path(linked_site)) is not None
        assert (disk.read(path(linked_site)), disk.stat(path(linked_site))) == (None, None)
        assert disk.exists(path(linked_site))
        assert not disk.is_as(path(linked_site), SetFile(is_there=False))


def test_the_way_leads_nowhere_else(linked_site: Site, tmp_path: Path) -> None:
    """Only root could have done that; still nothing outside is read."""
    live = record_path(linked_site).with_suffix("") / "live"
    (tmp_path / sets.file_name(path(linked_site))).write_text("outside")
    live.unlink()
    live.symlink_to(tmp_path)
    with disk_of(linked_site) as disk:
        assert disk.read(path(linked_site)) is None


# What is compared


def test_whether_a_file_is_as_a_set_has_it(site: Site) -> None:
    (site.folder / "cert.pem").write_text("content")
    (site.folder / "cert.pem").chmod(0o640)
    status = (site.folder / "cert.pem").stat()
    right = set_file(b"content", status.st_uid, status.st_gid, 0o640)
    with disk_of(site) as disk:
        assert disk.is_as(path(site), right)
        assert disk.is_as(path(site), replace(right, owner=None, group=None))
        assert not disk.is_as(path(site), set_file(b"other", None, None, 0o640))
        assert not disk.is_as(path(site), replace(right, mode=0o644))
        assert not disk.is_as(path(site), replace(right, owner=status.st_uid + 1))
        assert not disk.is_as(path(site), replace(right, group=status.st_gid + 1))
        assert not disk.is_as(path(site), SetFile(is_there=False))
        assert not disk.is_as(path(site, "absent"), right)
        assert disk.is_as(path(site, "absent"), SetFile(is_there=False))


@pytest.mark.parametrize("kind", ["a pipe", "a folder", "a link"])
def test_what_is_no_file_is_never_as_it_should_be(site: Site, kind: str) -> None:
    site.options["follow"] = False
    with disk_of(site) as disk:
        if kind == "a pipe":
            os.mkfifo(path(site))
        elif kind == "a folder":
            os.mkdir(path(site))
        else:
            os.symlink("nowhere", path(site))
        assert not disk.is_as(path(site), set_file(b"content", None, None, 0o644))
        assert not disk.is_as(path(site), SetFile(is_there=False))


def test_attributes() -> None:
    target = Target("path", "/a", [], owner="o", group="g", mode=0o640)
    assert module.attributes_of(target) == Attributes("o", "g", 0o640)
    assert module.attributes_of_file(set_file(b"", 1, 2, 0o640)) == Attributes("1", "2", 0o640)
    assert module.attributes_of_file(SetFile(is_there=False)) == Attributes(None, None, 0o644)
