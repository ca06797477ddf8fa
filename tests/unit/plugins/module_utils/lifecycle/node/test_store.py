# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The folder of records: where it is, who could change it, who may be in it."""

from __future__ import annotations

import fcntl
import json
import os
import pwd
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.files.phases import alone
from ansible_collections.globalsign.atlas.plugins.module_utils.files.places import (
    Places,
    open_folder,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node.record import Record
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node.store import (
    Store,
    Stores,
    default_state_folder,
)

from ..conftest import ALL_FILES, Site
from .setups import record_path

RECORD = Record(orphans=["0A"])


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    (tmp_path / "state").mkdir(0o711)
    with open_folder(str(tmp_path / "state")) as folder:
        yield Store(str(tmp_path / "state"), folder, "name")


def write(store: Store, record: Record = RECORD) -> None:
    def work() -> Any:
        yield [store.draft(record)]

    alone(work())


# What is written and read


def test_what_is_written_is_read_again(store: Store, tmp_path: Path) -> None:
    assert (store.exists, store.read()) == (False, Record())
    write(store)
    assert (store.exists, store.read()) == (True, RECORD)
    assert os.listdir(tmp_path / "state") == ["name.json"]
    assert mode(tmp_path / "state/name.json") == 0o600


def test_where_things_are(store: Store, tmp_path: Path) -> None:
    assert store.file == f"{tmp_path}/state/name.json"
    assert store.live == f"{tmp_path}/state/name/live"
    assert store.folder.path == f"{tmp_path}/state"


def test_a_store_without_a_folder_holds_nothing() -> None:
    store = Store("/absent", None, "name")
    assert (store.exists, store.read(), store.sets_if_any()) == (False, Record(), None)
    with pytest.raises(AtlasError, match=r"^/absent does not exist\.$"):
        _folder = store.folder


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no JSON", "is damaged"),
        (b"\xff", "is damaged"),
        (b"[]", "is damaged"),
        (b'{"version": 1}', "is damaged"),
        (
            b'{"version": 2}',
            "was written by another release of this collection (version 2, not 1)",
        ),
    ],
)
def test_a_record_that_cannot_be_understood_is_reported(
    store: Store, tmp_path: Path, content: bytes, said: str
) -> None:
    (tmp_path / "state/name.json").write_bytes(content)
    with pytest.raises(AtlasError) as caught:
        store.read()
    assert caught.value.message == (
        f"{tmp_path}/state/name.json {said}. It records which certificates were requested, and"
        " holds their keys; look at it, and move it away if nothing in it is needed."
    )


def test_a_record_that_cannot_be_read_is_reported(store: Store, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "state/name.json")
    with pytest.raises(AtlasError) as caught:
        store.read()
    assert caught.value.message == f"{tmp_path}/state/name.json is not a regular file."


@pytest.mark.parametrize("step", ["inspect", "prepare", "acknowledge"])
def test_a_damaged_record_stops_every_step(site: Site, step: str) -> None:
    site.deploy()
    record_path(site).write_text("{")
    answer = site.acknowledge() if step == "acknowledge" else getattr(site, step)()
    assert answer["obstacle"].startswith(f"{record_path(site)} is damaged. It records")
    assert record_path(site).read_text() == "{"


# Which record it is


def of(site: Site, makes: bool = True) -> tuple[str, str]:
    """Where what is recorded of a site lies, and under which name."""
    with Stores(makes) as stores, Places() as places:
        store = stores.of(site.wanted, places)
        return store.path, store.name


def test_a_record_has_the_name_of_a_file_and_a_hash_of_its_path(site: Site) -> None:
    path, name = of(site)
    assert path == str(site.state)
    assert re.fullmatch(r"site-cert\.pem-[0-9a-f]{16}", name)


def test_a_name_has_nothing_unusual_in_it(site: Site) -> None:
    site.options["path"] = str(site.folder / f"-ä  /*{'x' * 100}")
    name = of(site)[1]
    assert re.fullmatch(r"x{60}-[0-9a-f]{16}", name)
    site.options["path"] = str(site.folder / "ä.-")
    assert re.fullmatch(r"site-[0-9a-f]{16}", of(site)[1].replace("site--", "site-"))


