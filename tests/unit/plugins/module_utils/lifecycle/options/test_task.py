# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a task: defaults, overrides, and what is refused in which words."""

from __future__ import annotations

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.options.task import (
    wanted_certificates,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.wanted import (
    Misstated,
    Wanted,
)

from ..conftest import task

DAY = 86400


def test_defaults() -> None:
    (wanted,) = wanted_certificates(task())
    assert wanted.privatekey_type == "auto"
    assert wanted.renew_before == "auto"
    assert not wanted.force
    assert [target.mode for target in wanted.targets] == [0o644, 0o600]
    assert (wanted.layout, wanted.follow, wanted.keeps_key) == ("plain", True, False)
    assert (wanted.renew_spread, wanted.backups, wanted.validate) == (0, 0, [])
    assert wanted.san == {"dns_names": ["www.example.com"]}
    assert [target.option for target in wanted.targets] == ["path", "privatekey_path"]


def test_an_item_overrides_the_top_level_member_by_member() -> None:
    items = [
        {"path": "/a/cert.pem", "privatekey_path": "/a/key.pem", "force": None},
        {
            "path": "/b/cert.pem",
            "privatekey_path": "/b/key.pem",
            "force": False,
            "subject": {"organization": None, "common_name": "b"},
            "renew_before": "10d",
        },
    ]
    shared = {"force": True, "subject": {"organization": "Quillon"}, "renew_before": "20d"}
    first, second = wanted_certificates({**shared, "certificates": items})
    assert (first.force, first.subject, first.renew_before) == (
        True,
        {"organization": ["Quillon"]},
        "20d",
    )
    assert (second.force, second.renew_before) == (False, "10d")
    assert second.subject == {"organization": ["Quillon"], "common_name": ["b"]}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"path": None}, ["path is not set", "fullchain_path"]),
        ({"privatekey_path": None}, ["privatekey_path is not set"]),
        ({"path": "cert.pem"}, ["path: 'cert.pem'", "absolute path"]),
        ({"path": "~/cert.pem"}, ["path: '~/cert.pem'", "absolute path"]),
        ({"path": "/etc/ssl/"}, ["path: '/etc/ssl/'", "of a file"]),
        (
            {"chain_path": "/etc/ssl/../ssl/cert.pem"},
            ["chain_path: /etc/ssl/cert.pem is named twice"],
        ),
        ({"san": {"dns_names": ["www example"]}}, ["san.dns_names: 'www example'", "DNS name"]),
        ({"san": {"dns_names": ["a..b"]}}, ["san.dns_names: 'a..b'"]),
        ({"san": {"dns_names": ["bü cher.example"]}}, ["san.dns_names", "IDNA 2008"]),
        ({"san": {"ip_addresses": ["192.0.2"]}}, ["san.ip_addresses: '192.0.2'", "IP address"]),
        ({"mode": "u=rw"}, ["mode: 'u=rw'", "octal"]),
        ({"mode": 644}, ["mode: 644", "octal number in quotes"]),
        ({"privatekey_mode": 440}, ["privatekey_mode: 440", "octal number in quotes"]),
        ({"privatekey_mode": "0700"}, ["privatekey_mode: '0700'", "not executed"]),
        ({"renew_before": "soon"}, ["renew_before: 'soon'", "'30d'"]),
        ({"renew_before": "80%"}, ["renew_before: '80%'", "below 80 %"]),
        ({"renew_before": "0d"}, ["renew_before: '0d'"]),
        ({"renew_spread": "5%"}, ["renew_spread: '5%'", "'30d'"]),
        ({"valid_for": "soon"}, ["valid_for: 'soon'"]),
        ({"valid_for": "9d", "not_after": "2027-03-01"}, ["valid_for", "not_after already"]),
        ({"not_after": "2027-03-01T12:00:00"}, ["not_after: '2027-03-01T12:00:00'", "time zone"]),
        ({"not_after": "March"}, ["not_after: 'March'", "ISO 8601"]),
        (
            {"not_before": "2027-03-02", "not_after": "2027-03-01"},
            ["not_after: 2027-03-01 is not after not_before"],
        ),
        ({"extended_key_usages": ["webServer"]}, ["'webServer'", "server_auth", "or an OID"]),
        (
            {"san": {"other_names": [{"type": "upn", "value": "a"}]}},
            ["san.other_names.type: 'upn'", "object identifier"],
        ),
        ({"custom_extensions": {"1": "x"}}, ["custom_extensions: '1'"]),
        ({"san": {"emails": ["nobody"]}}, ["san.emails: 'nobody'", "e-mail address"]),
        ({"san": {"uris": ["no uri"]}}, ["san.uris: 'no uri'"]),
        (
            {"subject_directory_attributes": {"date_of_birth": "31.12.1980"}},
            ["subject_directory_attributes.date_of_birth", "1980-12-31"],
        ),
        ({"ms_template": {"id": "WebServer"}}, ["ms_template.id: 'WebServer'"]),
        ({"validate": "nginx '-t"}, ["validate: ", "no closing quotation"]),
        ({"backup": True, "backup_count": 0}, ["backup_count: 0 is too small"]),
        ({"state_dir": "atlas"}, ["state_dir: 'atlas'"]),
        (
            {"files": [{"path": "/a.pem", "contains": ["chain"], "passphrase": "secret"}]},
            ["files[0].passphrase", "no private key"],
        ),
        (
            {"files": [{"path": "/a", "contains": ["chain", "chain"]}]},
            ["files[0].contains", "different parts"],
        ),
        (
            {"files": [{"path": "/a", "contains": ["privatekey"], "format": "pkcs12"}]},
            ["files[0].contains", "add certificate"],
        ),
        ({"files": [{"path": "a", "contains": ["chain"]}]}, ["files[0].path: 'a'"]),
        (
            {"files": [{"path": "/a", "contains": ["chain"], "mode": "0777"}]},
            ["files[0].mode: '0777'"],
        ),
        ({"csr_content": "CSR"}, ["privatekey_path: with csr_content no private key is made"]),
        (
            {"csr_content": "CSR", "public_key_content": "KEY", "privatekey_path": None},
            ["public_key_content: the key is given by csr_content already"],
        ),
        ({"public_key_signature": "proof"}, ["public_key_signature", "lives elsewhere"]),
        (
            {"privatekey_path": None, "path": None, "csr_content": "CSR"},
            ["state_dir is not set"],
        ),
        (
            {"privatekey_path": None, "path": None, "csr_content": "CSR", "chain_path": "/c"},
            ["chain_path: no file holds the certificate itself"],
        ),
        (
            {
                "privatekey_path": None,
                "csr_content": "CSR",
                "files": [{"path": "/a", "contains": ["privatekey"]}],
            },
            ["files[0]: the private key cannot be in it"],
        ),
        (
            {
                "privatekey_path": None,
                "path": None,
                "csr_content": "CSR",
                "state_dir": "/s",
                "san": {},
            },
            ["san is not set", "known by its first name"],
        ),
    ],
)
def test_what_is_refused_is_said_in_words(options: dict[str, object], words: list[str]) -> None:
    if "IDNA 2008" in words:
        pytest.importorskip("idna")
    with pytest.raises(AtlasError) as caught:
        wanted_certificates(task(**options))
    for word in words:
        assert word in caught.value.message


