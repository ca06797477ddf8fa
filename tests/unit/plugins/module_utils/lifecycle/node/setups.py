# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of the steps have in common: records as a cut-off call leaves them, and so on."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ansible_collections.globalsign.atlas.plugins.module_utils.files.places import Places
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.exchange import Removed
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node import steps
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node.disk import Disk
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node.look import (
    Found,
    look,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node.store import Stores
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import certificates, keys

from ..conftest import ALL_FILES, Site

LAYOUTS = ("plain", "linked")


def record_path(site: Site) -> Path:
    """Where the record is."""
    (path,) = site.state.glob("*.json")
    return path


def rewrite(site: Site, **members: Any) -> None:
    """Another record, as a call leaves it that is cut off."""
    record_path(site).write_text(json.dumps({**site.record(), **members}))


def deployed(site: Site) -> dict[str, Any]:
    """The set that is recorded to be in place."""
    record = site.record()
    held: dict[str, Any] = record["sets"][record["wanted_now"]]
    return held


def serials(site: Site) -> dict[str, str]:
    """What is recorded, by what it is for: the serial numbers of the sets."""
    record = site.record()
    named = {name: record[name] for name in ("confirmed", "wanted_now")}
    named["kept"] = record["kept"]["name"] if record["kept"] else ""
    return {
        what: (record["sets"][name]["facts"] or {}).get("serial_number", "") if name else ""
        for what, name in named.items()
    }


def contents(site: Site) -> dict[str, str]:
    """The four files."""
    return {name: site.content(name) for name in ALL_FILES}


def paths(site: Site, *names: str) -> list[str]:
    """Where files of the site are."""
    return [f"{site.folder}/{name}" for name in names]


def is_linked(site: Site) -> dict[str, bool]:
    """Which of the four paths are links."""
    return {name: (site.folder / name).is_symlink() for name in ALL_FILES}


def folders(site: Site) -> list[str]:
    """The folders of sets, with the link to one of them."""
    found = [path for path in site.state.iterdir() if path.is_dir()]
    return sorted(name for path in found for name in os.listdir(path))


def foreign(site: Site, key: Any) -> str:
    """A certificate that others obtained, with its key and its chain; its serial number."""
    leaf = site.hierarchy.issuing.issue(key.public_key(), ("www.example.com",))
    pem = certificates.certificate_pem(leaf)
    issuing = site.hierarchy.chain[0]
    files = {"cert.pem": pem, "fullchain.pem": pem + issuing, "chain.pem": issuing}
    for name, content in files.items():
        (site.folder / name).write_text(content)
    (site.folder / "key.pem").write_bytes(keys.private_key_pem(key))
    (site.folder / "key.pem").chmod(0o600)
    return certificates.serial_number(leaf)


def serial_of(issued: str) -> str:
    """The serial number of a certificate in PEM."""
    (leaf,) = certificates.load_certificates(issued.encode())
    return certificates.serial_number(leaf)


def another(site: Site, **changes: Any) -> str:
    """A certificate that is issued for a new request."""
    return site.issue(site.prepare(is_due=True, **changes)["public_key"])


def remove(site: Site, check_mode: bool = False, **changes: Any) -> dict[str, Any]:
    """What `state: absent` does."""
    order = {"removes_key": False, "now": 0, "breaks": "", **changes}
    item = {"wanted": site.wanted.on_wire(), **order}
    (answer,) = steps.run("remove", [item], [], check_mode)
    return {**vars(Removed()), **answer}


@contextlib.contextmanager
def looking(site: Site) -> Iterator[Found]:
    """What is found, while its folders are open."""
    with Stores(makes=True) as stores, Places() as places:
        yield look(site.wanted, stores.of(site.wanted, places), places)


@contextlib.contextmanager
def disk_of(site: Site) -> Iterator[Disk]:
    """What lies at the paths, while their folders are open."""
    with Stores(makes=True) as stores, Places() as places:
        wanted = site.wanted
        yield Disk(stores.of(wanted, places), places, wanted.follow)


def in_use(site: Site) -> list[str]:
    """The names of files that hold space."""
    places = [site.folder, site.state]
    return sorted(
        name
        for place in places
        if place.exists()
        for name in os.listdir(place)
        if name.endswith(".atlas-reserve")
    )


_CHANGING = ("mkdir", "replace", "rmdir", "symlink", "unlink")
_CUT_OFF = 99


def is_cut_off(change: int, act: Callable[[], object]) -> bool:
    """Do something in a process of its own that is gone before its `change`th change of the file
    system; whether that came to pass."""
    child = os.fork()
    if child == 0:
        try:
            _count(change)
            act()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == _CUT_OFF


def _count(most: int) -> None:
    left = [most]

    def counted(original: Any) -> Any:
        def call(*arguments: Any, **more: Any) -> Any:
            if left[0] == 0:
                os._exit(_CUT_OFF)
            result = original(*arguments, **more)  # what fails changes nothing
            left[0] -= 1
            return result

        return call

    for name in _CHANGING:
        setattr(os, name, counted(getattr(os, name)))
