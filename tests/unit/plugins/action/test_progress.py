# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How far a long batch is, said every few seconds."""

from __future__ import annotations

import pytest

pytest.importorskip("ansible.plugins.action")

from ansible_collections.globalsign.atlas.plugins.action import atlas_certificate


def test_progress_is_throttled(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    said: list[str] = []
    monkeypatch.setattr(atlas_certificate.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(atlas_certificate.Display, "display", lambda _self, text: said.append(text))
    progress = atlas_certificate._Progress("web1")
    for done in range(1, 501):
        now[0] += 0.125
        progress(done, 500)
    assert said[0] == "web1: 40 of 500 certificates issued"
    assert said[-1] == "web1: 480 of 500 certificates issued"
    assert len(said) == 12
