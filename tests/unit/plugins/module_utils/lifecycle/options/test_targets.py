# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which files are wanted, and where what is recorded of them lies."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.options import targets
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.options.task import (
    wanted_certificates,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.wanted import (
    Target,
    Wanted,
)

from ..conftest import task


def wanted(**options: Any) -> Wanted:
    (made,) = wanted_certificates(task(**options))
    assert isinstance(made, Wanted)
    return made


def test_each_option_names_a_file_with_its_parts() -> None:
    made = wanted(
        fullchain_path="/etc/ssl/full.pem",
        chain_path="/etc/ssl/chain.pem",
        privatekey_passphrase="secret",
        privatekey_format="pkcs1",
        owner="www",
        group="ssl",
        mode="0640",
        privatekey_mode="0400",
    )
    public = {"owner": "www", "group": "ssl", "mode": 0o640}
    assert made.targets == [
        Target("path", "/etc/ssl/cert.pem", ["certificate"], **public),
        Target("fullchain_path", "/etc/ssl/full.pem", ["certificate", "chain"], **public),
        Target("chain_path", "/etc/ssl/chain.pem", ["chain"], **public),
        Target(
            "privatekey_path",
            "/etc/ssl/key.pem",
            ["privatekey"],
            passphrase="secret",
            key_format="pkcs1",
            owner="www",
            group="ssl",
            mode=0o400,
        ),
    ]


def test_files_have_their_own_passphrase_and_take_the_rest_from_the_certificate() -> None:
    made = wanted(
        owner="root",
        group="ssl",
        mode="0640",
        privatekey_mode="0400",
        privatekey_passphrase="shared",
        privatekey_format="pkcs1",
        files=[
            {"path": "/combined.pem", "contains": ["certificate", "privatekey"]},
            {"path": "/root.pem", "contains": ["root"], "owner": "www", "mode": "0444"},
            {
                "path": "/both.p12",
                "contains": ["privatekey", "certificate"],
                "format": "pkcs12",
                "passphrase": "own",
                "group": "java",
            },
            {"path": "/chain.p12", "contains": ["chain"], "format": "pkcs12", "passphrase": "p"},
        ],
    )
    assert made.targets[2:] == [
        Target(
            "files[0]",
            "/combined.pem",
            ["certificate", "privatekey"],
            key_format="pkcs1",
            owner="root",
            group="ssl",
            mode=0o400,
        ),
        Target("files[1]", "/root.pem", ["root"], owner="www", group="ssl", mode=0o444),
        Target(
            "files[2]",
            "/both.p12",
            ["privatekey", "certificate"],
            format="pkcs12",
            passphrase="own",
            key_format="pkcs1",
            owner="root",
            group="java",
            mode=0o400,
        ),
        Target(
            "files[3]",
            "/chain.p12",
            ["chain"],
            format="pkcs12",
            passphrase="p",
            owner="root",
            group="ssl",
            mode=0o640,
        ),
    ]


READABLE = (4, 6)
ANY = (0, 4, 6)
MODES = {u << 6 | g << 3 | o for u in READABLE for g in ANY for o in ANY}


def test_a_mode_lets_some_read_and_nobody_execute() -> None:
    taken = set()
    for number in range(0o1000):
        try:
            taken.add(targets.mode(f"{number:04o}", "mode"))
        except AtlasError:
            continue
    assert taken == MODES


@pytest.mark.parametrize("given", ["0600", "600", "0o600", 0o600])
def test_modes(given: object) -> None:
    assert wanted(privatekey_mode=given).targets[-1].mode == 0o600


@pytest.mark.parametrize("given", [True, None, "", "60", "06000", "0o0600x", "u=rw", 600, 1.5, [6]])
def test_what_is_no_mode(given: object) -> None:
    with pytest.raises(AtlasError) as caught:
        targets.mode(given, "certificates[0].mode")
    assert caught.value.message == (
        f"certificates[0].mode: {given!r} is not a mode for a file that is read and not executed;"
        " give an octal number in quotes, such as '0640'."
    )


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("/etc/ssl/cert.pem", "/etc/ssl/cert.pem"),
        ("/etc//ssl/./a/../cert.pem", "/etc/ssl/cert.pem"),
        ("cert.pem", ""),
        ("", ""),
        ("/etc/ssl/", ""),
        ("/etc/ssl\0", ""),
    ],
)
def test_a_path_is_that_of_a_file(given: str, path: str) -> None:
    if path:
        assert targets.absolute(given, "path") == path
        return
    with pytest.raises(AtlasError) as caught:
        targets.absolute(given, "path")
    assert caught.value.message == (
        f"path: {given!r} is not the absolute path of a file on the node; give one such as"
        " '/etc/ssl/www/cert.pem'."
    )


