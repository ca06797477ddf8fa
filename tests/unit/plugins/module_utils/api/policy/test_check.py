# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the validation policy says of a request, and where it leaves the word to the service."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api.policy.check import (
    check_request,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.api.policy.completion import complete
from ansible_collections.globalsign.atlas.plugins.module_utils.api.policy.key_choice import (
    KeyChoice,
    choose_key,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.api.policy.model import Policy
from ansible_collections.globalsign.atlas.plugins.module_utils.api.policy.verdict import (
    PolicyError,
    Violation,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.api.request import (
    CertificateRequest,
)

NOT_BEFORE = 1795430400
REQUEST = CertificateRequest({}, {}, NOT_BEFORE)
CSR = "-----BEGIN CERTIFICATE REQUEST-----\nMIHV\n-----END CERTIFICATE REQUEST-----"
PEM = "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----"


def string_rule(presence: Any, text: Any = "") -> dict[str, Any]:
    return {"presence": presence, "format": text}


def list_rule(entries: Any, mincount: Any = 0, maxcount: Any = 5, static: Any = False) -> Any:
    return {"static": static, "list": entries, "mincount": mincount, "maxcount": maxcount}


def subject_policy(**rules: Any) -> Policy:
    return Policy.parse({"subject_dn": rules})


def san_policy(**rules: Any) -> Policy:
    return Policy.parse({"san": rules})


def with_subject(**members: Any) -> CertificateRequest:
    return replace(REQUEST, subject_dn=members)


def with_san(**lists: tuple[str, ...]) -> CertificateRequest:
    return replace(REQUEST, san=lists)


def refused(policy: Policy, request: CertificateRequest) -> list[Violation]:
    return list(check_request(policy, request).violations)


def paths(violations: list[Violation]) -> list[str]:
    return [violation.path for violation in violations]


class TestReading:
    @pytest.mark.parametrize(
        "document",
        [
            {},
            {"validity": None, "subject_dn": None, "san": None, "public_key": None},
            {"validity": [], "subject_dn": "x", "san": 7, "public_key": True},
            {"subject_dn": {"common_name": None, "country": "NL", "organizational_unit": []}},
            {"san": {"dns_names": None, "other_names": None, "critical": False}},
            {"san": {"other_names": {"1.3.6.1.4.1.311.20.2.3": {"static": False}}}},
            {"public_key": {"key_type": 7, "allowed_lengths": "2048", "key_format": None}},
            {"validity": {"secondsmax": "many", "secondsmin": -1, "issuer_expiry": True}},
            {"subject_dn": {"common_name": string_rule("SOMETIMES", 7)}},
            {"san": {"dns_names": list_rule(None, None, None, None)}},
            {"san": {"dns_names": list_rule([7, None], "0", "5", "false")}},
            {"public_key_signature": "PERHAPS", "new_section": {"new": [1]}},
        ],
    )
    def test_what_is_absent_null_or_unknown_refuses_nothing(self, document: Any) -> None:
        policy = Policy.parse(document)
        request = replace(
            REQUEST,
            subject_dn={"common_name": "www.example.com", "organizational_unit": ["Lab 7"]},
            san={"dns_names": ("www.example.com",), "ip_addresses": ("192.0.2.1",)},
            not_after=NOT_BEFORE + 86400,
            public_key=PEM,
        )
        assert refused(policy, request) == []
        assert complete(policy, request).request == request
        assert choose_key(policy.key, "auto", None) == KeyChoice("ECDSA", 256)
        assert policy.validity.longest(NOT_BEFORE) is None
        assert policy.validity.not_before_negative_skew is None
        assert not policy.wants_csr
        assert not policy.wants_proof
        assert not policy.requires_common_name

    def test_the_whole_document_is_kept(self) -> None:
        document = {"validity": {"secondsmin": 60, "new": 1}, "new_section": {"new": [1]}}
        assert Policy.parse(document).document == document

    def test_a_real_policy(self) -> None:
        """That of the reference, section 3.2, "for calibration"."""
        forbidden = string_rule("FORBIDDEN")
        policy = Policy.parse(
            {
                "validity": {
                    "secondsmin": 60,
                    "secondsmax": 7776000,
                    "not_before_negative_skew": 200,
                    "not_before_positive_skew": 200,
                },
                "subject_dn": {
                    "common_name": string_rule("REQUIRED", r"^[a-zA-Z0-9\ \-\.\\s]+$"),
                    "organization": string_rule("STATIC", "GMO GlobalSign"),
                    "country": string_rule("STATIC", "GB"),
                    "state": forbidden,
                    "locality": forbidden,
                    "email": forbidden,
                    "organizational_unit": list_rule(["^.*$"], 0, 3),
                    "extra_attributes": {},
                },
                "san": {
                    "dns_names": list_rule(["."], 0, 5),
                    "emails": list_rule([], 0, 0),
                    "ip_addresses": list_rule([], 0, 0),
                    "uris": list_rule([], 0, 0),
                    "other_names": None,
                },
                "extended_key_usages": {"ekus": list_rule(["1.3.6.1.5.5.7.3.1"], 1, 1, True)},
                "custom_extensions": {},
                "public_key": {
                    "key_type": "RSA",
                    "allowed_lengths": [2048, 3072, 4096],
                    "key_format": "PKCS8",
                },
                "public_key_signature": "FORBIDDEN",
            }
        )
        good = replace(
            REQUEST,
            subject_dn={"common_name": "www.example.com", "organizational_unit": ["a", "b"]},
            san={"dns_names": ("www.example.com", "*.example.com")},
            not_after=NOT_BEFORE + 7776000,
            public_key=PEM,
        )
        assert refused(policy, good) == []
        assert choose_key(policy.key, "auto", None) == KeyChoice("RSA", 2048)
        assert policy.requires_common_name
        assert not policy.wants_proof
        assert policy.validity.not_before_negative_skew == 200
        assert policy.validity.longest(NOT_BEFORE) == 7776000
        bad = replace(
            good,
            subject_dn={"country": "NL", "email": "a@b.example"},
            san={
                "dns_names": tuple(f"{n}.example" for n in range(6)),
                "uris": ("https://x.example/",),
            },
            public_key_signature="MEUC",
        )
        assert set(paths(refused(policy, bad))) == {
            "subject_dn.common_name",
            "subject_dn.country",
            "subject_dn.email",
            "san.dns_names",
            "san.uris",
            "public_key_signature",
        }


class TestSubject:
    @pytest.mark.parametrize(
        ("rule", "value", "is_refused"),
        [
            (string_rule("REQUIRED", "^x$"), None, True),
            (string_rule("REQUIRED", "^x$"), "", True),
            (string_rule("required", "^x$"), None, True),
            (string_rule("REQUIRED", "^x$"), "does not match", True),
            (string_rule("OPTIONAL", "^x$"), None, False),
            (string_rule("OPTIONAL", "^x$"), "does not match", True),
            (string_rule("FORBIDDEN", ""), "NL", True),
            (string_rule("FORBIDDEN", "^NL$"), "NL", True),
            (string_rule("Forbidden", ""), "NL", True),
            (string_rule("FORBIDDEN", ""), None, False),
            (string_rule("FORBIDDEN", ""), "", False),
            (string_rule("STATIC", "NL"), "DE", True),
            (string_rule("STATIC", ""), "DE", False),
            (string_rule("STATIC", "NL"), "NL", False),
            (string_rule("STATIC", "NL"), None, False),
        ],
    )
    def test_presence(self, rule: Any, value: Any, is_refused: bool) -> None:
        request = with_subject() if value is None else with_subject(country=value)
        violations = refused(subject_policy(country=rule), request)
        assert paths(violations) == (["subject_dn.country"] if is_refused else [])

    @pytest.mark.parametrize(
        ("rule", "units", "is_refused"),
        [
            (list_rule(["^Lab [0-9]$"], 0, 2), ["no lab", "Lab 1"], True),
            (list_rule(["^.*$"], 0, 2), ["a", "b", "c"], True),
            (list_rule(["^.*$"], 1, 2), [], True),
            (list_rule([], 0, 0), ["a"], True),
            (list_rule(["Lab 7"], 1, 1, True), ["Lab 8"], True),
            (list_rule(["Lab 7"], 1, 1, True), ["lab 7"], False),
            (list_rule(["Lab 7"], 1, 1, True), ["Lab 7"], False),
            (list_rule(["Lab 7"], 1, 1, True), [], False),
        ],
    )
    def test_organizational_units(self, rule: Any, units: list[str], is_refused: bool) -> None:
        policy = subject_policy(organizational_unit=rule)
        violations = refused(policy, with_subject(organizational_unit=units))
        assert paths(violations) == (["subject_dn.organizational_unit"] if is_refused else [])


class TestNames:
    @pytest.mark.parametrize(
        ("entries", "name", "is_refused"),
        [
            (["."], "anything.example", False),
            ([".example.com"], "www.example.com", False),
            ([".example.com"], "*.example.com", False),
            ([".example.com"], "example.com", False),
            ([".example.com"], "WWW.Example.COM", False),
            ([".Example.com"], "www.example.com", False),
            ([".example.com."], "www.example.com", False),
            ([".example.com"], "www.example.org", True),
            ([".example.com"], "badexample.com", True),
            ([".example.com"], "example.com.evil.example", True),
            (["example.com"], "www.example.com", False),
            (["example.com"], "badexample.com", False),
            (["example.com"], "example.org", True),
            (["www.example.com"], "*.example.com", True),
            (["a.example", ".b.example"], "x.b.example", False),
            (["a.example", ".b.example"], "x.c.example", True),
            ([], "www.example.com", False),
            (["^.*\\.example\\.com$"], "www.example.org", True),
            (["*.example.com"], "www.example.org", False),
            (["(a|b).example"], "www.example.org", True),
            (["www[0-9].example"], "www.example.org", True),
            ([".b\u00fccher.example"], "www.xn--bcher-kva.example", False),
            ([".example.com", "^.*$"], "www.example.org", False),
        ],
    )
    def test_dns_names(self, entries: list[str], name: str, is_refused: bool) -> None:
        """Refused only where no reading of the suffix admits the name."""
        violations = refused(san_policy(dns_names=list_rule(entries)), with_san(dns_names=(name,)))
        assert paths(violations) == (["san.dns_names"] if is_refused else [])

    @pytest.mark.parametrize(
        ("entries", "name", "is_refused"),
        [
            (["@quillon.example"], "ida@quillon.example", False),
            (["@quillon.example"], "Ida@Quillon.Example", False),
            (["quillon.example"], "ida@quillon.example", False),
            ([".quillon.example"], "ida@mail.quillon.example", False),
            (["@quillon.example"], "ida@mail.quillon.example", True),
            (["@quillon.example"], "ida@quillon.example.org", True),
            (["^[a-z]+@quillon\\.example$"], "ida@other.example", True),
            (["."], "ida@other.example", False),
        ],
    )
    def test_emails(self, entries: list[str], name: str, is_refused: bool) -> None:
        violations = refused(san_policy(emails=list_rule(entries)), with_san(emails=(name,)))
        assert paths(violations) == (["san.emails"] if is_refused else [])

    @pytest.mark.parametrize(
        ("mincount", "maxcount", "count", "is_refused"),
        [
            (1, 2, 0, True),
            (1, 2, 1, False),
            (1, 2, 2, False),
            (1, 2, 3, True),
            (0, 0, 1, True),
            (0, 0, 0, False),
            (None, None, 9, False),
        ],
    )
    @pytest.mark.parametrize("kind", ["dns_names", "emails", "ip_addresses", "uris"])
    def test_counts(
        self, kind: str, mincount: Any, maxcount: Any, count: int, is_refused: bool
    ) -> None:
        policy = san_policy(**{kind: list_rule(["."], mincount, maxcount)})
        violations = refused(
            policy, with_san(**{kind: tuple(f".{number}" for number in range(count))})
        )
        assert paths(violations) == ([f"san.{kind}"] if is_refused else [])

    def test_static_names(self) -> None:
        policy = san_policy(dns_names=list_rule(["a.example", "b.example"], 2, 2, True))
        assert refused(policy, with_san()) == []
        assert refused(policy, with_san(dns_names=("B.example", "a.example"))) == []
        assert paths(refused(policy, with_san(dns_names=("a.example",)))) == ["san.dns_names"]


class TestValidity:
    @pytest.mark.parametrize(
        ("validity", "seconds", "is_refused"),
        [
            ({"secondsmin": 3600, "secondsmax": 7200}, None, False),
            ({"secondsmin": 3600, "secondsmax": 7200}, 3598, True),
            ({"secondsmin": 3600, "secondsmax": 7200}, 3600, False),
            ({"secondsmin": 3600, "secondsmax": 7200}, 7200, False),
            ({"secondsmin": 3600, "secondsmax": 7200}, 7201, True),
            ({"issuer_expiry": NOT_BEFORE + 100}, 100, False),
            ({"issuer_expiry": NOT_BEFORE + 100}, 101, True),
            ({"secondsmax": 0, "issuer_expiry": 0}, 10**9, False),
        ],
    )
    def test_bounds(self, validity: Any, seconds: int | None, is_refused: bool) -> None:
        not_after = None if seconds is None else NOT_BEFORE + seconds
        violations = refused(
            Policy.parse({"validity": validity}), replace(REQUEST, not_after=not_after)
        )
        assert paths(violations) == (["validity.not_after"] if is_refused else [])

    @pytest.mark.parametrize(
        ("validity", "longest"),
        [
            ({}, None),
            ({"secondsmax": 7200}, 7200),
            ({"issuer_expiry": NOT_BEFORE + 100}, 100),
            ({"secondsmax": 7200, "issuer_expiry": NOT_BEFORE + 100}, 100),
            ({"secondsmax": 50, "issuer_expiry": NOT_BEFORE + 100}, 50),
            ({"secondsmax": 7200, "issuer_expiry": 0}, 7200),
        ],
    )
    def test_the_longest(self, validity: Any, longest: int | None) -> None:
        assert Policy.parse({"validity": validity}).validity.longest(NOT_BEFORE) == longest


class TestCompleting:
    def test_what_the_service_adds_is_left_out(self) -> None:
        policy = Policy.parse(
            {
                "subject_dn": {
                    "country": string_rule("STATIC", "NL"),
                    "organization": string_rule("STATIC", "Quillon"),
                    "state": string_rule("OPTIONAL", "Utrecht"),
                    "organizational_unit": list_rule(["Lab 7", "Lab 8"], 2, 2, True),
                },
                "san": {
                    "dns_names": list_rule(["a.example"], 1, 1, True),
                    "emails": list_rule(["@a.example"], 0, 1),
                },
            }
        )
        request = replace(
            REQUEST,
            subject_dn={
                "common_name": "a.example",
                "country": "NL",
                "organization": "Another",
                "state": "Utrecht",
                "organizational_unit": ["Lab 8", "Lab 7"],
            },
            san={"dns_names": ("A.example",), "emails": ("@a.example",), "uris": ("u",)},
        )
        completed = complete(policy, request).request
        assert completed.subject_dn == {
            "common_name": "a.example",
            "organization": "Another",
            "state": "Utrecht",
        }
        assert completed.san == {"emails": ("@a.example",), "uris": ("u",)}
        assert paths(refused(policy, completed)) == ["subject_dn.organization"]
        assert request.subject_dn["country"] == "NL"


class TestProof:
    @pytest.mark.parametrize(
        ("presence", "key_format", "wants_proof", "wants_csr"),
        [
            ("REQUIRED", "PKCS8", True, False),
            ("required", "pkcs8", True, False),
            ("REQUIRED", None, True, False),
            ("OPTIONAL", "PKCS8", True, False),
            ("FORBIDDEN", "PKCS8", False, False),
            ("STATIC", "PKCS8", False, False),
            (None, "PKCS8", False, False),
            ("REQUIRED", "PKCS10", False, True),
            ("FORBIDDEN", "pkcs10", False, True),
        ],
    )
    def test_what_is_wanted(
        self, presence: Any, key_format: Any, wants_proof: bool, wants_csr: bool
    ) -> None:
        policy = Policy.parse(
            {"public_key_signature": presence, "public_key": {"key_format": key_format}}
        )
        assert (policy.wants_proof, policy.wants_csr) == (wants_proof, wants_csr)

    @pytest.mark.parametrize(
        ("presence", "key_format", "key", "proof", "is_refused"),
        [
            ("REQUIRED", "PKCS8", PEM, None, True),
            ("REQUIRED", "PKCS8", PEM, "MEUC", False),
            ("REQUIRED", "PKCS8", None, None, False),
            ("FORBIDDEN", "PKCS8", PEM, "MEUC", True),
            ("FORBIDDEN", "PKCS8", PEM, None, False),
            ("OPTIONAL", "PKCS8", PEM, None, False),
            ("OPTIONAL", "PKCS8", PEM, "MEUC", False),
            ("REQUIRED", "PKCS10", CSR, None, False),
        ],
    )
    def test_presence(
        self, presence: str, key_format: str, key: Any, proof: Any, is_refused: bool
    ) -> None:
        policy = Policy.parse(
            {"public_key_signature": presence, "public_key": {"key_format": key_format}}
        )
        violations = refused(policy, replace(REQUEST, public_key=key, public_key_signature=proof))
        assert paths(violations) == (["public_key_signature"] if is_refused else [])


class TestKeys:
    @pytest.mark.parametrize(
        ("allowed_type", "lengths", "asked_type", "asked_bits", "expected"),
        [
            ("RSA", [4096, 2048, 3072], "auto", None, KeyChoice("RSA", 2048)),
            ("rsa", [4096, 3072], "auto", None, KeyChoice("RSA", 3072)),
            ("RSA", [1024, 2048], "auto", None, KeyChoice("RSA", 2048)),
            ("RSA", [2048, 4096], "RSA", 4096, KeyChoice("RSA", 4096)),
            ("RSA", [2048, 4096], "auto", 4096, KeyChoice("RSA", 4096)),
            ("RSA", [8192], "RSA", None, KeyChoice("RSA", 8192)),
            ("RSA", [], "auto", None, KeyChoice("RSA", 2048)),
            ("RSA", None, "RSA", 3072, KeyChoice("RSA", 3072)),
            ("ECDSA", [521, 384, 256], "auto", None, KeyChoice("ECDSA", 256)),
            ("ECDSA", [384, 521], "auto", None, KeyChoice("ECDSA", 384)),
            ("ECDSA", [224, 256], "ECDSA", None, KeyChoice("ECDSA", 256)),
            ("ECDSA", [256, 384], "ECDSA", 384, KeyChoice("ECDSA", 384)),
            (None, None, "auto", None, KeyChoice("ECDSA", 256)),
            (None, None, "RSA", None, KeyChoice("RSA", 2048)),
            (None, None, "auto", 4096, KeyChoice("RSA", 4096)),
            ("ED448", None, "auto", None, KeyChoice("ECDSA", 256)),
        ],
    )
    def test_a_choice(
        self, allowed_type: Any, lengths: Any, asked_type: str, asked_bits: Any, expected: KeyChoice
    ) -> None:
        policy = Policy.parse(
            {"public_key": {"key_type": allowed_type, "allowed_lengths": lengths}}
        )
        assert choose_key(policy.key, asked_type, asked_bits) == expected

    @pytest.mark.parametrize(
        ("allowed_type", "lengths", "asked_type", "asked_bits", "text"),
        [
            (
                "RSA",
                [2048],
                "ECDSA",
                None,
                "privatekey_type: 'ECDSA' is not what the validation policy allows; give RSA, or"
                " auto.",
            ),
            (
                "RSA",
                [3072, 4096],
                "auto",
                2048,
                "privatekey_size: '2048' is not a size that the validation policy allows; give 3072"
                " (RSA) or 4096 (RSA), or leave it out.",
            ),
            (
                "ECDSA",
                [256, 384],
                "ECDSA",
                521,
                "privatekey_size: '521' is not a size that the validation policy allows; give 256"
                " (ECDSA) or 384 (ECDSA), or leave it out.",
            ),
            (
                "RSA",
                [16384, 1000000],
                "auto",
                None,
                "privatekey_type: 'auto' finds no usable key in the validation policy, which allows"
                " RSA 16384, 1000000; the account needs a policy with RSA of 2048 to 8192 bits, or"
                " with P-256, P-384 or P-521.",
            ),
            (
                "RSA",
                [8192, 8193],
                "auto",
                8193,
                "privatekey_size: '8193' is not a size that the validation policy allows; give 8192"
                " (RSA), or leave it out.",
            ),
            (
                "RSA",
                [1024],
                "auto",
                None,
                "privatekey_type: 'auto' finds no usable key in the validation policy, which allows"
                " RSA 1024; the account needs a policy with RSA of 2048 to 8192 bits, or with"
                " P-256, P-384 or P-521.",
            ),
        ],
    )
    def test_none(
        self, allowed_type: str, lengths: list[int], asked_type: str, asked_bits: Any, text: str
    ) -> None:
        policy = Policy.parse(
            {"public_key": {"key_type": allowed_type, "allowed_lengths": lengths}}
        )
        with pytest.raises(PolicyError) as caught:
            choose_key(policy.key, asked_type, asked_bits)
        assert caught.value.message == text
        assert text.startswith(caught.value.violations[0].path)


class TestSentences:
    @pytest.mark.parametrize(
        ("policy", "request_", "sentence"),
        [
            (
                subject_policy(common_name=string_rule("REQUIRED", "^x$")),
                with_subject(),
                "subject.common_name: is required by the validation policy; state it.",
            ),
            (
                subject_policy(email=string_rule("FORBIDDEN")),
                with_subject(email="a@b.example"),
                "subject.email: 'a@b.example' is forbidden by the validation policy; leave it out.",
            ),
            (
                subject_policy(country=string_rule("STATIC", "NL")),
                with_subject(country="DE"),
                "subject.country: 'DE' is not what the validation policy fixes; leave it out, the"
                " service puts 'NL' there.",
            ),
            (
                san_policy(dns_names=list_rule(["a.example", ".b.example"])),
                with_san(dns_names=("www.example.org",)),
                "san.dns_names: 'www.example.org' is not among what the validation policy allows;"
                " names there end with a.example or .b.example.",
            ),
            (
                san_policy(dns_names=list_rule(["."], 1, 2)),
                with_san(dns_names=("a.example", "b.example", "c.example")),
                "san.dns_names: 'a.example, b.example, c.example' has 3 items, more than the"
                " validation policy allows; give at most 2.",
            ),
            (
                san_policy(dns_names=list_rule(["."], 1, 2)),
                with_san(),
                "san.dns_names: is required by the validation policy; give at least 1.",
            ),
        ],
    )
    def test_one_for_each(
        self, policy: Policy, request_: CertificateRequest, sentence: str
    ) -> None:
        assert [str(violation) for violation in refused(policy, request_)] == [sentence]


def test_a_long_value_is_shown_by_its_beginning() -> None:
    violation = Violation("san.dns_names", "x" * 5000, "has 101 items", "give at most 100")
    assert str(violation) == (
        f"san.dns_names: {'x' * 100 + '...'!r} has 101 items; give at most 100."
    )
