# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which files are wanted, and where what is recorded of them lies."""

from __future__ import annotations

import os.path
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ...errors import AtlasError
from ..wanted import CERTIFICATE, CHAIN, PEM, PKCS12, PRIVATE_KEY, Target

FLAT_TARGETS: Mapping[str, tuple[str, ...]] = {
    "path": (CERTIFICATE,),
    "fullchain_path": (CERTIFICATE, CHAIN),
    "chain_path": (CHAIN,),
    "privatekey_path": (PRIVATE_KEY,),
}
"""The options that name one file each, and what that holds."""

_MOST_PASSPHRASE_BYTES = 1023
_MODES = frozenset(
    user << 6 | group << 3 | other for user in (4, 6) for group in (0, 4, 6) for other in (0, 4, 6)
)
"""Readable or writable by some, executable by nobody: all that suits a certificate or a key. It
also catches `mode: 440`, which YAML reads as a decimal number."""


def read_targets(options: Mapping[str, Any], where: str) -> list[Target]:
    """The files of one certificate: first the one that it is known by."""
    found = [*_flat(options, where), *_listed(options, where)]
    for index, target in enumerate(found):
        if any(target.path == other.path for other in found[:index]):
            raise AtlasError(
                f"{where}{target.option}: {target.path} is named twice; each file needs a path of"
                " its own."
            )
    return found


def _flat(options: Mapping[str, Any], where: str) -> Iterator[Target]:
    public_mode = mode(options["mode"], where + "mode")
    key_mode = mode(options["privatekey_mode"], where + "privatekey_mode")
    for option, contains in FLAT_TARGETS.items():
        if options.get(option) is None:
            continue
        is_key = PRIVATE_KEY in contains
        yield Target(
            option=option,
            path=absolute(options[option], where + option),
            contains=list(contains),
            passphrase=options.get("privatekey_passphrase") if is_key else None,
            key_format=options.get("privatekey_format") if is_key else None,
            owner=options.get("owner"),
            group=options.get("group"),
            mode=key_mode if is_key else public_mode,
        )


def _listed(options: Mapping[str, Any], where: str) -> Iterator[Target]:
    for index, entry in enumerate(options.get("files") or []):
        option = f"files[{index}]"
        contains = entry["contains"]
        if not contains or len(set(contains)) < len(contains):
            raise AtlasError(
                f"{where}{option}.contains: {contains} is not a list of different parts; give some"
                " of privatekey, certificate, chain and root."
            )
        holds_key = PRIVATE_KEY in contains
        file_format = entry.get("format") or PEM
        if entry.get("passphrase") and not holds_key and file_format == PEM:
            raise AtlasError(
                f"{where}{option}.passphrase: there is no private key in the file that it could"
                " protect; leave it out."
            )
        refuse_long_passphrase(entry.get("passphrase"), f"{where}{option}.passphrase")
        if file_format == PKCS12 and holds_key and CERTIFICATE not in contains:
            raise AtlasError(
                f"{where}{option}.contains: a PKCS#12 file holds a private key with its"
                " certificate; add certificate."
            )
        default_mode = options["privatekey_mode" if holds_key else "mode"]
        stated_mode = default_mode if entry.get("mode") is None else entry["mode"]
        yield Target(
            option=option,
            path=absolute(entry["path"], f"{where}{option}.path"),
            contains=list(contains),
            format=file_format,
            passphrase=entry.get("passphrase"),
            key_format=options.get("privatekey_format") if holds_key else None,
            owner=entry.get("owner") or options.get("owner"),
            group=entry.get("group") or options.get("group"),
            mode=mode(stated_mode, f"{where}{option}.mode"),
        )


def refuse_long_passphrase(passphrase: str | None, option: str) -> None:
    """OpenSSL takes no longer ones."""
    if passphrase and len(passphrase.encode("utf-8")) > _MOST_PASSPHRASE_BYTES:
        raise AtlasError(
            f"{option}: it is longer than {_MOST_PASSPHRASE_BYTES} bytes; give a shorter one."
        )


def absolute(
    path: str, option: str, what: str = "file", example: str = "/etc/ssl/www/cert.pem"
) -> str:
    """The absolute path of a file or folder on the node, without detours."""
    if not os.path.isabs(path) or path.endswith("/") or "\0" in path:
        raise AtlasError(
            f"{option}: {path!r} is not the absolute path of a {what} on the node; give one such"
            f" as '{example}'."
        )
    normal = os.path.normpath(path)
    return f"/{normal.lstrip('/')}"  # two slashes at the beginning mean one on every node


def mode(value: Any, option: str) -> int:
    """A mode for a file that is read and not executed."""
    text = value.removeprefix("0o") if isinstance(value, str) else ""
    number = int(text, 8) if re.fullmatch(r"[0-7]{3,4}", text) else value
    if isinstance(number, bool) or not isinstance(number, int) or number not in _MODES:
        raise AtlasError(
            f"{option}: {value!r} is not a mode for a file that is read and not executed; give an"
            " octal number in quotes, such as '0640'."
        )
    return number
