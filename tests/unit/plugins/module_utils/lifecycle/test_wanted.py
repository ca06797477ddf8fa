# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wanted: defaults, overrides, normal forms, and what is refused in which words."""

from __future__ import annotations

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.wanted import (
    Wanted,
    leaves_no_life,
    renewal_threshold,
    wanted_certificates,
)

DAY = 86400


def task(**options):
    return {
        "path": "/etc/ssl/cert.pem",
        "privatekey_path": "/etc/ssl/key.pem",
        "san": {"dns_names": ["www.example.com"], "emails": None},
        **options,
    }


def test_defaults() -> None:
    (wanted,) = wanted_certificates(task())
    assert wanted.privatekey_type == "auto"
    assert wanted.renew_before == "auto"
    assert not wanted.force
    assert (wanted.mode, wanted.privatekey_mode) == (0o644, 0o600)
    assert wanted.san == {"dns_names": ["www.example.com"]}
    assert list(wanted.targets) == ["path", "privatekey_path"]


def test_the_private_key_is_put_in_place_last() -> None:
    (wanted,) = wanted_certificates(task(chain_path="/c", fullchain_path="/f"))
    assert list(wanted.targets) == ["chain_path", "path", "fullchain_path", "privatekey_path"]


def test_it_survives_the_wire() -> None:
    (wanted,) = wanted_certificates(task(owner="root", subject={"common_name": "a"}))
    assert Wanted.from_wire(wanted.on_wire()) == wanted


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
    ("given", "normal"),
    [
        ("WWW.Example.COM", "www.example.com"),
        ("www.example.com.", "www.example.com"),
        ("*.example.com", "*.example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("*.Bücher.example", "*.xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("faß.example", "xn--fa-hia.example"),
    ],
)
def test_dns_names_are_a_labels(given: str, normal: str) -> None:
    (wanted,) = wanted_certificates(task(san={"dns_names": [given, given]}))
    assert wanted.san["dns_names"] == [normal]


def test_ip_addresses_are_canonical() -> None:
    (wanted,) = wanted_certificates(task(san={"ip_addresses": ["2001:DB8::0:1", "192.0.2.1"]}))
    assert wanted.san["ip_addresses"] == ["2001:db8::1", "192.0.2.1"]


@pytest.mark.parametrize("given", ["0600", "600", "0o600", 0o600])
def test_modes(given: object) -> None:
    (wanted,) = wanted_certificates(task(privatekey_mode=given))
    assert wanted.privatekey_mode == 0o600


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"path": None}, ["path is not set", "fullchain_path"]),
        ({"privatekey_path": None}, ["privatekey_path is not set"]),
        ({"path": "cert.pem"}, ["path: 'cert.pem'", "absolute path"]),
        ({"path": "~/cert.pem"}, ["path: '~/cert.pem'", "absolute path"]),
        ({"path": "/etc/ssl/"}, ["path: '/etc/ssl/'", "of a file"]),
        ({"chain_path": "/etc/ssl/../ssl/cert.pem"}, ["/etc/ssl/cert.pem is named by more than"]),
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
    ],
)
def test_what_is_refused_is_said_in_words(options: dict[str, object], words: list[str]) -> None:
    with pytest.raises(AtlasError) as caught:
        wanted_certificates(task(**options))
    for word in words:
        assert word in caught.value.message


def test_an_error_says_which_item() -> None:
    items = [task(), {"path": "/b/cert.pem", "privatekey_path": "key.pem"}]
    with pytest.raises(AtlasError, match=r"certificates\[1\]\.privatekey_path: 'key.pem'"):
        wanted_certificates({"certificates": items})


def test_two_items_do_not_write_one_file() -> None:
    items = [task(), task(path="/other.pem")]
    with pytest.raises(AtlasError, match=r"/etc/ssl/key\.pem is named by more than one"):
        wanted_certificates({"certificates": items})


@pytest.mark.parametrize(
    ("renew_before", "lifetime_days", "threshold_days"),
    [
        ("auto", 200, 30),
        ("auto", 47, 47 / 3),
        ("auto", 10, 5),
        ("30d", 200, 30),
        ("72h", 200, 3),
        ("1440m", 200, 1),
        ("25%", 200, 50),
    ],
)
def test_renewal_threshold(renew_before: str, lifetime_days: int, threshold_days: float) -> None:
    assert renewal_threshold(renew_before, lifetime_days * DAY) == int(threshold_days * DAY)


@pytest.mark.parametrize(("renew_before", "so"), [("37d", False), ("38d", True), ("auto", False)])
def test_a_renewal_that_leaves_no_life(renew_before: str, so: bool) -> None:
    assert leaves_no_life(renew_before, 47 * DAY) is so
