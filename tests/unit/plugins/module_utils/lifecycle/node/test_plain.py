# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The layout plain: files at their own paths."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node import files

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
