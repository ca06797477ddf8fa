# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the record names no more is cleared away."""

from __future__ import annotations

import os
from pathlib import Path

from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node.housekeeping import (
    superseded_key,
    tidy,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node.state import (
    Attempt,
    Installing,
    State,
)

from ..conftest import Site


def test_old_keys_do_not_stay(site: Site) -> None:
    for _time in range(3):
        site.deploy()
    assert list((site.folder / ".atlas").rglob("*key*")) == []


def fill(site: Site) -> Path:
    """A store with much in it; its folder."""
    store = site.store
    with store.locked():
        for serial in ("AA", "BB", "CC"):
            store.write_private(superseded_key(store, serial), b"key")
        for name in ("0001-AA", "0002-BB", "0003-CC"):
            os.makedirs(f"{store.versions}/{name}")
            os.makedirs(f"{store.previous}/{name}")
        Path(store.staged_key).write_text("key")
    return Path(store.folder)


def left(folder: Path) -> list[str]:
    found = [*folder.glob("versions/*"), *folder.glob("private/*/*"), *folder.glob("private/*.pem")]
    return sorted(str(path.relative_to(folder)) for path in found)


def attempt() -> Attempt:
    return Attempt("a", 0, 0, "m", "c", "staged", {}, 0, [], None)


def test_nothing_that_is_named_goes(site: Site) -> None:
    folder = fill(site)
    state = State(
        attempt=attempt(),
        live="0001-AA",
        previous="0002-BB",
        installing=Installing("0003-CC", "0001-AA", "plain", "BB"),
        superseded=["AA"],
    )
    tidy(site.wanted, site.store, state)
    assert left(folder) == [
        "private/key.pem",
        "private/previous/0001-AA",
        "private/previous/0002-BB",
        "private/superseded/AA.pem",
        "private/superseded/BB.pem",
        "versions/0001-AA",
        "versions/0002-BB",
        "versions/0003-CC",
    ]


def test_all_that_is_not_named_goes(site: Site) -> None:
    folder = fill(site)
    tidy(site.wanted, site.store, State(live="0003-CC"))
    assert left(folder) == ["versions/0003-CC"]


def test_what_is_live_stays_while_links_lead_there(site: Site) -> None:
    site.options["layout"] = "linked"
    site.put()
    (live,) = os.listdir(site.store.versions)
    tidy(site.wanted, site.store, State())
    assert os.listdir(site.store.versions) == [live]
    assert site.content("cert.pem")


def test_versions_are_backups_in_the_layout_linked_only(site: Site) -> None:
    site.options["backup"] = True
    folder = fill(site)
    tidy(site.wanted, site.store, State(live="0003-CC"))
    assert left(folder) == ["versions/0003-CC"]
    site.options["layout"] = "linked"
    fill_again = fill_versions(folder)
    tidy(site.wanted, site.store, State(live="0003-CC"))
    assert left(folder) == fill_again


def fill_versions(folder: Path) -> list[str]:
    for name in ("0001-AA", "0002-BB"):
        (folder / "versions" / name).mkdir()
    return [f"versions/{name}" for name in ("0001-AA", "0002-BB", "0003-CC")]
