# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wanted: one certificate as its task states it, normalised.

Names are normalised on the controller, so that both halves compare plain text: DNS names as
lower-case A-labels, IP addresses in canonical form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PRIVATE_KEY, CERTIFICATE, CHAIN, ROOT = "privatekey", "certificate", "chain", "root"
PEM, PKCS12 = "pem", "pkcs12"
PLAIN, LINKED = "plain", "linked"
CSR, PUBLIC_KEY = "csr", "public_key"


@dataclass(frozen=True)
class Target:
    """A file to be kept. `option` says who wants it, `contains` what is in it, in this order.

    `mode` is None where neither the task nor the kind of file settles it.
    """

    option: str
    path: str
    contains: list[str]
    format: str = PEM
    passphrase: str | None = None
    key_format: str | None = None
    owner: str | None = None
    group: str | None = None
    mode: int = 0o644

    @property
    def holds_key(self) -> bool:
        """Whether the private key is in it."""
        return PRIVATE_KEY in self.contains

    @property
    def holds_certificate(self) -> bool:
        """Whether the certificate itself is in it."""
        return CERTIFICATE in self.contains


@dataclass(frozen=True)
class ExternalKey:
    """A key that lives elsewhere, known by a CSR or a public key on the node or in the task."""

    kind: str
    path: str | None
    content: str | None
    proof: str | None


@dataclass(frozen=True)
class Misstated:
    """One certificate of a task whose options are wrong: what it is called, and what is wrong."""

    label: str
    error: str


@dataclass(frozen=True)
class Wanted:
    """One certificate as its task states it. What the task does not state is None or left out.

    `label` is what it is called in messages. `state_dir` is the folder that holds what is recorded
    of it, if the task names one; `identity` is a text that tells it from others where there are no
    files. `sections` are the members of a request
    besides `subject` and `san`, in the shape of the API. Durations in seconds, dates in UNIX
    seconds.
    """

    label: str
    state_dir: str | None
    identity: str
    targets: list[Target]
    layout: str
    follow: bool
    subject: dict[str, list[str]]
    san: dict[str, list[str]]
    sections: dict[str, Any]
    valid_for: int | None
    not_before: int | None
    not_after: int | None
    privatekey_type: str
    privatekey_size: int | None
    keeps_key: bool
    external_key: ExternalKey | None
    renew_before: str
    renew_spread: int
    force: bool
    rekey: bool
    replace_foreign: bool
    revoke_superseded: bool
    destroys_old_key: bool
    validate: list[str]
    backups: int

    @property
    def key_target(self) -> Target | None:
        """The file that the private key is read from: the one with nothing else, if any."""
        holders = [target for target in self.targets if target.holds_key]
        alone = [target for target in holders if target.contains == [PRIVATE_KEY]]
        return next(iter([*alone, *holders]), None)

    @property
    def wish(self) -> dict[str, Any]:
        """What the task states of the certificate itself: field -> value in normal form."""
        fields: dict[str, Any] = {}
        for name, values in self.subject.items():
            fields[f"subject.{name}"] = sorted(values)
        for kind, values in self.san.items():
            fields[f"san.{kind}"] = sorted(values)
        fields.update(_flat(self.sections))
        if self.privatekey_type != "auto":
            fields["privatekey_type"] = self.privatekey_type
        if self.privatekey_size is not None:
            fields["privatekey_size"] = self.privatekey_size
        return fields

    def on_wire(self) -> dict[str, Any]:
        """As plain JSON types, for `from_wire` on the node; a hundredth of what `asdict` takes."""
        external = self.external_key
        return {
            **vars(self),
            "targets": [{**vars(target)} for target in self.targets],
            "external_key": {**vars(external)} if external else None,
        }

    @classmethod
    def from_wire(cls, data: Mapping[str, Any]) -> Wanted:
        """The inverse of `on_wire`."""
        external = data["external_key"]
        return cls(
            **{
                **data,
                "targets": [Target(**target) for target in data["targets"]],
                "external_key": ExternalKey(**external) if external else None,
            }
        )


def _flat(sections: Mapping[str, Any]) -> dict[str, Any]:
    """Sections as fields: those with members one by one, lists sorted where order means nothing."""
    fields: dict[str, Any] = {}
    for section, value in sections.items():
        if isinstance(value, Mapping):
            fields.update({f"{section}.{name}": member for name, member in value.items()})
        else:
            fields[section] = sorted(value) if section == "extended_key_usages" else value
    return fields