@pytest.mark.parametrize(
    ("passphrase", "is_long"),
    [(None, False), ("x" * 1023, False), ("x" * 1024, True), ("\u00a7" * 512, True)],
)
def test_a_passphrase_that_openssl_does_not_take(passphrase: str | None, is_long: bool) -> None:
    if not is_long:
        targets.refuse_long_passphrase(passphrase, "privatekey_passphrase")
        return
    with pytest.raises(AtlasError) as caught:
        targets.refuse_long_passphrase(passphrase, "privatekey_passphrase")
    assert caught.value.message == (
        "privatekey_passphrase: it is longer than 1023 bytes; give a shorter one."
    )


def test_passphrases_of_files_are_no_longer_than_openssl_takes() -> None:
    entry = {"path": "/a", "contains": ["privatekey"], "passphrase": "x" * 1024}
    with pytest.raises(AtlasError, match=r"^files\[0\]\.passphrase: it is longer than 1023 bytes"):
        wanted(files=[entry])
    with pytest.raises(AtlasError, match=r"^privatekey_passphrase: it is longer than 1023 bytes"):
        wanted(privatekey_passphrase="x" * 1024)


@pytest.mark.parametrize(
    ("stated", "state_dir"),
    [
        (None, None),
        ("", None),
        ("/var/lib/atlas", "/var/lib/atlas"),
        ("/var/lib/atlas/", "/var/lib/atlas"),
        ("//var/../lib//atlas", "/lib/atlas"),
    ],
)
def test_where_records_lie(stated: str | None, state_dir: str | None) -> None:
    assert wanted(state_dir=stated).state_dir == state_dir


def test_a_folder_of_records_has_an_absolute_path() -> None:
    with pytest.raises(AtlasError) as caught:
        wanted(state_dir="state")
    assert caught.value.message == (
        "state_dir: 'state' is not the absolute path of a folder on the node; give one such as"
        " '/var/lib/globalsign-atlas'."
    )


def test_without_files_names_and_key_tell_one_certificate_from_another() -> None:
    def identity(**options: Any) -> str:
        stated = {"path": None, "privatekey_path": None, "state_dir": "/s", **options}
        return wanted(**stated).identity

    first = identity(csr_path="/one.csr")
    assert first == '[{}, {"dns_names": ["www.example.com"]}, ["csr", "/one.csr", null]]'
    assert identity(public_key_path="/one.csr") == first.replace("csr", "public_key", 1)
    # What stands in the task itself may change with each renewal of the key.
    assert identity(csr_content="ONE") == '[{}, {"dns_names": ["www.example.com"]}, []]'
    names = identity(csr_content="ONE", subject={"organization": "Q"}, san={"emails": ["a@b.c"]})
    assert names == '[{"organization": ["Q"]}, {"emails": ["a@b.c"]}, []]'


@pytest.mark.parametrize("given", ["/", "//"])
def test_the_root_is_no_state_dir(given: str) -> None:
    with pytest.raises(AtlasError, match="state_dir: '/' is not the absolute path of a folder"):
        wanted(state_dir=given)


@pytest.mark.parametrize("contains", [[], ["chain", "chain"]])
def test_a_file_holds_different_parts(contains: list[str]) -> None:
    with pytest.raises(AtlasError) as caught:
        wanted(files=[{"path": "/a", "contains": contains}])
    assert caught.value.message.startswith(
        f"files[0].contains: {contains} is not a list of different parts; give some of"
    )
