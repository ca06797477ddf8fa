# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that two certificates of one task would share, however their paths are written."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from simulator.conftest import Simulator

from .counting import bought, outcome_of, stated_for
from .whole_task import Tasks

KINDS = {
    "two slashes": "/{folder}/{name}",
    "a detour": "{folder}/elsewhere/../{name}",
    "a linked folder": "{parent}/linked/{name}",
    "a detour over a link": "{parent}/linked/elsewhere/../{name}",
    "a linked file": "{folder}/link-to-{name}",
    "another name of the folder": "{parent}/mounted/{name}",
}


@pytest.fixture
def tasks(service: Simulator, tmp_path: Path) -> Tasks:
    folder = tmp_path / "ssl"
    (folder / "elsewhere").mkdir(parents=True)
    (tmp_path / "linked").symlink_to("ssl")
    (tmp_path / "mounted").mkdir()
    for name in ("cert.pem", "key.pem"):
        (folder / f"link-to-{name}").symlink_to(name)
    return Tasks(service, folder, {"settle": 0})


@contextmanager
def mounted(tasks: Tasks, is_needed: bool) -> Iterator[None]:
    place = str(tasks.folder.with_name("mounted"))
    command = ["mount", "--bind", str(tasks.folder), place]
    if is_needed and subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        yield
    finally:
        if is_needed:
            subprocess.run(["umount", "--lazy", place], check=True)


def item(stated: dict[str, Any], certificate: str, key: str) -> dict[str, Any]:
    return {"path": certificate, "privatekey_path": key, **stated}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shared", ["both", "certificate", "key"])
@pytest.mark.parametrize("names", ["the same names", "other names"])
def test_refused_before_anything_is_requested(
    service: Simulator, tasks: Tasks, kind: str, shared: str, names: str
) -> None:
    first, second = stated_for("shared"), stated_for("shared")
    second = first if names == "the same names" else second
    places = {
        name: KINDS[kind].format(folder=tasks.folder, parent=tasks.folder.parent, name=name)
        for name in ("cert.pem", "key.pem")
    }
    if shared == "certificate":
        places["key.pem"] = str(tasks.folder / "other.key")
    if shared == "key":
        places["cert.pem"] = str(tasks.folder / "other.crt")
    items = [
        item(first, str(tasks.folder / "cert.pem"), str(tasks.folder / "key.pem")),
        item(second, places["cert.pem"], places["key.pem"]),
    ]
    with mounted(tasks, "mounted" in KINDS[kind]):
        result = outcome_of(tasks, certificates=items)
    assert "failed" in result, result
    assert (bought(service, first), bought(service, second)) == ([], [])
    assert not (tasks.folder / "cert.pem").exists()


@pytest.mark.parametrize("kind", ["two slashes", "a linked folder", "a linked file"])
def test_one_certificate_with_one_file_for_two_purposes(
    service: Simulator, tasks: Tasks, kind: str
) -> None:
    stated = stated_for("purposes")
    certificate = tasks.folder / "cert.pem"
    other = KINDS[kind].format(folder=tasks.folder, parent=tasks.folder.parent, name="cert.pem")
    one = item(stated, str(certificate), str(tasks.folder / "key.pem"))
    result = outcome_of(tasks, certificates=[{**one, "fullchain_path": other}])
    assert "failed" in result, result
    assert bought(service, stated) == []


@pytest.mark.parametrize(
    "kind", ["two slashes", "a detour", "a linked folder", "a detour over a link"]
)
def test_another_name_of_the_path_finds_the_record(
    service: Simulator, tasks: Tasks, kind: str
) -> None:
    """An attempt whose end is not known is the same attempt under either name."""
    stated = stated_for("renamed")
    lost = {"action": "reset-after", "times": 1}
    service.control("POST", "/faults", {"method": "POST", "path": "/certificates", **lost})
    unanswered = {"method": "GET", "path": "/stats/*", "action": "reset-before", "times": 99}
    service.control("POST", "/faults", unanswered)
    paths = [str(tasks.folder / name) for name in ("cert.pem", "key.pem")]
    assert tasks.run(certificates=[item(stated, *paths)])["failed"]
    service.control("DELETE", "/faults")
    others = [
        KINDS[kind].format(folder=tasks.folder, parent=tasks.folder.parent, name=name)
        for name in ("cert.pem", "key.pem")
    ]
    assert tasks.run(certificates=[item(stated, *others)])["changed"]
    assert len(bought(service, stated)) == 1
