# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is asked for: the certificate request object of `POST /certificates`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_SECTIONS = (
    "san",
    "key_usages",
    "extended_key_usages",
    "subject_da",
    "qualified_statements",
    "ms_extension_template",
    "custom_extensions",
    "signature",
)


@dataclass(frozen=True)
class CertificateRequest:
    """A certificate request (API reference, section 4.1), its sections in the shape of its JSON.

    Names and subject stand here in full even if `public_key` is a CSR: the service reads none
    from it. Times are UNIX seconds; without `not_after` the service grants the latest that the
    policy allows. `san` holds lists of texts, and `other_names`; those, and `extra_attributes` of
    `subject_dn` and `subject_da`, are lists of `{"type": OID, "value": text}`. `custom_extensions`
    maps OIDs to texts. `public_key` is a PEM SubjectPublicKeyInfo or a PEM CSR, as the policy says;
    `public_key_signature` is the proof of possession in base64.
    """

    subject_dn: Mapping[str, Any]
    san: Mapping[str, Sequence[Any]]
    not_before: int
    not_after: int | None = None
    public_key: str | None = None
    public_key_signature: str | None = None
    key_usages: Mapping[str, bool] = field(default_factory=dict)
    extended_key_usages: Sequence[str] = ()
    subject_da: Mapping[str, Any] = field(default_factory=dict)
    qualified_statements: Mapping[str, Any] = field(default_factory=dict)
    ms_extension_template: Mapping[str, Any] = field(default_factory=dict)
    custom_extensions: Mapping[str, str] = field(default_factory=dict)
    signature: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> CertificateRequest:
        """The request that a JSON body stands for; what is empty there counts as not sent."""
        stated = _stated(body)
        validity = stated.get("validity", {})
        return cls(
            subject_dn=stated.get("subject_dn", {}),
            san=stated.get("san", {}),
            not_before=validity["not_before"],
            not_after=validity.get("not_after") or None,
            public_key=stated.get("public_key"),
            public_key_signature=stated.get("public_key_signature"),
            **{name: stated[name] for name in _SECTIONS[1:] if name in stated},
        )

    def body(self) -> dict[str, Any]:
        """The JSON body. What is empty is left out: the policy may forbid even an empty member."""
        validity = {"not_before": self.not_before, "not_after": self.not_after}
        public_key = "\n".join((self.public_key or "").strip().splitlines())
        return {
            "subject_dn": {},
            **_stated(
                {
                    "validity": validity,
                    "subject_dn": self.subject_dn,
                    **{name: getattr(self, name) for name in _SECTIONS},
                    "public_key": public_key,
                    "public_key_signature": self.public_key_signature,
                }
            ),
        }


def _stated(value: Any) -> Any:
    """A copy in plain containers, without what is empty at any depth."""
    if isinstance(value, Mapping):
        members = {str(name): _stated(member) for name, member in value.items()}
        return {name: member for name, member in members.items() if not _is_empty(member)}
    if isinstance(value, (list, tuple)):
        return [entry for entry in map(_stated, value) if not _is_empty(entry)]
    return value


def _is_empty(value: Any) -> bool:
    """Numbers and booleans never are: false and 0 say something."""
    return value is None or (isinstance(value, (str, list, dict)) and not value)
