# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Several accounts, of which none sees another's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from atlas_simulator.accounts import read_accounts
from atlas_simulator.policy.policies import READY_MADE
from cryptography import x509

from .conftest import Simulator, good_request, running
from .test_command_line import refused

ACCOUNTS = [
    {"name": "web", "policy": "dv-tls", "quota": 5, "verified": ["quillon.example"]},
    {"name": "internal", "policy": "dv-tls", "internal": True},
    {
        "name": "partner",
        "policy": "dv-tls-rsa",
        "mutual_tls": "none",
        "api_key": "e510e289e6cd8947",
        "api_secret": "a9c4f6d27be0514c83d6f10b2e97a4c5d80e3b61",
    },
    {"name": "proxied", "mutual_tls": "header"},
]


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    folder = tmp_path_factory.mktemp("accounts")
    (folder / "accounts.json").write_text(json.dumps(ACCOUNTS))
    arguments = ("--accounts", str(folder / "accounts.json"), "--control", "127.0.0.1:0")
    with running(folder / "data", *arguments) as started:
        yield started


class As:
    """The requests of one account."""

    def __init__(self, simulator: Simulator, name: str, **headers: str) -> None:
        folder = simulator.folder if name == "web" else simulator.folder / "accounts" / name
        text = (folder / "env").read_text()
        variables = dict(re.findall("^export ([A-Z_]+)='?([^'\n]*)'?$", text, re.M))
        self._simulator = simulator
        self._client = None if name in ("partner", "proxied") else str(folder / "client")
        self._headers = headers
        body = {
            "api_key": variables["ATLAS_API_KEY"],
            "api_secret": variables["ATLAS_API_SECRET"],
        }
        answer = self.send("POST", "/login", body, Authorization=None)
        assert answer.status == 200
        self._headers["Authorization"] = f"Bearer {answer.document['access_token']}"

    def send(self, method: str, path: str, body: Any = None, **headers: str | None) -> Any:
        sent = {**self._headers, **headers}
        return self._simulator.send(method, path, body, headers=sent, client=self._client)


def test_each_has_a_policy_of_its_own(several: Simulator) -> None:
    types = {
        name: As(several, name).send("GET", "/validationpolicy").document["public_key"]["key_type"]
        for name in ("web", "internal", "partner")
    }
    assert types == {"web": "ECDSA", "internal": "ECDSA", "partner": "RSA"}


def test_none_sees_what_is_another_s(several: Simulator) -> None:
    web, internal = As(several, "web"), As(several, "internal")
    path = web.send("POST", "/certificates", good_request()).headers["Location"][3:]
    assert web.send("GET", path).status == 200
    assert internal.send("GET", path).status == 404
    assert internal.send("DELETE", path).status == 404
    assert internal.send("POST", f"{path}/rekey", {}).status == 404
    reason = {"revocation_reason": "superseded"}
    assert internal.send("PATCH", path, reason).status == 404
    assert web.send("GET", path).document["status"] == "ISSUED"
    assert internal.send("GET", "/stats/issued").document == []
    assert internal.send("GET", "/counters/certificates/issued").document == {"value": 0}
    (claim,) = web.send("GET", "/claims/domains").document
    assert internal.send("GET", "/claims/domains").document == []
    claim_path = f"/claims/domains/{claim['id']}"
    assert internal.send("GET", claim_path).status == 404
    assert internal.send("DELETE", claim_path).status == 404
    for end in ("/reassert", "/dns"):
        assert internal.send("POST", claim_path + end).status == 404
    # Nor is a claim of a domain one of an address.
    assert web.send("GET", f"/claims/ipaddresses/{claim['id']}").status == 404
    assert web.send("GET", claim_path).document == claim
    assert internal.send("POST", "/claims/domains/quillon.example").status == 201


def test_each_has_a_quota_of_its_own(several: Simulator) -> None:
    several.control("POST", "/quota", {"account": "internal", "quota": 0})
    internal, web = As(several, "internal"), As(several, "web")
    assert internal.send("POST", "/certificates", good_request()).status == 402
    assert web.send("POST", "/certificates", good_request()).status == 201
    several.control("POST", "/quota", {"account": "internal", "quota": 5})