def test_a_file_has_the_same_record_by_whatever_path(site: Site, tmp_path: Path) -> None:
    expected = of(site)
    (tmp_path / "aside").symlink_to(site.folder)
    site.options["path"] = str(tmp_path / "aside/cert.pem")
    assert of(site) == expected


def test_two_files_of_the_same_name_have_two_records(site: Site, tmp_path: Path) -> None:
    first = of(site)
    (tmp_path / "other/site").mkdir(parents=True)
    site.folder = tmp_path / "other/site"
    assert of(site)[1].rpartition("-")[0] == first[1].rpartition("-")[0]
    assert of(site) != first


def test_a_folder_that_does_not_exist_yet_has_the_name_that_it_will_have(site: Site) -> None:
    site.folder = site.folder / "absent"
    before = of(site)
    site.folder.mkdir()
    assert of(site) == before


def test_the_first_file_with_a_record_counts(site: Site) -> None:
    site.deploy()
    (recorded,) = (path.stem for path in site.state.glob("*.json"))
    site.options["path"] = None
    assert of(site)[1] != recorded
    fullchain = of(site)[1]
    site.options = {"path": str(site.folder / "new.pem")}
    site.options["files"] = [{"path": f"{site.folder}/cert.pem", "contains": ["certificate"]}]
    assert of(site)[1] == recorded
    (site.state / f"{fullchain}.json").write_text("{}")
    assert of(site)[1] == fullchain


def test_without_files_it_is_known_by_its_names(site: Site, private_key: Any) -> None:
    site.options = {
        **dict.fromkeys(("path", "fullchain_path", "chain_path", "privatekey_path")),
        "csr_path": "/a",
        "state_dir": str(site.folder),
    }
    path, name = of(site)
    assert path == str(site.folder)
    assert re.fullmatch(r"www\.example\.com-[0-9a-f]{16}", name)
    site.options["csr_path"] = "/b"
    assert of(site)[1] != name


def test_a_folder_of_records_that_the_task_names(site: Site, tmp_path: Path) -> None:
    site.options["state_dir"] = str(tmp_path / "mine")
    site.deploy()
    assert not site.state.exists()
    assert [path.name for path in (tmp_path / "mine").glob("*.json")] == [f"{of(site)[1]}.json"]


# Who could change it


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_the_folder_of_records_is_made_with_its_mode(
    site: Site, tmp_path: Path, umask: int
) -> None:
    site.options["state_dir"] = str(tmp_path / "a/b/state")
    site.options["layout"] = "linked"
    before = os.umask(umask)
    try:
        site.deploy()
    finally:
        os.umask(before)
    assert [mode(tmp_path / name) for name in ("a", "a/b", "a/b/state")] == [0o755, 0o755, 0o711]
    (record,) = (tmp_path / "a/b/state").glob("*.json")
    assert mode(record) == 0o600
    sets = record.with_suffix("")
    assert mode(sets) == 0o711
    assert [mode(path) for path in sets.iterdir() if not path.is_symlink()] == [0o711]
    assert [site.mode(name) for name in ALL_FILES] == [0o644, 0o644, 0o644, 0o600]


def test_inspecting_makes_no_folder_of_records(site: Site) -> None:
    site.inspect()
    site.acknowledge()
    site.acknowledge("previous")
    site.acknowledge("prove")
    assert not site.state.exists()


@pytest.mark.parametrize(("which", "bits"), [("state", 0o713), ("", 0o713), ("state", 0o1713)])
def test_records_lie_only_where_nobody_else_can_exchange_them(
    site: Site, tmp_path: Path, which: str, bits: int
) -> None:
    (tmp_path / "outer/state").mkdir(parents=True)
    state = tmp_path / "outer/state"
    weak = tmp_path / "outer" / which
    weak.chmod(bits)
    site.options["state_dir"] = str(state)
    weak = Path(os.path.normpath(weak))
    who = f"root and the user {os.geteuid()}" if os.geteuid() else "root"
    for answer in (site.inspect(), site.prepare()):
        assert answer["obstacle"] == (
            f"state_dir: {state} is not a safe place for records and private keys: others than"
            f" {who} can exchange what lies in {weak}; name a folder that nobody else can write to,"
            " on the whole way to it."
        )
    assert os.listdir(state) == []