def test_an_error_says_which_item() -> None:
    items = [task(), {"path": "/b/cert.pem", "privatekey_path": "key.pem"}]
    good, bad = wanted_certificates({"certificates": items})
    assert isinstance(good, Wanted)
    assert bad == Misstated("/b/cert.pem", bad.error)
    assert bad.error.startswith("certificates[1].privatekey_path: 'key.pem'")
    with pytest.raises(AtlasError, match=r"certificates\[0\]\.privatekey_path: 'key.pem'"):
        wanted_certificates({"certificates": items[1:]})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"csr_content": "CSR", "revoke_superseded": True}, "revoke_superseded: with csr_content"),
        ({"public_key_content": "KEY", "rekey": True}, "rekey: with public_key_content"),
    ],
)
def test_what_takes_the_old_key(options, words) -> None:
    stated = {**task(), "privatekey_path": None, **options}
    with pytest.raises(AtlasError, match=words):
        wanted_certificates(stated)


def test_a_passphrase_that_would_protect_nothing() -> None:
    files = [{"path": "/both.pem", "contains": ["privatekey", "certificate"]}]
    stated = {
        "files": files,
        "privatekey_passphrase": "secret",
        "san": {"dns_names": ["a.example"]},
    }
    with pytest.raises(AtlasError, match="passphrase of each entry of files"):
        wanted_certificates(stated)


def test_a_compromised_key_is_not_kept() -> None:
    stated = {"privatekey_rotation": "never", "revoke_superseded": True}
    (kept,) = wanted_certificates(task(**stated, revocation_reason="superseded"))
    (not_kept,) = wanted_certificates(task(**stated, revocation_reason="keyCompromise"))
    assert (kept.keeps_key, not_kept.keeps_key) == (True, False)


def test_two_items_do_not_write_one_file() -> None:
    items = [task(), task(path="/other.pem")]
    with pytest.raises(AtlasError, match=r"/etc/ssl/key\.pem is named by more than one"):
        wanted_certificates({"certificates": items})


def test_two_certificates_without_files_need_two_names() -> None:
    item = {"csr_content": "CSR", "state_dir": "/s", "san": {"dns_names": ["a.example"]}}
    with pytest.raises(AtlasError, match="recorded in the same folder"):
        wanted_certificates({"certificates": [item, item]})
