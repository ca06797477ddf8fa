# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task that names fewer files than the set has, and links that the user made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from simulator.conftest import Simulator

from .counting import (
    Stated,
    bought,
    dangling,
    key_matches,
    serial_of,
    served,
    stated_for,
    statuses,
    warned,
)
from .whole_task import Tasks

LAYOUTS = ["plain", "linked"]


@pytest.fixture
def tasks(service: Simulator, quick_path: Path) -> Tasks:
    return Tasks(service, quick_path, {"settle": 0})


def fewer(tasks: Tasks, stated: Stated, **options: Any) -> dict[str, Any]:
    """The task with the paths of certificate and private key only."""
    paths = {name: tasks.paths()[name] for name in ("path", "privatekey_path")}
    items = [{**paths, **stated, **options.pop("item", {})}]
    return tasks.run(certificates=items, **options)


def check_in_step(tasks: Tasks, serial: str) -> None:
    """All four files are of one set."""
    assert dangling(tasks.folder) == []
    assert served(tasks.folder) == serial
    assert served(tasks.folder, "fullchain.pem") == serial
    assert key_matches(tasks.folder)
    fullchain = (tasks.folder / "fullchain.pem").read_text()
    assert fullchain == "".join(
        (tasks.folder / name).read_text() for name in ("cert.pem", "chain.pem")
    )


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("then", LAYOUTS)
@pytest.mark.parametrize("revokes", [True, False])
def test_all_files_of_the_set_go_along(
    service: Simulator, tasks: Tasks, layout: str, then: str, revokes: bool
) -> None:
    """The others are named in a warning; so no service is left with half of a set, least of all
    when the old certificate is revoked."""
    stated = stated_for("fewer")
    old = serial_of(tasks.run(layout=layout, **stated))
    options = {"revoke_superseded": revokes, "revocation_reason": "keyCompromise"}
    item = {"layout": then, "force": True, "revoke_superseded": options.pop("revoke_superseded")}
    result = fewer(tasks, stated, item=item, **options)
    new = serial_of(result)
    check_in_step(tasks, new)
    for name in ("chain.pem", "fullchain.pem"):
        assert str(tasks.folder / name) in warned(result)
    assert (statuses(service)[old] == "REVOKED") == revokes
    assert bought(service, stated) == [old, new]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("then", LAYOUTS)
def test_nothing_due_and_fewer_files(tasks: Tasks, layout: str, then: str) -> None:
    stated = stated_for("steady")
    serial = serial_of(tasks.run(layout=layout, **stated))
    fewer(tasks, stated, item={"layout": then})
    check_in_step(tasks, serial)
    fewer(tasks, stated, item={"layout": then})
    check_in_step(tasks, serial)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_switched_back_all_together(tasks: Tasks, layout: str) -> None:
    stated = stated_for("back")
    old = serial_of(tasks.run(layout=layout, **stated))
    fewer(tasks, stated, item={"layout": layout, "force": True}, acknowledge="later")
    fewer(tasks, stated, item={"layout": layout}, state="previous")
    check_in_step(tasks, old)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_all_files_named_again(service: Simulator, tasks: Tasks, layout: str) -> None:
    stated = stated_for("again")
    tasks.run(layout=layout, **stated)
    new = serial_of(fewer(tasks, stated, item={"layout": layout, "force": True}))
    assert serial_of(tasks.run(layout=layout, **stated)) == new
    check_in_step(tasks, new)
    assert not tasks.run(layout=layout, **stated)["changed"]
    assert len(bought(service, stated)) == 2


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_link_of_the_user_is_followed(tasks: Tasks, layout: str) -> None:
    """It stays as he made it, and what it leads to is replaced and switched back."""
    stated = {**stated_for("link"), "layout": layout}
    real = tasks.folder / "real"
    real.mkdir()
    for name in ("cert.pem", "key.pem"):
        (tasks.folder / name).symlink_to(f"real/{name}")
    old = serial_of(tasks.run(follow=True, **stated))
    new = serial_of(tasks.run(follow=True, force=True, acknowledge="later", **stated))

    def check(serial: str) -> None:
        assert [(tasks.folder / name).readlink() for name in ("cert.pem", "key.pem")] == [
            Path("real/cert.pem"),
            Path("real/key.pem"),
        ]
        assert served(real) == served(tasks.folder) == serial
        assert key_matches(tasks.folder)

    check(new)
    tasks.run(follow=True, state="previous", **stated)
    check(old)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_link_that_is_not_to_be_followed_is_refused(
    service: Simulator, tasks: Tasks, layout: str
) -> None:
    stated = {**stated_for("unfollowed"), "layout": layout}
    (tasks.folder / "cert.pem").symlink_to("elsewhere.pem")
    assert "follow" in tasks.run(follow=False, **stated)["msg"]
    assert bought(service, stated) == []
