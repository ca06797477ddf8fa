# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings of how the service behaves: what the CA makes of a request, tokens, limits."""

from __future__ import annotations

import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from .conftest import Simulator, good_request, pem_of, running

DAY = 86400
NOW = int(time.time())


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    arguments = ("--verified", "quillon.example", "--control", "127.0.0.1:0")
    with running(tmp_path_factory.mktemp("behaviour"), *arguments) as started:
        yield started


@pytest.fixture
def changing(shared: Simulator) -> Iterator[Simulator]:
    """A simulator whose settings are put back afterwards."""
    before = shared.control("GET", "/settings")
    yield shared
    shared.control("POST", "/settings", before)
    shared.renew_token()


def test_a_validity_is_kept_to_the_second(changing: Simulator) -> None:
    validity = {"not_before": NOW - 7, "not_after": NOW + 3 * DAY + 11}
    certificate = changing.certificate(changing.issue(good_request(validity=validity)))
    assert certificate.not_valid_before_utc.timestamp() == NOW - 7
    assert certificate.not_valid_after_utc.timestamp() == NOW + 3 * DAY + 11


@pytest.mark.parametrize(
    ("how", "start", "end"),
    [
        ("truncated", NOW, (NOW + 10 * DAY) // DAY * DAY),
        ("backdated", NOW - 3600, NOW + 10 * DAY),
        ("clamped", NOW, NOW + 5 * DAY),
    ],
)
def test_a_ca_may_alter_the_validity(changing: Simulator, how: str, start: int, end: int) -> None:
    changing.control("POST", "/settings", {"validity": how})
    validity = {"not_before": NOW, "not_after": NOW + 10 * DAY}
    certificate = changing.certificate(changing.issue(good_request(validity=validity)))
    assert certificate.not_valid_before_utc.timestamp() == start
    assert certificate.not_valid_after_utc.timestamp() == end


def names_of(certificate: x509.Certificate) -> list[str]:
    san = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return san.get_values_for_type(x509.DNSName)


@pytest.mark.parametrize(
    ("setting", "names"),
    [
        ({}, ["A.Quillon.example"]),
        ({"lower_case_names": True}, ["a.quillon.example"]),
        ({"add_name": True}, ["A.Quillon.example", "www.A.Quillon.example"]),
    ],
)
def test_a_ca_may_alter_names(
    changing: Simulator, setting: dict[str, bool], names: list[str]
) -> None:
    changing.control("POST", "/settings", setting)
    request = good_request(subject_dn={}, san={"dns_names": ["A.Quillon.example"]})
    assert names_of(changing.certificate(changing.issue(request))) == names


def test_the_mode_header_checks_and_issues_nothing(changing: Simulator) -> None:
    before = changing.control("GET", "/ledger")
    for mode in ("domain-validation", "Domain-Validation"):
        answer = changing.send("POST", "/certificates", good_request(), headers={"mode": mode})
        assert (answer.status, answer.document) == (204, None)
    uncovered = good_request(subject_dn={}, san={"dns_names": ["www.example.org"]})
    answer = changing.send(
        "POST", "/certificates", uncovered, headers={"mode": "domain-validation"}
    )
    assert (answer.status, list(answer.document["errors"])) == (422, ["www.example.org"])
    assert changing.control("GET", "/ledger") == before


@pytest.mark.parametrize(
    ("mode", "setting"), [("dry-run", {}), ("domain-validation", {"ignore_mode": True})]
)
def test_the_mode_header_may_be_ignored(
    changing: Simulator, mode: str, setting: dict[str, bool]
) -> None:
    changing.control("POST", "/settings", setting)
    assert changing.issue(good_request(), mode=mode)


def test_tokens_expire_as_long_as_is_set(changing: Simulator) -> None:
    changing.control("POST", "/settings", {"token_seconds": 60})
    changing.renew_token()
    assert changing.send("GET", "/trustchain").status == 200
    changing.control("POST", "/clock", {"move": 61})
    answer = changing.send("GET", "/trustchain")
    assert (answer.status, answer.description) == (401, "Token is expired")
    changing.control("POST", "/clock", {"move": -61})
    assert changing.send("GET", "/trustchain").status == 200


def test_tokens_can_outlive_a_restart(tmp_path: Path) -> None:
    with running(tmp_path, "--set", "keep_tokens=true") as first:
        token = first.token
    with running(tmp_path, "--set", "keep_tokens=true") as second:
        headers = {"Authorization": f"Bearer {token}"}
        assert second.send("GET", "/trustchain", headers=headers).status == 200


def test_claim_tokens_can_be_bare(changing: Simulator) -> None:
    changing.control("POST", "/settings", {"bare_claim_tokens": True})
    _claim_id, token = changing.claim("bare.example")
    assert len(token) == 32


def test_claims_can_be_shown_as_by_older_servers(changing: Simulator) -> None:
    claim_id, _token = changing.claim("old.example")
    changing.control("POST", "/settings", {"old_claims": True})
    claim = changing.send("GET", f"/claims/domains/{claim_id}").document
    assert sorted(claim) == [
        "assert_by",
        "created_at",
        "domain",
        "expires_at",
        "id",
        "log",
        "status",
    ]


@pytest.mark.parametrize("form", ["none", "seconds", "date"])
def test_requests_can_be_limited(changing: Simulator, form: str) -> None:
    assert changing.send("GET", "/trustchain").status == 200
    limits = {"rate_limit": 1, "rate_burst": 3, "retry_after": form}
    changing.control("POST", "/settings", limits)
    answers = [changing.send("GET", "/trustchain") for _each in range(6)]
    changing.control("POST", "/settings", {"rate_limit": 0})
    refused = [answer for answer in answers if answer.status == 429]
    assert 2 <= len(refused) <= 3
    assert refused[0].description == "Rate Limit Reached"
    told = refused[0].headers.get("Retry-After")
    if form == "none":
        assert told is None
    elif form == "seconds":
        assert told == "1"
    else:
        assert abs(parsedate_to_datetime(told).timestamp() - time.time()) < 10


def test_the_date_follows_the_clock_and_its_skew(changing: Simulator) -> None:
    changing.control("POST", "/clock", {"set": 1_900_000_000})
    changing.control("POST", "/settings", {"date_skew": 300})
    changing.renew_token()
    date = changing.send("GET", "/trustchain").headers["Date"]
    changing.control("POST", "/clock", {"set": time.time()})
    assert 0 <= parsedate_to_datetime(date).timestamp() - 1_900_000_300 < 30


def test_idle_connections_can_be_closed_early(tmp_path: Path) -> None:
    with (
        running(tmp_path, "--set", "idle_seconds=1") as simulator,
        simulator.open_request("GET", "/trustchain") as connection,
    ):
        connection.getresponse().read()
        assert connection.sock.recv(1) == b""


def test_a_ca_may_drop_usages(tmp_path: Path) -> None:
    key = rsa.generate_private_key(65537, 2048)
    request = {
        "validity": {"not_before": int(time.time())},
        "subject_dn": {"common_name": "a.devices.example"},
        "san": {"dns_names": ["a.devices.example"]},
        "extended_key_usages": ["1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.1"],
        "public_key": pem_of(key.public_key()),
    }
    arguments = ("--policy", "device", "--verified", "devices.example")
    with running(tmp_path, *arguments, "--set", "drop_usages=true") as simulator:
        certificate = simulator.certificate(simulator.issue(request))
    usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert [usage.dotted_string for usage in usages] == ["1.3.6.1.5.5.7.3.2"]


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"tokens": 1}, "tokens is no setting; there are token_seconds"),
        ({"token_seconds": "long"}, "token_seconds: long is not one of a whole number"),
        ({"token_seconds": True}, "token_seconds: True is not one of a whole number"),
        ({"old_claims": "perhaps"}, "old_claims: perhaps is not one of true or false"),
        ({"validity": "longer"}, "is not one of exact, truncated, backdated, clamped"),
        ({"revoke_again": 500}, "revoke_again: 500 is not one of 412, 409, 204"),
        ([], "the body is not a JSON object"),
    ],
)
def test_a_bad_setting_is_named(changing: Simulator, settings: Any, text: str) -> None:
    before = changing.control("GET", "/settings")
    with pytest.raises(ValueError, match=text):
        changing.control("POST", "/settings", settings)
    assert changing.control("GET", "/settings") == before
