# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The folder layout of the role."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.globalsign.atlas.plugins.filter.certificate_items import certificate_items


def test_each_certificate_gets_a_folder_of_its_own() -> None:
    names = ["www.example.com", "example.com"]
    assert certificate_items([{"name": "www", "dns_names": names}], "/etc/ssl/atlas") == [
        {
            "layout": "linked",
            "path": "/etc/ssl/atlas/www/cert.pem",
            "chain_path": "/etc/ssl/atlas/www/chain.pem",
            "fullchain_path": "/etc/ssl/atlas/www/fullchain.pem",
            "privatekey_path": "/etc/ssl/atlas/www/key.pem",
            "san": {"dns_names": names},
        }
    ]


@pytest.mark.parametrize("name", ["", None, "..", ".hidden", "a/b", "/etc"])
def test_what_cannot_be_a_folder_is_refused(name: Any) -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        certificate_items([{"name": name, "dns_names": []}], "/etc/ssl/atlas")
    assert caught.value.message == (
        f"name: {name or ''!r} cannot be the name of a folder; give a plain name such as 'www'."
    )


def test_without_names_it_is_still_an_item() -> None:
    first, second = certificate_items([{"name": "a"}, {"name": "b", "dns_names": None}], "/x")
    assert (first["path"], second["path"]) == ("/x/a/cert.pem", "/x/b/cert.pem")
    assert first["san"] == second["san"] == {"dns_names": []}