def test_a_quota_without_an_account_is_that_of_the_first(several: Simulator) -> None:
    def quotas() -> dict[str, int]:
        accounts = several.control("GET", "/state")["accounts"]
        return {name: numbers["quota"] for name, numbers in accounts.items()}

    before = quotas()
    several.control("POST", "/quota", {"quota": 77})
    assert quotas() == {**before, "web": 77}


def test_an_internal_account_needs_no_claim(several: Simulator) -> None:
    request = good_request(subject_dn={}, san={"dns_names": ["host.internal.example"]})
    assert As(several, "internal").send("POST", "/certificates", request).status == 201
    assert As(several, "web").send("POST", "/certificates", request).status == 422


def test_secrets_of_each_are_for_the_owner_only(several: Simulator) -> None:
    for name in ("internal", "partner", "proxied"):
        folder = several.folder / "accounts" / name
        assert folder.stat().st_mode & 0o777 == 0o700
        modes = {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()}
        names = ("client.crt", "client.key", "connection.json", "env")
        assert modes == dict.fromkeys(names, 0o600)


def test_a_partner_needs_no_client_certificate(several: Simulator) -> None:
    assert As(several, "partner").send("GET", "/trustchain").status == 200


def test_others_need_theirs(several: Simulator) -> None:
    web = As(several, "web")
    for client in (None, str(several.folder / "accounts/internal/client")):
        web._client = client
        assert web.send("GET", "/trustchain").status == 401


def test_a_proxy_tells_the_serial_number(several: Simulator) -> None:
    pem = (several.folder / "accounts/proxied/client.crt").read_bytes()
    serial = f"{x509.load_pem_x509_certificate(pem).serial_number:X}"
    proxied = As(several, "proxied", **{"X-SSL-Client-Serial": serial})
    assert proxied.send("GET", "/trustchain").status == 200
    for same in (serial.lower(), serial.rjust(42, "0")):
        assert proxied.send("GET", "/trustchain", **{"X-SSL-Client-Serial": same}).status == 200
    for other in ("01", serial[1:], f"{serial}0", f" 0x{serial}"):
        headers = {"X-SSL-Client-Serial": other}
        assert proxied.send("GET", "/trustchain", **headers).status == 401
    assert proxied.send("GET", "/trustchain", **{"X-SSL-Client-Serial": None}).status == 401


def test_a_file_of_accounts_is_read(tmp_path: Path) -> None:
    file = tmp_path / "accounts.json"
    entries = [{"name": "a", "quota": 0, "verified": ["Quillon.Example."]}, {"name": "b"}]
    file.write_text(json.dumps(entries))
    first, second = read_accounts(file)
    assert (first.name, first.quota, first.verified) == ("a", 0, ("quillon.example",))
    assert first.policy == second.policy == READY_MADE["dv-tls"]
    assert (second.quota, second.verified, second.internal) == (1_000_000, (), False)
    assert (second.mutual_tls, second.api_key, second.api_secret) == ("certificate", "", "")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("{", "cannot be read as JSON"),
        ("[]", "does not hold a list of accounts"),
        ("[1]", "[0] in"),
        ("[{}]", "has no name"),
        ('[{"name": "a b"}]', "name of [0]"),
        ('[{"name": "a", "quota": -1}]', "quota of [0]"),
        ('[{"name": "a", "mutual_tls": "maybe"}]', "certificate, header, none"),
        ('[{"name": "a", "verified": ["localhost"]}]', "a list of domains"),
        ('[{"name": "a", "api_key": "secret"}]', "16 hex digits"),
        ('[{"name": "a", "limit": 1}]', "limit of [0]"),
        ('[{"name": "a"}, {"name": "a"}]', "names an account twice"),
        ('[{"name": "a", "policy": "none"}]', "neither a file nor a ready-made policy"),
    ],
)
def test_a_bad_file_of_accounts_is_named(tmp_path: Path, content: str, text: str) -> None:
    (tmp_path / "accounts.json").write_text(content)
    arguments = ("--accounts", str(tmp_path / "accounts.json"))
    assert text in refused(tmp_path / "data", *arguments)


def test_a_file_of_accounts_excludes_options_of_one(tmp_path: Path) -> None:
    arguments = ("--accounts", str(tmp_path / "accounts.json"), "--policy", "dv-tls")
    assert "leave out --policy and --verified" in refused(tmp_path / "data", *arguments)
