# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that somebody put back by hand, and a key that clients pin."""

from __future__ import annotations

from pathlib import Path

import pytest
from simulator.conftest import Simulator

from .counting import bought, key_matches, serial_of, served, stated_for, statuses
from .whole_task import Tasks


@pytest.fixture
def tasks(service: Simulator, quick_path: Path) -> Tasks:
    return Tasks(service, quick_path, {"settle": 0})


@pytest.mark.parametrize("state", ["present", "confirmed"])
def test_what_is_served_is_not_revoked(service: Simulator, tasks: Tasks, state: str) -> None:
    """The new set is put in place again, or nothing is confirmed; no other one is bought."""
    stated = {**stated_for("back"), "revoke_superseded": True}
    old = serial_of(tasks.run(**stated))
    saved = {path: path.read_bytes() for path in tasks.folder.glob("*.pem")}
    new = serial_of(tasks.run(force=True, acknowledge="later", **stated))
    for path, content in saved.items():
        path.write_bytes(content)
    result = tasks.run(state=state, **stated)
    assert served(tasks.folder) == (new if state == "present" else old)
    assert statuses(service)[served(tasks.folder)] == "ISSUED"
    assert ("is not in place any more" in result.get("msg", "")) is (state == "confirmed")
    assert key_matches(tasks.folder)
    assert bought(service, stated) == [old, new]


def test_a_pinned_key_stays_where_another_kind_would_be_made(tasks: Tasks) -> None:
    stated = stated_for("pinned")
    serial_of(tasks.run(privatekey_size=384, **stated))
    pinned = (tasks.folder / "key.pem").read_bytes()
    pinning = {**stated, "privatekey_rotation": "never"}
    foretold = tasks.run(force=True, check_mode=True, **pinning)
    assert "key: ECDSA 384, kept" in foretold["diff"][0]["after"]
    serial_of(tasks.run(force=True, **pinning))
    (tasks.folder / "cert.pem").unlink()
    serial_of(tasks.run(**pinning))
    assert (tasks.folder / "key.pem").read_bytes() == pinned
    assert key_matches(tasks.folder)
