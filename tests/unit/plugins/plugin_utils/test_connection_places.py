# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where connection options are taken from, if several places state them."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.plugin_utils.connection_places import (
    Place,
    over_defaults,
    taken,
)

FILES = {"client_cert": "a.crt", "client_key": "a.key"}
CONTENT = {"client_cert_content": "PEM", "client_key_content": "KEY"}
PKCS12 = {"client_pkcs12": "a.p12"}
OPENS = {"client_key_passphrase": "secret"}
LOGIN = {"api_key": "key", "api_secret": "secret"}

# What the task, the environment and the configuration file state, and what is taken.
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "nothing": ({}, {}, {}, {}),
    "one place": (FILES, {}, {}, FILES),
    "files before content": (FILES, CONTENT, {}, FILES),
    "content before files": (CONTENT, FILES, {}, CONTENT),
    "files before PKCS#12": (FILES, PKCS12, {}, FILES),
    "PKCS#12 before files": (PKCS12, FILES, {}, PKCS12),
    "PKCS#12 before the file's own": (PKCS12, {}, {**FILES, **OPENS}, PKCS12),
    "the environment before the file": ({}, CONTENT, FILES, CONTENT),
    "a path and a content of one place": (
        {"client_cert": "a.crt", "client_key_content": "KEY"},
        FILES,
        {},
        {"client_cert": "a.crt", "client_key_content": "KEY"},
    ),
    "half an identity is not made whole elsewhere": (
        {"client_cert": "a.crt"},
        FILES,
        PKCS12,
        {"client_cert": "a.crt"},
    ),
    "a passphrase of another place opens nothing": (FILES, OPENS, OPENS, FILES),
    "its own passphrase": (
        {**FILES, **OPENS},
        {"client_key_passphrase": "b"},
        {},
        {**FILES, **OPENS},
    ),
    "a passphrase for a key further on": (OPENS, {}, FILES, {**FILES, **OPENS}),
    "a passphrase before that of the key": (
        OPENS,
        {**FILES, "client_key_passphrase": "b"},
        {},
        {**FILES, **OPENS},
    ),
    "a passphrase for nothing": (OPENS, {}, {}, OPENS),
    "key and secret of one place": (LOGIN, {"api_key": "b", "api_secret": "b"}, {}, LOGIN),
    "a key alone is not made whole elsewhere": ({"api_key": "a"}, LOGIN, {}, {"api_key": "a"}),
    "login and identity of different places": (FILES, LOGIN, CONTENT, {**FILES, **LOGIN}),
    "each other option by itself": (
        {"retries": 0, "api_url": "a"},
        {"retries": 2, "proxy": "b"},
        {"api_url": "c", "read_timeout": 7},
        {"retries": 0, "api_url": "a", "proxy": "b", "read_timeout": 7},
    ),
    "what is off is stated": ({"validate_certs": False}, {}, {}, {"validate_certs": False}),
    "what is empty is not stated": (
        {"client_pkcs12": "", "api_key": "", "proxy": None, "extra_headers": {}},
        {**FILES, "client_cert_content": "", "client_key_passphrase": "", **LOGIN},
        {"proxy": "b"},
        {**FILES, **LOGIN, "proxy": "b"},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_taken(case: str) -> None:
    task, environment, file, expected = CASES[case]
    places = [Place("the task", task), Place("the environment", environment), Place("x", file)]
    assert taken(places) == expected


def test_without_places_there_is_nothing() -> None:
    assert taken([]) == {}


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (
            {**FILES, "client_cert_content": "PEM"},
            "client_cert and client_cert_content exclude one another, and the environment gives"
            " both; give one of them.",
        ),
        (
            {**CONTENT, **PKCS12},
            "client_cert_content and client_pkcs12 exclude one another, and the environment gives"
            " both; give one of them.",
        ),
        (
            {"client_key": "a", "client_key_content": "b", "client_pkcs12": "c"},
            "client_key and client_key_content and client_pkcs12 exclude one another, and the"
            " environment gives all of them; give one of them.",
        ),
    ],
)
def test_two_forms_in_one_place_are_refused(options: dict[str, Any], text: str) -> None:
    with pytest.raises(AtlasError) as caught:
        taken([Place("the task", {}), Place("the environment", options)])
    assert caught.value.message == text


def test_a_place_shows_no_secret() -> None:
    assert repr(Place("the task", LOGIN)) == "Place(name='the task')"


# What the task and its module_defaults state, and what the two are together.
OVERRIDES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "nothing of its own": ({}, {**FILES, **OPENS}, {**FILES, **OPENS}),
    "another key": (
        {"client_key": "b.key"},
        {**FILES, **OPENS},
        {"client_cert": "a.crt", "client_key": "b.key"},
    ),
    "another certificate": (
        {"client_cert": "b.crt"},
        {**FILES, **OPENS},
        {"client_cert": "b.crt", "client_key": "a.key", **OPENS},
    ),
    "a key as content": (
        {"client_key_content": "KEY"},
        FILES,
        {"client_cert": "a.crt", "client_key_content": "KEY"},
    ),
    "PKCS#12 instead of files": (PKCS12, {**FILES, **OPENS}, PKCS12),
    "files instead of PKCS#12": (FILES, {**PKCS12, **OPENS}, FILES),
    "another passphrase": (
        {"client_key_passphrase": "b"},
        {**FILES, **OPENS},
        {**FILES, "client_key_passphrase": "b"},
    ),
    "an empty form leaves all as it is": ({"client_pkcs12": ""}, FILES, FILES),
    "a secret of its own": ({"api_secret": "b"}, LOGIN, {"api_key": "key", "api_secret": "b"}),
}


@pytest.mark.parametrize("case", OVERRIDES)
def test_what_a_task_overrides(case: str) -> None:
    task, defaults, expected = OVERRIDES[case]
    assert over_defaults(task, defaults) == expected
