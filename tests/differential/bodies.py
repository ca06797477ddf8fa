# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests for a policy: most of what they say fits, and some of it is broken on purpose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from . import policies
from .keys import KINDS, material
from .regular_expressions import altered

NOW = policies.NOW


@dataclass
class BodyMaker:
    """Makes one request. `wrong` is how likely each choice is to be a wrong one."""

    rng: Random
    policy: Mapping[str, Any]
    wrong: float

    def _errs(self) -> bool:
        return self.rng.random() < self.wrong

    def _states(self, chance: float = 0.5) -> bool:
        return self.rng.random() < chance

    def body(self) -> dict[str, Any]:
        """The JSON body, and in `self.key` the kind of its key."""
        body: dict[str, Any] = {"validity": self._validity(), "subject_dn": self._subject()}
        sections = {
            "san": self._san,
            "key_usages": self._key_usages,
            "extended_key_usages": self._extended_key_usages,
            "subject_da": self._directory,
            "qualified_statements": self._statements,
            "ms_extension_template": self._template,
            "custom_extensions": self._extensions,
            "signature": self._signature,
        }
        for name, make in sections.items():
            made = make()
            if made or self._states(0.1):
                body[name] = made
        self._add_key(body)
        return body

    def _section(self, *path: str) -> Mapping[str, Any]:
        section: Any = self.policy
        for name in path:
            section = (section or {}).get(name)
        return section or {}

    def _validity(self) -> dict[str, Any]:
        rule = self._section("validity")
        before = NOW
        if self._states(0.3):
            before -= self.rng.randint(0, rule["not_before_negative_skew"])
        if self._errs():
            before += self.rng.choice((-1000, -121, 50, 100_000))
        validity: dict[str, Any] = {"not_before": before}
        if self._states():
            longest = rule["secondsmax"]
            if "issuer_expiry" in rule:
                longest = min(longest, rule["issuer_expiry"] - before)
            lifetime = self.rng.choice((longest - 1, longest, longest // 2))
            if self._errs():
                lifetime = self.rng.choice((longest + 1, longest * 2, 30, -5))
            validity["not_after"] = before + lifetime
        elif self._states():
            validity["not_after"] = 0
        return validity

    def _text(self, rule: Any, pool: Any) -> str | None:
        """A value for a StringPolicy; None to send none."""
        if not rule or self._errs():
            return self._any_of(pool) if self._errs() else None
        presence = rule["presence"]
        if presence == "STATIC":
            return (
                rule["format"] if self._errs() else (self._any_of(pool) if self._errs() else None)
            )
        if presence == "FORBIDDEN":
            return self._any_of(pool) if self._errs() else None
        if presence == "OPTIONAL" and self._states():
            return None
        return self._fitting(rule["format"], pool)

    def _fitting(self, pattern: str, pool: Any) -> str:
        if pattern in policies.DRAWN:
            value = policies.DRAWN[pattern]
            return altered(value, self.rng) if self._errs() else value
        good, bad = pool.get(pattern, ((), ()))
        values = bad if bad and self._errs() else good
        return self.rng.choice(values) if values else "anything"

    def _any_of(self, pool: Any) -> str:
        good, _bad = self.rng.choice(list(pool.values()))
        return self.rng.choice(good)

    def _list(self, rule: Any, choose: Any) -> list[str]:
        """Values for a ListPolicy; `choose` takes an entry of it, or None for any."""
        if not rule:
            return [choose(None)] if self._errs() else []
        if rule["static"]:
            if self._errs():
                return list(rule["list"])
            return [choose(None)] if self._errs() else []
        count = self.rng.randint(rule["mincount"], rule["maxcount"])
        if self._errs():
            count += self.rng.choice((-1, 1))
        if not rule["list"] and not self._errs():
            count = rule["mincount"]
        entries = rule["list"] or [None]
        values = [choose(self.rng.choice(entries)) for _each in range(max(count, 0))]
        return values if self._states(0.1) else list(dict.fromkeys(values))

    def _from(self, pool: Any) -> Any:
        return lambda entry: self._any_of(pool) if entry is None else self._fitting(entry, pool)

    def _named(self, names: Any) -> Any:
        known = dict(names)

        def choose(entry: str | None) -> str:
            entries = list(known) if entry is None or self._errs() else [entry]
            return self.rng.choice(known[self.rng.choice(entries)])

        return choose

    def _subject(self) -> dict[str, Any]:
        section = self._section("subject_dn")
        subject: dict[str, Any] = {}
        for name in policies.SUBJECT:
            value = self._text(section.get(name), policies.pool_for(name))
            if value is not None:
                subject[name] = value
            elif self._states(0.05):
                subject[name] = self.rng.choice((None, ""))
        units = self._list(section.get("organizational_unit"), self._from(policies.TEXTS))
        if units or self._states(0.1):
            subject["organizational_unit"] = units
        return self._with_attributes(subject, "extra_attributes", section)

    def _with_attributes(
        self, stated: dict[str, Any], name: str, section: Mapping[str, Any]
    ) -> dict[str, Any]:
        entries = []
        for oid, rule in (section.get(name) or {}).items():
            count = 0
            if rule["static"]:
                count = 1 if self._errs() else 0
            elif rule["mincount"] or self._states():
                count = self.rng.randint(rule["mincount"], rule["maxcount"])
            if self._errs():
                count += 1
            entries += [self._attribute(oid, rule) for _each in range(count)]
        if self._errs() and self._errs():
            entries.append({"type": "1.2.3.4.5", "value": "unlisted"})
        return {**stated, name: entries} if entries else stated

    def _attribute(self, oid: str, rule: Mapping[str, Any]) -> dict[str, Any]:
        value = self._value(rule["value_type"])
        return {"type": oid, "value": value} if value or self._errs() else {"type": oid}

    def _value(self, value_type: str) -> str:
        ((good, bad),) = policies.VALUES[value_type].values()
        return self.rng.choice(bad if self._errs() else good)

    def _san(self) -> dict[str, Any]:
        section = self._section("san")
        choosers = {
            "dns_names": self._named(policies.NAMES),
            "emails": self._named(policies.MAILBOXES),
            "ip_addresses": self._from(policies.ADDRESSES),
            "uris": self._from(policies.LINKS),
        }
        san: dict[str, Any] = {}
        for kind, choose in choosers.items():
            names = self._list(section.get(kind), choose)
            if names:
                san[kind] = names
        return self._with_attributes(san, "other_names", section)

    def _key_usages(self) -> dict[str, Any]:
        usages = {}
        for name, switch in self._section("key_usages").items():
            if (switch == "OPTIONAL" and self._states(0.3)) or self._errs():
                usages[name] = self.rng.choice((True, False))
        if self._errs() and self._errs():
            usages["digital_signature"] = True
        return usages

    def _extended_key_usages(self) -> list[str]:
        rule = self._section("extended_key_usages").get("ekus")
        return self._list(rule, self._from(policies.USAGES))

    def _directory(self) -> dict[str, Any]:
        section = self._section("subject_da")
        if not section and not self._errs():
            return {}
        stated: dict[str, Any] = {}
        pools = {"gender": {"^[MmFf]$": (("f", "M"), ("x",))}, "place_of_birth": policies.TEXTS}
        for name, pool in pools.items():
            value = self._text(section.get(name), pool)
            if value is not None:
                stated[name] = value
        if section.get("date_of_birth") == "REQUIRED" or self._errs():
            stated["date_of_birth"] = "1984-02-31" if self._errs() else "1984-02-29"
        for name in ("country_of_citizenship", "country_of_residence"):
            values = self._list(section.get(name), self._from(policies.COUNTRIES))
            if values:
                stated[name] = values
        return self._with_attributes(stated, "extra_attributes", section)

    def _number(self, rule: Any) -> int | None:
        if not rule or (rule["presence"] == "FORBIDDEN" and not self._errs()):
            return None
        if rule["presence"] == "OPTIONAL" and self._states():
            return None
        if self._errs():
            return self.rng.choice((None, rule["min"] - 1, rule["max"] + 1, 0))
        return self.rng.randint(rule["min"], rule["max"])

    def _statements(self) -> dict[str, Any]:
        section = self._section("qualified_statements")
        if not section:
            return {"etsi_qc_compliance": True} if self._errs() and self._errs() else {}
        semantics = section.get("semantics") or {}
        identifier = self._text(semantics.get("identifier"), policies.OIDS)
        links = self._list(semantics.get("name_authorities"), self._from(policies.LINKS))
        pds = section.get("etsi_qc_pds") or {}
        wants_pds = pds.get("presence") == "REQUIRED" or self._errs()
        stated: dict[str, Any] = {
            "semantics": {"identifier": identifier, "name_authorities": links},
            "etsi_qc_type": self._text(section.get("etsi_qc_type"), policies.OIDS),
            "etsi_qc_retention_period": self._number(section.get("etsi_qc_retention_period")),
            "etsi_qc_pds": {"EN": "https://pds.quillon.example/en.pdf"} if wants_pds else None,
        }
        for name in ("etsi_qc_compliance", "etsi_qc_sscd_compliance"):
            if (section.get(name) == "OPTIONAL" and self._states()) or self._errs():
                stated[name] = self.rng.choice((True, False))
        return stated

    def _template(self) -> dict[str, Any]:
        section = self._section("ms_extension_template")
        if not section:
            return {"id": "1.2.3"} if self._errs() and self._errs() else {}
        if section["template_id"]["presence"] == "OPTIONAL" and self._states():
            return {}
        is_optional = section["template_id"]["presence"] == "OPTIONAL" and not self._errs()
        return {
            "id": "1.2.3.4" if is_optional else self._text(section["template_id"], policies.OIDS),
            "major_version": self._number(section.get("major_version")),
            "minor_version": self._number(section.get("minor_version")),
        }

    def _extensions(self) -> dict[str, str]:
        extensions = {}
        for oid, rule in self._section("custom_extensions").items():
            wants = rule["presence"] == "REQUIRED" or (
                rule["presence"] == "OPTIONAL" and self._states()
            )
            if wants != self._errs():
                extensions[oid] = self._value(rule["value_type"]) or "NIL"
        return extensions

    def _signature(self) -> dict[str, Any]:
        signature: dict[str, Any] = {}
        others = {"algorithm": "ECDSA", "hash_algorithm": "SHA-512"}
        for name, rule in self._section("signature").items():
            wants = rule["presence"] == "REQUIRED" or (
                rule["presence"] == "OPTIONAL" and self._states()
            )
            if wants != self._errs():
                signature[name] = others[name] if self._errs() else self.rng.choice(rule["list"])
        return signature

    def _add_key(self, body: dict[str, Any]) -> None:
        rule = self._section("public_key")
        fitting = [
            kind
            for kind in KINDS
            if kind[0] == rule["key_type"] and kind[1] in rule["allowed_lengths"]
        ]
        self.key = self.rng.choice(KINDS if self._errs() else fitting)
        made = material(*self.key)
        is_csr = (rule["key_format"] == "PKCS10") != self._errs()
        body["public_key"] = made.signing_request if is_csr else made.public_key
        presence = self.policy.get("public_key_signature")
        wants = presence == "REQUIRED" or (presence == "OPTIONAL" and self._states())
        if (wants and not is_csr) != self._errs():
            body["public_key_signature"] = made.proof
