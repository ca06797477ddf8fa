# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a task: defaults, overrides, and what is refused in which words."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.options.task import (
    wanted_certificates,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.wanted import (
    ExternalKey,
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
    with pytest.raises(AtlasError) as caught:
        wanted_certificates({"certificates": [item, item]})
    assert caught.value.message == (
        "a.example: another certificate of this task is for the same names and has no file,"
        " either, so nothing tells them apart; give one of them a file, or leave it out."
    )
    for different in ({"state_dir": "/t"}, {"san": {"dns_names": ["b.example"]}}, {"path": "/a"}):
        assert len(wanted_certificates({"certificates": [item, {**item, **different}]})) == 2


def one(**options: Any) -> Wanted:
    (made,) = wanted_certificates(task(**options))
    assert isinstance(made, Wanted)
    return made


def test_every_option_has_its_place() -> None:
    made = one(
        state_dir="/s/",
        layout="linked",
        follow=False,
        privatekey_type="RSA",
        privatekey_size=3072,
        privatekey_rotation="never",
        renew_before=" 25% ",
        renew_spread="2d",
        force=True,
        rekey=True,
        replace_foreign=True,
        revoke_superseded=True,
        revocation_reason="superseded",
        validate="nginx -t -c '/etc/a b'",
        backup=True,
        backup_count=7,
        subject={"common_name": "a"},
    )
    members = vars(made)
    del members["targets"]
    assert members == {
        "label": "/etc/ssl/cert.pem",
        "state_dir": "/s",
        "identity": '[{"common_name": ["a"]}, {"dns_names": ["www.example.com"]}, []]',
        "layout": "linked",
        "follow": False,
        "subject": {"common_name": ["a"]},
        "san": {"dns_names": ["www.example.com"]},
        "sections": {},
        "valid_for": None,
        "not_before": None,
        "not_after": None,
        "privatekey_type": "RSA",
        "privatekey_size": 3072,
        "keeps_key": True,
        "external_key": None,
        "renew_before": "25%",
        "renew_spread": 172800,
        "force": True,
        "rekey": True,
        "replace_foreign": True,
        "revoke_superseded": True,
        "destroys_old_key": False,
        "validate": ["nginx", "-t", "-c", "/etc/a b"],
        "backups": 7,
    }


def test_what_is_not_stated_is_as_documented() -> None:
    members = {name: value for name, value in vars(one()).items() if name not in ("targets",)}
    assert members == {
        "label": "/etc/ssl/cert.pem",
        "state_dir": None,
        "identity": '[{}, {"dns_names": ["www.example.com"]}, []]',
        "layout": "plain",
        "follow": True,
        "subject": {},
        "san": {"dns_names": ["www.example.com"]},
        "sections": {},
        "valid_for": None,
        "not_before": None,
        "not_after": None,
        "privatekey_type": "auto",
        "privatekey_size": None,
        "keeps_key": False,
        "external_key": None,
        "renew_before": "auto",
        "renew_spread": 0,
        "force": False,
        "rekey": False,
        "replace_foreign": False,
        "revoke_superseded": False,
        "destroys_old_key": False,
        "validate": [],
        "backups": 0,
    }


@pytest.mark.parametrize(
    ("options", "backups"),
    [
        ({"backup": True}, 3),
        ({"backup": True, "backup_count": 1}, 1),
        ({"backup_count": 9}, 0),
    ],
)
def test_how_many_backups_are_kept(options: dict[str, Any], backups: int) -> None:
    assert one(**options).backups == backups


@pytest.mark.parametrize(
    ("options", "keeps", "destroys"),
    [
        ({}, False, False),
        ({"privatekey_rotation": "never"}, True, False),
        ({"privatekey_rotation": "never", "revocation_reason": "keyCompromise"}, True, True),
        (
            {
                "privatekey_rotation": "never",
                "revocation_reason": "keyCompromise",
                "revoke_superseded": True,
            },
            False,
            True,
        ),
        ({"privatekey_path": None, "csr_content": "CSR"}, True, False),
    ],
)
def test_what_becomes_of_a_key(options: dict[str, Any], keeps: bool, destroys: bool) -> None:
    made = one(**options)
    assert (made.keeps_key, made.destroys_old_key) == (keeps, destroys)


ELSEWHERE = {"privatekey_path": None}


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"csr_path": "/a//b.csr"}, ("csr", "/a/b.csr", None, None)),
        ({"csr_content": "CSR"}, ("csr", None, "CSR", None)),
        (
            {"public_key_path": "/a.pub", "public_key_signature": "proof"},
            ("public_key", "/a.pub", None, "proof"),
        ),
        ({"public_key_content": "KEY"}, ("public_key", None, "KEY", None)),
    ],
)
def test_a_key_that_lives_elsewhere(options: dict[str, Any], key: tuple[Any, ...]) -> None:
    assert one(**ELSEWHERE, **options).external_key == ExternalKey(*key)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"privatekey_path": None, "privatekey_passphrase": "p", "csr_path": "/c"},
            "privatekey_passphrase: with csr_path no private key is made or kept here; leave one of"
            " them out.",
        ),
        (
            {"privatekey_path": None, "privatekey_size": 2048, "csr_path": "/c"},
            "privatekey_size: with csr_path no private key is made or kept here; leave one of them"
            " out.",
        ),
        (
            {"privatekey_path": None, "csr_path": "c"},
            "csr_path: 'c' is not the absolute path of a file on the node; give one such as"
            " '/etc/ssl/www/cert.pem'.",
        ),
        (
            {"privatekey_path": None, "csr_path": "/c", "revoke_superseded": True},
            "revoke_superseded: with csr_path the old key is not here, so nobody can show that the"
            " certificate is the node's own; leave revoke_superseded out, and do that in the Atlas"
            " portal.",
        ),
        (
            {"privatekey_path": None, "csr_path": "/c", "path": None, "chain_path": "/chain"},
            "chain_path: no file holds the certificate itself; add path or fullchain_path, or leave"
            " all files out.",
        ),
        (
            {"path": None, "chain_path": "/chain"},
            "path is not set: say where the certificate is kept, with path, fullchain_path or"
            " files.",
        ),
        (
            {
                "privatekey_path": None,
                "privatekey_passphrase": "p",
                "files": [{"path": "/a", "contains": ["privatekey"]}],
            },
            "privatekey_passphrase: it protects the file at privatekey_path, which is not set; give"
            " the passphrase of each entry of files instead.",
        ),
        (
            {"backup_count": 0},
            "backup_count: 0 is too small; give at least 1, or backup: false.",
        ),
    ],
)
def test_what_does_not_go_together(options: dict[str, Any], said: str) -> None:
    with pytest.raises(AtlasError) as caught:
        wanted_certificates(task(**options))
    assert caught.value.message == said


