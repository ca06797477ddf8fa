# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Random policies, from all that the reference knows (sections 3.1 and 3.2)."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from .regular_expressions import regular_expression

NOW = 1_800_000_000
PRESENCES = ("REQUIRED", "OPTIONAL", "OPTIONAL", "FORBIDDEN", "STATIC")

TEXTS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    r"^[A-Za-z0-9*.\- ]{1,64}$": (("press7.quillon.example", "a b", "x" * 64), ("", "x" * 65, "ü")),
    r"^[A-Za-z '\-]{1,40}$": (("Ida", "van Loon", "O'Neil"), ("Ida7", "x" * 41, "line\nbreak")),
    r"^Lab [0-9]{1,2}$": (("Lab 7", "Lab 42"), ("Lab", "Lab 123", "lab 7", "Lab 7\n")),
    r"^(a|b)*c?$": (("abba", "ac", "c"), ("abd", "cc")),
    r"\d{4} ?[A-Z]{2}$": (("3811 AB", "x3811AB"), ("381 AB", "3811 ab", "٣٨١١ AB")),
    r"(?i)^quillon( bv)?$": (("Quillon", "QUILLON BV"), ("Quillion",)),
    r"^.*$": (("anything", "Ünïcode"), ("two\nlines",)),
    r"": (("anything",), ()),
    r"quillon": (("quillon", "the quillon works"), ("other",)),
}
MAIL = {r"^[a-z.]+@quillon\.example$": (("ida@quillon.example",), ("ida@other.example", "ida"))}
UNCLEAR = {"", "quillon", r"\d{4} ?[A-Z]{2}$"}
"""Patterns that match a part of a value: it depends on the reading whether they admit it."""
DRAWN: dict[str, str] = {}
"""Patterns of the newest policy that are in no pool, each with a value that mostly fits."""
NAMES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (".", ("www.example.com", "*.example.org", "a.b.c.example")),
    (".quillon.example", ("www.quillon.example", "*.quillon.example", "a.b.quillon.example")),
    ("quillon.example", ("quillon.example", "www.quillon.example", "badquillon.example")),
    ("WWW.Example.com", ("www.example.com",)),
    (r"^[a-z]+\.example\.net$", ("shop.example.net", "9.example.net")),
    ("*.glob.example", ("www.glob.example",)),
)
MAILBOXES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("@quillon.example", ("ida@quillon.example", "ida@mail.quillon.example")),
    ("quillon.example", ("ida@quillon.example", "ida@sub.quillon.example")),
    (".", ("ida@anywhere.example",)),
    (r"^[a-z]+@example\.net$", ("ida@example.net", "7@example.net")),
)
ADDRESSES = {
    r"^192\.0\.2\.[0-9]{1,3}$": (("192.0.2.17",), ("198.51.100.1", "192.0.2.999")),
    r"^2001:db8::[0-9a-f]+$": (("2001:db8::1",), ("2001:DB8::1", "192.0.2.1")),
}
LINKS = {
    r"^https://[a-z0-9.]+\.quillon\.example/.*$": (
        ("https://press7.quillon.example/id",),
        ("http://press7.quillon.example/id", "https://other.example/"),
    ),
    r"^https://([a-z]+\.)+example$": (("https://a.example",), ("https://urn.example/", "urn:a")),
}
USAGES = {
    r"^1\.3\.6\.1\.5\.5\.7\.3\.(1|2|4)$": (
        ("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"),
        ("1.3.6.1.5.5.7.3.3", "1.3.6.1.5.5.7.3.11"),
    ),
    r"1.3.6.1.5.5.7.3.1": (("1.3.6.1.5.5.7.3.1",), ("1.3.6.1.5.5.7.3.9",)),
}
COUNTRIES = {r"^[A-Z]{2}$": (("NL", "BE"), ("nl", "NLD"))}
OIDS = {r"^[0-9.]+$": (("1.2.3.4", "0.4.0.1862.1.6.1"), ("one.two",))}
VALUES: Mapping[str, Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "UTF8STRING": {r"^[A-Za-z ]{2,30}$": (("Press operator",), ("x", "Pr3ss"))},
    "IA5STRING": {r"^[a-z.]+@quillon\.example$": (("ida@quillon.example",), ("ida@x", "ü@x"))},
    "PRINTABLESTRING": {r"^fleet-.+$": (("fleet-a",), ("fleet-\u00e4", "fleet", "fleet-*"))},
    "INTEGER": {r"^-?[0-9]{1,6}$": (("1200", "-7", "0"), ("12x", "1234567", "007", "-0"))},
    "DER": {r"^30.*$": (("3003020105",), ("300302010", "0500", "30030201", "xyz"))},
    "NIL": {"": (("",), ("something",))},
}
ATTRIBUTES = ("2.5.4.12", "1.3.6.1.4.1.99999.7.1", "1.3.6.1.4.1.311.20.2.3")
SUBJECT = (
    "common_name",
    "given_name",
    "surname",
    "pseudonym",
    "organization",
    "organization_identifier",
    "country",
    "state",
    "locality",
    "street_address",
    "postal_code",
    "email",
    "serial_number",
    "jurisdiction_of_incorporation_locality_name",
    "jurisdiction_of_incorporation_state_or_province_name",
    "jurisdiction_of_incorporation_country_name",
    "business_category",
)
KEY_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_certificate_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def pool_for(field: str) -> Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Patterns that make sense for a field of the subject, with values that fit and do not."""
    if field == "email":
        return MAIL
    return COUNTRIES if "country" in field else TEXTS


def policy(rng: Random) -> dict[str, Any]:
    """A policy with any of the sections."""
    DRAWN.clear()
    document: dict[str, Any] = {"validity": _validity(rng), "public_key": _key(rng)}
    optional = {
        "subject_dn": _subject,
        "san": _san,
        "key_usages": _key_usages,
        "extended_key_usages": _extended_key_usages,
        "subject_da": _directory,
        "qualified_statements": _statements,
        "ms_extension_template": _template,
        "custom_extensions": _extensions,
        "signature": _signature,
    }
    likely = ("subject_dn", "san")
    for name, make in optional.items():
        chance = 0.95 if name in likely else 0.3
        if rng.random() < chance:
            document[name] = make(rng)
        elif rng.random() < 0.3:
            document[name] = None
    if rng.random() < 0.9:
        is_csr = document["public_key"]["key_format"] == "PKCS10" and rng.random() < 0.8
        choices = ("FORBIDDEN",) if is_csr else ("REQUIRED", "FORBIDDEN", "OPTIONAL")
        document["public_key_signature"] = rng.choice(choices)
    if rng.random() < 0.1:
        document["some_new_section"] = {"presence": "REQUIRED"}
    return document


def _validity(rng: Random) -> dict[str, Any]:
    section = {
        "secondsmin": rng.choice((0, 60, 3600)),
        "secondsmax": rng.choice((86400, 7_776_000, 17_193_600)),
        "not_before_negative_skew": rng.choice((0, 120, 200)),
        "not_before_positive_skew": rng.choice((0, 3600)),
    }
    if rng.random() < 0.2:
        section["issuer_expiry"] = NOW + rng.choice((50_000, 5_000_000, 50_000_000))
    return section


def _key(rng: Random) -> dict[str, Any]:
    section = rng.choice(
        (
            {"key_type": "RSA", "allowed_lengths": [2048, 3072, 4096]},
            {"key_type": "RSA", "allowed_lengths": [3072]},
            {"key_type": "ECDSA", "allowed_lengths": [256, 384, 521]},
            {"key_type": "ECDSA", "allowed_lengths": [384]},
        )
    )
    return {**section, "key_format": rng.choice(("PKCS8", "PKCS8", "PKCS10"))}


def text_rule(rng: Random, pool: Any) -> dict[str, Any]:
    presence = rng.choice(PRESENCES)
    if pool is TEXTS and presence != "STATIC" and rng.random() < 0.06:
        return {"presence": presence, "format": _drawn(rng)}
    clear = [pattern for pattern in pool if pattern not in UNCLEAR]
    pattern = rng.choice(list(pool) if rng.random() < 0.1 else clear)
    if presence == "STATIC":
        good = pool[pattern][0]
        return {"presence": presence, "format": rng.choice(good) if good else "x"}
    rule = {"presence": presence, "format": "" if presence == "FORBIDDEN" else pattern}
    if rng.random() < 0.1:
        rule["ignore_empty"] = True
    return rule


def list_rule(rng: Random, entries: list[str], values: list[str]) -> dict[str, Any]:
    """`values` are what a static list would hold."""
    if rng.random() < 0.12:
        return {"static": True, "list": values[:1], "mincount": 1, "maxcount": 1}
    least = rng.choice((0, 0, 0, 1))
    most = rng.choice((0, 1, 2, 3, 5, 5))
    listed = rng.sample(entries, rng.randint(0 if rng.random() < 0.05 else 1, len(entries)))
    return {"static": False, "list": listed, "mincount": min(least, most), "maxcount": most}


def _drawn(rng: Random) -> str:
    pattern, value = regular_expression(rng)
    DRAWN[pattern] = value
    return pattern


def _pattern_list(rng: Random, pool: Any) -> dict[str, Any]:
    clear = [pattern for pattern in pool if pattern not in UNCLEAR or rng.random() < 0.1]
    if pool is TEXTS and rng.random() < 0.15:
        clear = [_drawn(rng) for _each in range(rng.randint(1, 2))]
    return list_rule(rng, clear, [values[0][0] for values in pool.values()])


def _subject(rng: Random) -> dict[str, Any]:
    section: dict[str, Any] = {
        name: text_rule(rng, pool_for(name)) for name in SUBJECT if rng.random() < 0.5
    }
    if rng.random() < 0.5:
        section["organizational_unit"] = _pattern_list(rng, TEXTS)
    if rng.random() < 0.3:
        section["extra_attributes"] = _attributes(rng)
    return section


def _attributes(rng: Random) -> dict[str, Any]:
    return {oid: _attribute(rng) for oid in ATTRIBUTES if rng.random() < 0.5}


def _attribute(rng: Random) -> dict[str, Any]:
    value_type = rng.choice(list(VALUES))
    ((pattern, (good, _bad)),) = VALUES[value_type].items()
    is_static = rng.random() < 0.2
    most = rng.choice((0, 1, 1, 2))
    rule = {
        "static": is_static,
        "value_type": value_type,
        "mincount": 1 if is_static else rng.choice((0, 0, 0, min(1, most))),
        "maxcount": 1 if is_static else most,
    }
    if value_type != "NIL" and (is_static or rng.random() < 0.9):
        rule["value_format"] = good[0] if is_static else pattern
    return rule


def _san(rng: Random) -> dict[str, Any]:
    section: dict[str, Any] = {}
    if rng.random() < 0.9:
        section["dns_names"] = list_rule(rng, [entry for entry, _names in NAMES], ["a.example"])
    if rng.random() < 0.5:
        entries = [entry for entry, _names in MAILBOXES]
        section["emails"] = list_rule(rng, entries, ["ida@quillon.example"])
    if rng.random() < 0.5:
        section["ip_addresses"] = _pattern_list(rng, ADDRESSES)
    if rng.random() < 0.5:
        section["uris"] = _pattern_list(rng, LINKS)
    if rng.random() < 0.4:
        section["other_names"] = rng.choice((None, _attributes(rng)))
    return section


def _key_usages(rng: Random) -> dict[str, Any]:
    weights = ("OPTIONAL", "OPTIONAL", "STATIC_TRUE", "STATIC_FALSE", "STATIC_FALSE")
    section = {name: rng.choice(weights) for name in KEY_USAGES if rng.random() < 0.9}
    if rng.random() < 0.8:
        section.update(encipher_only="STATIC_FALSE", decipher_only="STATIC_FALSE")
    return section


def _extended_key_usages(rng: Random) -> dict[str, Any]:
    return {"ekus": _pattern_list(rng, USAGES), "critical": False}


def _directory(rng: Random) -> dict[str, Any]:
    section: dict[str, Any] = {
        "gender": text_rule(rng, {"^[MmFf]$": (("f", "M"), ("x",))}),
        "date_of_birth": rng.choice(("OPTIONAL", "REQUIRED", "FORBIDDEN")),
        "place_of_birth": text_rule(rng, TEXTS),
        "country_of_citizenship": _pattern_list(rng, COUNTRIES),
        "country_of_residence": _pattern_list(rng, COUNTRIES),
        "extra_attributes": _attributes(rng),
    }
    return {name: rule for name, rule in section.items() if rng.random() < 0.7}


def number_rule(rng: Random) -> dict[str, Any]:
    low = rng.choice((0, 5, 100))
    presence = rng.choice(("REQUIRED", "OPTIONAL", "OPTIONAL", "FORBIDDEN", "STATIC"))
    return {"presence": presence, "min": low, "max": low + rng.choice((0, 10))}


def _statements(rng: Random) -> dict[str, Any]:
    section: dict[str, Any] = {
        "semantics": {
            "identifier": text_rule(rng, OIDS),
            "name_authorities": _pattern_list(rng, LINKS),
        },
        "etsi_qc_compliance": rng.choice(("OPTIONAL", "STATIC_TRUE", "STATIC_FALSE")),
        "etsi_qc_sscd_compliance": rng.choice(("OPTIONAL", "STATIC_TRUE", "STATIC_FALSE")),
        "etsi_qc_type": text_rule(rng, OIDS),
        "etsi_qc_retention_period": number_rule(rng),
        "etsi_qc_pds": {
            "presence": rng.choice(PRESENCES),
            "policies": {"EN": "https://pds.quillon.example/en.pdf"},
        },
    }
    return {name: rule for name, rule in section.items() if rng.random() < 0.7}


def _template(rng: Random) -> dict[str, Any]:
    return {
        "critical": False,
        "template_id": text_rule(rng, OIDS),
        "major_version": number_rule(rng),
        "minor_version": number_rule(rng),
    }


def _extensions(rng: Random) -> dict[str, Any]:
    section = {}
    for oid in ("1.3.6.1.5.5.7.1.24", "1.3.6.1.4.1.99999.8.1", "1.3.6.1.4.1.99999.8.2"):
        if rng.random() < 0.5:
            continue
        value_type = rng.choice(list(VALUES))
        ((pattern, (good, _bad)),) = VALUES[value_type].items()
        presence = rng.choice(PRESENCES)
        rule = {"presence": presence, "critical": False, "value_type": value_type}
        if value_type != "NIL":
            rule["value_format"] = good[0] if presence == "STATIC" else pattern
        section[oid] = rule
    return section


def _choice(rng: Random, names: list[str]) -> dict[str, Any]:
    presence = rng.choice(("REQUIRED", "OPTIONAL", "OPTIONAL", "FORBIDDEN"))
    return {"presence": presence, "list": names[: rng.randint(1, len(names))]}


def _signature(rng: Random) -> dict[str, Any]:
    section = {
        "algorithm": _choice(rng, ["RSA", "RSA-PSS", "ECDSA"]),
        "hash_algorithm": _choice(rng, ["SHA-256", "SHA-384", "SHA-512"]),
    }
    return {name: rule for name, rule in section.items() if rng.random() < 0.8}
