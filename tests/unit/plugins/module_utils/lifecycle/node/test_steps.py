# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of the node, for all certificates of a task at once."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node import steps

from ..conftest import PREPARE, Site


def test_nothing_but_inspect_runs_in_check_mode(site: Site) -> None:
    item = {"wanted": site.wanted.on_wire(), **PREPARE}
    with pytest.raises(AtlasError, match="never called in check mode"):
        steps.run("prepare", [item], [], check_mode=True)
    assert site.names() == []


def test_one_certificate_that_goes_wrong_does_not_stop_the_others(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: Any) -> None:
        raise ValueError("nobody thought of this")

    monkeypatch.setattr(steps, "inspect", fail)
    obstacle = site.inspect()["obstacle"]
    assert "please report it: ValueError in test_steps.py" in obstacle
    assert "nobody thought of this" in obstacle
