# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which files are wanted, and where what is recorded of them lies."""

from __future__ import annotations

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.options.task import (
    wanted_certificates,
)

from ..conftest import task

DAY = 86400


@pytest.mark.parametrize("given", ["0600", "600", "0o600", 0o600])
def test_modes(given: object) -> None:
    (wanted,) = wanted_certificates(task(privatekey_mode=given))
    assert wanted.targets[-1].mode == 0o600


def test_files_take_owner_and_mode_from_the_certificate() -> None:
    (wanted,) = wanted_certificates(
        task(
            owner="root",
            group="ssl",
            mode="0640",
            files=[
                {"path": "/combined.pem", "contains": ["certificate", "privatekey"]},
                {"path": "/root.pem", "contains": ["root"], "owner": "www", "mode": "0444"},
            ],
        )
    )
    combined, root = wanted.targets[2:]
    assert (combined.owner, combined.group, combined.mode) == ("root", "ssl", 0o600)
    assert (root.owner, root.group, root.mode) == ("www", "ssl", 0o444)


@pytest.mark.parametrize(
    ("options", "records"),
    [
        ({}, ["/etc/ssl/.atlas/cert.pem", "/etc/ssl/.atlas/key.pem"]),
        (
            {"state_dir": "/var/lib/atlas/"},
            [
                "/var/lib/atlas/cert.pem-a9abc3ef3bbbabdc",
                "/etc/ssl/.atlas/cert.pem",
                "/etc/ssl/.atlas/key.pem",
            ],
        ),
        (
            {"path": None, "privatekey_path": None, "csr_content": "C", "state_dir": "/s"},
            ["/s/www.example.com-79848a7cbe9eebd4"],
        ),
    ],
)
def test_where_records_may_lie(options: dict[str, object], records: list[str]) -> None:
    (wanted,) = wanted_certificates(task(**options))
    assert wanted.records == records


def test_a_strange_name_is_not_the_name_of_a_folder() -> None:
    (wanted,) = wanted_certificates(task(path="/etc/ssl/a name: with \u00a7.pem"))
    assert wanted.records[0].rpartition("/")[2].isalnum()
