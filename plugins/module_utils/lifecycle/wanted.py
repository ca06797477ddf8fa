# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wanted: the certificates of one task, normalised.

Names are normalised here, on the controller, so that both halves compare plain text: DNS names
as lower-case A-labels, IP addresses in canonical form.
"""

from __future__ import annotations

import os.path
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..errors import AtlasError
from ..names import dns_name, ip_address

DEFAULTS: Mapping[str, Any] = {
    "privatekey_type": "auto",
    "renew_before": "auto",
    "force": False,
    "mode": "0644",
    "privatekey_mode": "0600",
}
TARGET_OPTIONS = ("chain_path", "path", "fullchain_path", "privatekey_path")
_SHARE_OR_DURATION = re.compile(r"auto|([1-9]\d{0,2})%|([1-9]\d{0,5})([dhm])")
_SECONDS = {"d": 86400, "h": 3600, "m": 60}
_MODES = frozenset(
    user << 6 | group << 3 | other for user in (4, 6) for group in (0, 4, 6) for other in (0, 4, 6)
)
"""Readable or writable by some, executable by nobody: all that suits a certificate or a key. It
also catches `mode: 440`, which YAML reads as a decimal number."""


@dataclass(frozen=True)
class Wanted:
    """One certificate as its task states it. What the task does not state is None or left out."""

    path: str | None
    fullchain_path: str | None
    chain_path: str | None
    privatekey_path: str
    subject: dict[str, list[str]]
    san: dict[str, list[str]]
    privatekey_type: str
    privatekey_size: int | None
    renew_before: str
    force: bool
    owner: str | None
    group: str | None
    mode: int
    privatekey_mode: int

    @property
    def label(self) -> str:
        """What this certificate is called in messages: the path that stands for it."""
        return self.path or self.fullchain_path or self.privatekey_path

    @property
    def targets(self) -> dict[str, str]:
        """The files to be kept: option -> path, in the order in which they are put in place."""
        paths = {option: getattr(self, option) for option in TARGET_OPTIONS}
        return {option: path for option, path in paths.items() if path}

    def on_wire(self) -> dict[str, Any]:
        """As plain JSON types, for `from_wire` on the node."""
        return asdict(self)

    @classmethod
    def from_wire(cls, data: Mapping[str, Any]) -> Wanted:
        """The inverse of `on_wire`."""
        return cls(**data)


def wanted_certificates(task: Mapping[str, Any]) -> tuple[Wanted, ...]:
    """The certificates of a task: the items of `certificates`, or the one at the top level.

    `task` holds the validated options; what an item leaves out is taken from the top level, for
    `subject` and `san` member by member.
    """
    shared = {option: value for option, value in task.items() if option != "certificates"}
    if task.get("certificates") is None:
        wanted: tuple[Wanted, ...] = (_wanted(shared, ""),)
    else:
        wanted = tuple(
            _wanted(_merged(shared, item), f"certificates[{index}].")
            for index, item in enumerate(task["certificates"])
        )
    _refuse_shared_targets(wanted)
    return wanted


def _merged(shared: Mapping[str, Any], item: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(shared)
    for option, value in item.items():
        if value is None:
            continue
        if isinstance(value, Mapping):
            members = dict(shared.get(option) or {})
            members.update({name: member for name, member in value.items() if member is not None})
            merged[option] = members
        else:
            merged[option] = value
    return merged


def _wanted(options: Mapping[str, Any], where: str) -> Wanted:
    stated = {option: value for option, value in options.items() if value is not None}
    options = {**dict.fromkeys(options), **DEFAULTS, **stated}
    return Wanted(
        path=_target(options, "path", where),
        fullchain_path=_target(options, "fullchain_path", where),
        chain_path=_target(options, "chain_path", where),
        privatekey_path=_required_target(options, where),
        subject=_subject(options.get("subject") or {}),
        san=_san(options.get("san") or {}, where),
        privatekey_type=options["privatekey_type"],
        privatekey_size=options.get("privatekey_size"),
        renew_before=_renew_before(options["renew_before"], where),
        force=options["force"],
        owner=options.get("owner"),
        group=options.get("group"),
        mode=_mode(options["mode"], where + "mode"),
        privatekey_mode=_mode(options["privatekey_mode"], where + "privatekey_mode"),
    )


def _required_target(options: Mapping[str, Any], where: str) -> str:
    if not (options.get("path") or options.get("fullchain_path")):
        raise AtlasError(
            f"{where}path is not set: say where the certificate is kept, with path,"
            " fullchain_path or both."
        )
    target = _target(options, "privatekey_path", where)
    if target is None:
        raise AtlasError(
            f"{where}privatekey_path is not set: say where the private key is kept on the node."
        )
    return target


def _target(options: Mapping[str, Any], option: str, where: str) -> str | None:
    path: str | None = options.get(option)
    if path is None:
        return None
    if not os.path.isabs(path) or path.endswith("/") or "\0" in path:
        raise AtlasError(
            f"{where}{option}: {path!r} is not the absolute path of a file on the node;"
            " give one such as '/etc/ssl/www/cert.pem'."
        )
    return os.path.normpath(path)


def _refuse_shared_targets(wanted: Sequence[Wanted]) -> None:
    counted = Counter(path for item in wanted for path in item.targets.values())
    twice = sorted(path for path, count in counted.items() if count > 1)
    if twice:
        raise AtlasError(
            f"{twice[0]} is named by more than one path of this task; each certificate, chain and"
            " private key needs a file of its own."
        )


def _subject(stated: Mapping[str, Any]) -> dict[str, list[str]]:
    subject = {}
    for name, value in stated.items():
        values = _texts(value if isinstance(value, list) else [value])
        if values:
            subject[name] = values
    return subject


def _san(stated: Mapping[str, Any], where: str) -> dict[str, list[str]]:
    readers: dict[str, Callable[[str, str], str]] = {
        "dns_names": dns_name,
        "ip_addresses": ip_address,
    }
    san = {}
    for kind, values in stated.items():
        reader = readers.get(kind, _as_given)
        option = f"{where}san.{kind}"
        canonical = list(dict.fromkeys(reader(text, option) for text in _texts(values or [])))
        if canonical:
            san[kind] = canonical
    return san


def _as_given(text: str, _option: str) -> str:
    return text


def _texts(values: Iterable[Any]) -> list[str]:
    return [str(value) for value in values if value not in (None, "")]


def _mode(value: Any, option: str) -> int:
    text = value.removeprefix("0o") if isinstance(value, str) else ""
    mode = int(text, 8) if re.fullmatch(r"[0-7]{3,4}", text) else value
    if isinstance(mode, bool) or mode not in _MODES:
        raise AtlasError(
            f"{option}: {value!r} is not a mode for a file that is read and not executed; give an"
            " octal number in quotes, such as '0640'."
        )
    return int(mode)


def _renew_before(text: str, where: str) -> str:
    match = _SHARE_OR_DURATION.fullmatch(text.strip())
    if match is None or (match.group(1) and int(match.group(1)) >= 80):
        raise AtlasError(
            f"{where}renew_before: {text!r} is not understood; give auto, a duration such as '30d',"
            " '72h' or '90m', or a share of the lifetime below 80 % such as '33%'."
        )
    return match.group(0)


def renewal_threshold(renew_before: str, lifetime: int) -> int:
    """How many seconds before its end a certificate of this lifetime (seconds) is due.

    `auto` is a third of the lifetime and at most 30 days; a half for lifetimes up to 10 days.
    """
    match = _SHARE_OR_DURATION.fullmatch(renew_before)
    if match is None or renew_before == "auto":
        return lifetime // 2 if lifetime <= 10 * 86400 else min(lifetime // 3, 30 * 86400)
    if match.group(1):
        return lifetime * int(match.group(1)) // 100
    return int(match.group(2)) * _SECONDS[match.group(3)]


def leaves_no_life(renew_before: str, lifetime: int) -> bool:
    """Whether a certificate would be due again almost at once: after less than a fifth."""
    return renewal_threshold(renew_before, lifetime) * 5 >= lifetime * 4
