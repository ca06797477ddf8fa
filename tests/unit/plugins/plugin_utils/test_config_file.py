# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The configuration file of GlobalSign's own client, as options."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.account.sources import Source
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.plugin_utils.config_file import options_of

DOCUMENT = {
    "url": "https://localhost:8443/v2",
    "api_key": "e510e289e6cd8947",
    "api_secret": "a9c4f6d27be0514c83d6f10b2e97a4c5d80e3b61",
    "cert_file": "mtls/client.crt",
    "key_file": "/etc/atlas/client.key",
    "key_passphrase": "",
    "insecure_skip_verify": False,
    "extra_headers": {"X-SSL-Client-Serial": "0A"},
    "timeout": 30,
}


def read(document: Any) -> dict[str, Any]:
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    return options_of(Source("config_file", "hvclient.json", content), "/home/ida")


def test_what_it_states() -> None:
    assert read(DOCUMENT) == {
        "api_url": "https://localhost:8443/v2",
        "api_key": "e510e289e6cd8947",
        "api_secret": "a9c4f6d27be0514c83d6f10b2e97a4c5d80e3b61",
        "client_cert": "/home/ida/mtls/client.crt",
        "client_key": "/etc/atlas/client.key",
        "extra_headers": {"X-SSL-Client-Serial": "0A"},
        "read_timeout": 30,
    }


def test_verification_can_be_off() -> None:
    assert read({"insecure_skip_verify": True}) == {"validate_certs": False}


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (b"{", "hvclient.json is not JSON."),
        ([], "hvclient.json does not hold a JSON object."),
        ({"colour": "red"}, "has the member 'colour'; known are url, api_key"),
        ({"timeout": "30"}, "timeout is not of the type int."),
        ({"extra_headers": ["X: y"]}, "extra_headers is not of the type dict."),
    ],
)
def test_a_bad_file_is_one_sentence(document: Any, text: str) -> None:
    with pytest.raises(AtlasError) as error:
        read(document)
    assert error.value.message.startswith("config_file: hvclient.json")
    assert text in error.value.message
    assert "a9c4f6d2" not in error.value.message


@pytest.mark.parametrize(
    ("member", "value", "kind"),
    [
        ("url", 7, "str"),
        ("timeout", True, "int"),
        ("timeout", 1.5, "int"),
        ("insecure_skip_verify", 1, "bool"),
        ("insecure_skip_verify", "yes", "bool"),
        ("extra_headers", "X: y", "dict"),
        ("api_secret", {}, "str"),
    ],
)
def test_each_member_has_its_type(member: str, value: Any, kind: str) -> None:
    with pytest.raises(AtlasError) as error:
        read({member: value})
    assert error.value.message == (
        f"config_file: hvclient.json: {member} is not of the type {kind}."
    )


def test_what_is_empty_is_not_stated() -> None:
    empty = {"url": "", "cert_file": "", "extra_headers": {}, "timeout": None, "key_file": None}
    assert read(empty) == {}
    assert read({"timeout": 0, "insecure_skip_verify": False}) == {"read_timeout": 0}


@pytest.mark.parametrize(
    ("member", "option"), [("cert_file", "client_cert"), ("key_file", "client_key")]
)
def test_files_are_beside_it(member: str, option: str) -> None:
    assert read({member: "mtls/a.pem"}) == {option: "/home/ida/mtls/a.pem"}
    assert read({member: "/mtls/a.pem"}) == {option: "/mtls/a.pem"}