def test_where_records_lie_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert default_state_folder() == "/var/lib/globalsign-atlas"
    user = pwd.struct_passwd(("a", "x", 4343, 4343, "", "/home/a", ""))
    monkeypatch.setattr(os, "geteuid", lambda: 4343)
    monkeypatch.setattr(pwd, "getpwuid", {4343: user}.__getitem__)
    assert default_state_folder() == "/home/a/.local/state/globalsign-atlas"
    monkeypatch.setattr(os, "geteuid", lambda: 4344)
    with pytest.raises(AtlasError) as caught:
        default_state_folder()
    assert caught.value.message == (
        "state_dir is not set, and the user 4344 has no home folder to keep records in; name a"
        " folder of this user's."
    )


# One at a time


def test_one_call_at_a_time(store: Store, tmp_path: Path) -> None:
    write(store)
    with store.locked():
        with open(tmp_path / "state/name.lock", "rb") as other, pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        assert mode(tmp_path / "state/name.lock") == 0o600
    with open(tmp_path / "state/name.lock", "rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_the_lock_goes_where_nothing_was_recorded(store: Store, tmp_path: Path) -> None:
    with store.locked():
        assert os.listdir(tmp_path / "state") == ["name.lock"]
    assert os.listdir(tmp_path / "state") == []
    with pytest.raises(ValueError, match="x"), store.locked():
        raise ValueError("x")
    assert os.listdir(tmp_path / "state") == []


def test_whoever_comes_when_all_is_forgotten_waits(store: Store, tmp_path: Path) -> None:
    """Two that hold different files under the name of one lock would not know of each other."""
    write(store)
    with store.locked():
        store.forget()
        with open(tmp_path / "state/name.lock", "rb") as other, pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_all_that_is_recorded_is_forgotten(store: Store, tmp_path: Path) -> None:
    write(store)
    (tmp_path / "state/other.json").write_text("")
    with store.locked(), store.sets() as sets, sets.make("0001-0A", 0o711):
        store.forget()
    assert os.listdir(tmp_path / "state") == ["other.json"]


def test_an_empty_record_of_a_refused_request_is_none(site: Site) -> None:
    site.prepare()
    assert site.install("", action="close")["obstacle"] == ""
    assert os.listdir(site.state) == []
    site.deploy()
    site.prepare(is_due=True)
    site.install("", action="close")
    assert len(list(site.state.glob("*.json"))) == 1


def test_a_record_is_replaced_durably(site: Site, made_durable: list[tuple[str, str]]) -> None:
    site.prepare()
    name = of(site)[1]
    assert made_durable == [
        ("synced", str(site.state.parent)),
        ("synced", f"{site.state}/.{name}.json.atlas-new"),
        ("renamed", f"{name}.json"),
        ("synced", str(site.state)),
    ]


def test_a_link_in_the_place_of_a_record_is_not_followed(site: Site, tmp_path: Path) -> None:
    site.deploy()
    aside = tmp_path / "aside.json"
    record_path(site).rename(aside)
    path, name = of(site)
    os.symlink(aside, f"{path}/{name}.json")
    assert site.inspect()["obstacle"] == (
        f"{path}/{name}.json is a symbolic link that is not followed."
    )


def test_a_record_may_be_larger_than_the_files_that_it_holds(site: Site) -> None:
    """What was paid for is in it, so it is never too large to be read."""
    large = "# " + "x" * 1_000_000
    for name in ("cert.pem", "fullchain.pem", "chain.pem"):
        (site.folder / name).write_text(large)
    site.options["force"] = True
    new = site.put()
    assert record_path(site).stat().st_size > 4_000_000
    assert site.acknowledge("previous")["is_changed"]
    assert site.content("chain.pem") == large
    site.options["force"] = False
    assert site.install("", action="resume", attempt_id="")["obstacle"] == ""
    assert site.serial() == new


def test_a_record_is_written_in_few_words(site: Site) -> None:
    site.put()
    compact = json.dumps(site.record(), separators=(",", ":"))
    assert record_path(site).read_text() == compact