def test_without_files_it_is_known_by_its_first_name() -> None:
    stated = {"path": None, "privatekey_path": None, "csr_content": "C"}
    assert one(**stated).label == "www.example.com"
    assert one(**stated, subject={"common_name": "Ida"}).label == "Ida"
    assert one(**stated, san={"ip_addresses": ["192.0.2.1"]}).label == "192.0.2.1"


def test_one_that_is_stated_wrong_is_called_by_its_first_file_or_its_place() -> None:
    wrong = {"privatekey_path": "x", "chain_path": "/c", "fullchain_path": "/f"}
    good, first, second = wanted_certificates(
        {"certificates": [task(), wrong, {"subject": {"common_name": "a"}}]}
    )
    assert isinstance(good, Wanted)
    assert isinstance(first, Misstated)
    assert isinstance(second, Misstated)
    assert (first.label, second.label) == ("/f", "certificates[2]")
    assert second.error.startswith("certificates[2].path is not set: ")


def test_all_that_is_stated_wrong_is_told_at_once() -> None:
    items = [task(mode="x"), task(mode="y")]
    with pytest.raises(
        AtlasError, match=r"^certificates\[0\]\.mode: 'x'.*'0640'\. certificates\[1\]"
    ):
        wanted_certificates({"certificates": items})
    assert wanted_certificates({"certificates": []}) == ()


def test_one_that_is_stated_wrong_claims_no_files() -> None:
    good, wrong = wanted_certificates({"certificates": [task(), task(mode="x")]})
    assert isinstance(good, Wanted)
    assert isinstance(wrong, Misstated)


def test_an_item_names_its_own_files_of_alternatives() -> None:
    shared = {"csr_content": "CSR", "san": {"dns_names": ["a.example"]}}
    item = {"path": "/a", "public_key_path": "/key"}
    (made,) = wanted_certificates({**shared, "certificates": [item]})
    assert isinstance(made, Wanted)
    assert made.external_key == ExternalKey("public_key", "/key", None, None)
