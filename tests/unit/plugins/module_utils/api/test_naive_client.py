# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mistakes of a naive client (API reference, section 7.1): a test for each, by its number."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding

from ansible_collections.globalsign.atlas.plugins.module_utils.api import retry
from ansible_collections.globalsign.atlas.plugins.module_utils.api import session as session_module
from ansible_collections.globalsign.atlas.plugins.module_utils.api.client import (
    Client,
    SerialNumber,
    txt_value,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.api.errors import ApiError
from ansible_collections.globalsign.atlas.plugins.module_utils.api.policy.check import check_request
from ansible_collections.globalsign.atlas.plugins.module_utils.api.policy.completion import complete
from ansible_collections.globalsign.atlas.plugins.module_utils.api.policy.model import Policy
from ansible_collections.globalsign.atlas.plugins.module_utils.api.request import CertificateRequest
from ansible_collections.globalsign.atlas.plugins.module_utils.domains.coverage import (
    covering_claim,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import keys

SERIAL = "01CFABDF1EBA6325930BF8B6FFD89F12"
CLAIM_ID = "0136017F938B709EE80A67B80183B83F"
CERTIFICATES = f"/certificates/{SERIAL}"
CLAIM = f"/claims/domains/{CLAIM_ID}"
ISSUED = {
    "certificate": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
    "status": "ISSUED",
    "updated_at": 1,
}
NOW = 1_800_000_000


@pytest.fixture
def client(bench: Any, server: Any, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(retry, "sleep", lambda _seconds: None)
    return Client(bench.session(server, retries=2))


def accepted(bench: Any, location: str = f"/v2/certificates/{SERIAL}", body: Any = None) -> Any:
    return bench.reply(201, body, {"Location": location})


def request(**sections: Any) -> CertificateRequest:
    return CertificateRequest.of({"validity": {"not_before": NOW}, "subject_dn": {}, **sections})


def claim(**members: Any) -> dict[str, Any]:
    known = {"id": CLAIM_ID, "status": "VERIFIED", "domain": "Example.com.", "created_at": 1}
    return {**known, "expires_at": NOW * 2, **members}


def test_01_logs_in_and_sends_no_key_in_headers(bench: Any, server: Any, client: Client) -> None:
    server.on("GET", "/quotas/issuance", bench.reply(200, {"value": 1}))
    client.quota()
    login, call = server.seen
    assert set(json.loads(login.body)) == {"api_key", "api_secret"}
    assert call.headers["authorization"] == f"Bearer {call.token}"
    for seen in server.seen:
        assert bench.api_secret not in str(seen.headers)


def test_02_says_the_charset(bench: Any, server: Any, client: Client) -> None:
    server.on("POST", "/certificates", accepted(bench))
    client.request_certificate({"public_key": "KEY"})
    for seen in server.seen:
        assert seen.headers["content-type"] == "application/json;charset=utf-8"


def test_03_does_not_look_into_the_token(
    bench: Any, server: Any, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    claims = base64.urlsafe_b64encode(b'{"exp":1}').decode().rstrip("=")
    server.on("POST", "/login", bench.reply(200, {"access_token": f"e30.{claims}.x"}))
    server.on("GET", "/quotas/issuance", bench.reply(200, {"value": 1}))
    client.quota()
    client.quota()
    assert server.logins == 1
    monkeypatch.setattr(session_module, "TOKEN_SECONDS", -1)
    client.quota()
    assert server.logins == 2


def test_04_shows_its_certificate_at_the_login_too(bench: Any, server: Any) -> None:
    """The server of these tests refuses whoever has none."""
    bare = bench.tls()
    assert server.context.verify_mode.name == "CERT_REQUIRED"
    server.on("GET", "/quotas/issuance", bench.reply(200, {"value": 1}))
    assert Client(bench.session(server, bare)).quota() == 1
    assert {seen.connection for seen in server.seen} == {1}


def test_05_finds_the_serial_number_in_location_alone(
    bench: Any, server: Any, client: Client
) -> None:
    server.on("POST", "/certificates", accepted(bench, body={"serial_number": "0F" * 16}))
    assert client.request_certificate({}).text == SERIAL


@pytest.mark.parametrize(
    "location",
    [f"/v2{CERTIFICATES}", f"https://other.example/v2{CERTIFICATES}", CERTIFICATES, SERIAL],
)
def test_06_takes_the_last_segment_alone(
    bench: Any, server: Any, client: Client, location: str
) -> None:
    server.on("POST", "/certificates", accepted(bench, location))
    server.on("GET", CERTIFICATES, bench.reply(200, ISSUED))
    assert client.certificate(client.request_certificate({})) is not None


def test_07_sends_the_csr_as_public_key() -> None:
    body = request(public_key="-----BEGIN CERTIFICATE REQUEST-----\nMIHV").body()
    assert body["public_key"].startswith("-----BEGIN CERTIFICATE REQUEST")
    assert "csr" not in body


def test_08_repeats_names_beside_the_csr() -> None:
    names = {"dns_names": ["www.example.com"]}
    made = request(public_key="CSR", san=names, subject_dn={"common_name": "www.example.com"})
    assert made.body()["san"] == names
    assert made.body()["subject_dn"] == {"common_name": "www.example.com"}


def test_09_leaves_out_what_is_static() -> None:
    rule = {"organization": {"presence": "STATIC", "format": "Quillon"}}
    policy = Policy.parse({"subject_dn": rule})
    same = request(subject_dn={"organization": "Quillon"})
    assert complete(policy, same).request.body()["subject_dn"] == {}
    other = check_request(policy, request(subject_dn={"organization": "Other"}))
    assert [violation.path for violation in other.violations] == ["subject_dn.organization"]


def test_10_leaves_out_what_is_empty() -> None:
    empty = request(
        subject_dn={"state": "", "locality": None, "organizational_unit": []},
        san={"dns_names": [], "other_names": None},
        key_usages={},
        signature={"hash_algorithm": None},
    )
    assert empty.body() == {"validity": {"not_before": NOW}, "subject_dn": {}}


def test_11_always_says_the_start() -> None:
    assert request().body()["validity"] == {"not_before": NOW}
    assert CertificateRequest({}, {}, NOW, NOW + 9).body()["validity"]["not_before"] == NOW


def test_12_stays_below_the_longest_lifetime() -> None:
    policy = Policy.parse({"validity": {"secondsmax": 200 * 86400}})
    end = complete(policy, request()).request.not_after
    assert end is not None
    assert end - NOW < 200 * 86400


@pytest.mark.parametrize("kind", [keys.KeyKind("ECDSA", 384), keys.KeyKind("RSA", 2048)])
def test_13_proves_possession_with_sha_256_over_the_der(kind: keys.KeyKind) -> None:
    key = keys.generate(kind)
    proof = base64.b64decode(keys.prove_possession(key), validate=True)
    public_key: Any = key.public_key()
    der = public_key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    if kind.key_type == "RSA":
        public_key.verify(proof, der, padding.PKCS1v15(), hashes.SHA256())
    else:
        public_key.verify(proof, der, ec.ECDSA(hashes.SHA256()))


def test_14_sends_a_subject_public_key_info() -> None:
    key = keys.generate(keys.KeyKind("RSA", 2048))
    assert keys.public_key_pem(key.public_key()).startswith("-----BEGIN PUBLIC KEY-----")


def test_15_waits_while_it_is_202(bench: Any, server: Any, client: Client) -> None:
    unready = bench.reply(202, {"description": "Operation in Progress"})
    server.on("GET", CERTIFICATES, unready, bench.reply(200, ISSUED))
    assert client.certificate(SERIAL) is None
    assert client.certificate(SERIAL) is not None


def test_16_does_not_take_201_for_verified(bench: Any, server: Any, client: Client) -> None:
    server.on("POST", f"{CLAIM}/dns", bench.reply(201))
    assert client.assert_claim_dns(CLAIM_ID) is False


def test_17_sends_no_empty_authorization_domain(bench: Any, server: Any, client: Client) -> None:
    server.on("POST", f"{CLAIM}/dns", bench.reply(201))
    client.assert_claim_dns(CLAIM_ID, "")
    assert server.seen[-1].body == b""


@pytest.mark.parametrize("given", [SERIAL.lower(), SERIAL[1:], str(int(SERIAL, 16))])
def test_18_asks_with_32_digits(bench: Any, server: Any, client: Client, given: str) -> None:
    server.on("GET", CERTIFICATES, bench.reply(200, ISSUED))
    assert client.certificate(given) is not None
    assert SerialNumber(given).text == given


def test_19_compares_domains_without_their_last_dot(
    bench: Any, server: Any, client: Client
) -> None:
    server.on("GET", CLAIM, bench.reply(200, claim(last_verification_method="DNS")))
    assert covering_claim("www.example.com", [client.claim(CLAIM_ID)], NOW) is not None


def test_20_adds_the_prefix_once() -> None:
    assert txt_value(txt_value("ABC")) == txt_value("ABC") == "globalsign-domain-verification=ABC"


def test_21_renews_by_reasserting(bench: Any, server: Any, client: Client) -> None:
    server.on("POST", "/claims/domains/example.com", bench.reply(409, {"description": "exists"}))
    server.on("POST", f"{CLAIM}/reassert", bench.reply(200, {"token": "NEW"}))
    with pytest.raises(ApiError) as caught:
        client.create_claim("example.com")
    assert (caught.value.status, len(server.requests("POST", "/claims/domains/example.com"))) == (
        409,
        1,
    )
    assert client.reassert_claim(CLAIM_ID).token == "NEW"


def test_22_and_24_keeps_to_pages_and_windows_and_states_them(
    bench: Any, server: Any, client: Client
) -> None:
    end = 31 * 86400
    server.otherwise = lambda seen: (
        bench.reply(200, [], {"Total-Count": "0"}) if seen.method == "GET" else None
    )
    assert list(client.issued_between(0, end)) == []
    assert [seen.target for seen in server.seen[1:]] == [
        f"/v2/stats/issued?from=0&to={30 * 86400}&page=1&per_page=100",
        f"/v2/stats/issued?from={30 * 86400}&to={end}&page=1&per_page=100",
    ]


def test_23_reads_the_total_count(bench: Any, server: Any, client: Client) -> None:
    link = {"Total-Count": "1", "Link": '</claims/domains?page=2>; rel="next"'}
    server.on("GET", "/claims/domains?page=1&per_page=100", bench.reply(200, [claim()], link))
    assert len(list(client.claims())) == 1
    assert len(server.seen) == 2


def test_25_asks_for_the_chain_each_time(bench: Any, server: Any, client: Client) -> None:
    pem = ISSUED["certificate"]
    server.on("GET", "/trustchain", bench.reply(200, [pem]), bench.reply(200, [pem, pem]))
    assert (len(client.trust_chain()), len(client.trust_chain())) == (1, 2)


@pytest.mark.parametrize("status", [402, 422])
def test_26_takes_what_is_final_for_final(
    bench: Any, server: Any, client: Client, status: int
) -> None:
    server.on("POST", "/certificates", bench.reply(status, {"description": "no"}))
    if status == 402:
        server.on("GET", "/quotas/issuance", bench.reply(200, {"value": 0}))
    with pytest.raises(ApiError):
        client.request_certificate({})
    assert len(server.requests("POST", "/certificates")) == 1


def test_27_does_not_log_in_for_ever(server: Any, client: Client) -> None:
    server.accepts = lambda _token: False
    with pytest.raises(ApiError):
        client.quota()
    assert server.logins == 2


@pytest.mark.parametrize("reason", ["key_compromise", "KeyCompromise", "1", "Superseded"])
def test_28_knows_the_reasons_in_one_spelling(server: Any, client: Client, reason: str) -> None:
    with pytest.raises(AtlasError, match=r"^reason: "):
        client.revoke(SERIAL, reason)
    assert server.seen == []


def test_29_knows_what_a_proof_over_http_covers(bench: Any, server: Any, client: Client) -> None:
    server.on("GET", CLAIM, bench.reply(200, claim(last_verification_method="HTTP")))
    claims = [client.claim(CLAIM_ID)]
    assert covering_claim("example.com", claims, NOW) is not None
    assert covering_claim("www.example.com", claims, NOW) is None
    assert covering_claim("*.example.com", claims, NOW) is None


def test_30_calls_the_template_id() -> None:
    rule = {"template_id": {"presence": "REQUIRED", "format": "^[0-9.]+$"}}
    policy = Policy.parse({"ms_extension_template": rule})
    sent = request(ms_extension_template={"id": "not one", "major_version": 1})
    paths = [violation.path for violation in check_request(policy, sent).violations]
    assert paths == ["ms_extension_template.id"]
    assert sent.body()["ms_extension_template"]["id"] == "not one"


def test_31_sends_other_names_as_a_list() -> None:
    entry = {"type": "1.3.6.1.4.1.311.20.2.3", "value": "ida@quillon.example"}
    rule = {entry["type"]: {"value_type": "UTF8STRING", "value_format": ".*", "maxcount": 1}}
    policy = Policy.parse({"san": {"other_names": rule}})
    sent = request(san={"other_names": [entry]})
    assert sent.body()["san"]["other_names"] == [entry]
    assert check_request(policy, sent).violations == ()


def test_32_understands_statuses_in_any_case(bench: Any, server: Any, client: Client) -> None:
    server.on("GET", CERTIFICATES, bench.reply(200, {**ISSUED, "status": "revoked"}))
    certificate = client.certificate(SERIAL)
    assert certificate is not None
    assert certificate.status == "REVOKED"


def test_33_shows_the_reason_for_each_name(bench: Any, server: Any, client: Client) -> None:
    errors = {"a.example": "no claim"}
    server.on("POST", "/certificates", bench.reply(422, {"description": "san", "errors": errors}))
    with pytest.raises(ApiError, match=r"a\.example: no claim") as caught:
        client.request_certificate({})
    assert caught.value.errors == errors


def test_34_writes_a_birthday_as_a_date() -> None:
    rule = {"date_of_birth": "OPTIONAL"}
    policy = Policy.parse({"subject_da": rule})
    for value, is_refused in (("1984-02-29", False), ("446860800", True)):
        verdict = check_request(policy, request(subject_da={"date_of_birth": value}))
        assert bool(verdict.violations) == is_refused
