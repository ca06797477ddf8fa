# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The configuration file of GlobalSign's own command-line client (API reference, section 8.5)."""

from __future__ import annotations

import json
import os.path
from collections.abc import Mapping
from typing import Any

from ansible_collections.globalsign.atlas.plugins.module_utils.account.sources import Source
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError

_OPTIONS: Mapping[str, tuple[str, type]] = {
    "url": ("api_url", str),
    "api_key": ("api_key", str),
    "api_secret": ("api_secret", str),
    "cert_file": ("client_cert", str),
    "key_file": ("client_key", str),
    "key_passphrase": ("client_key_passphrase", str),
    "insecure_skip_verify": ("validate_certs", bool),
    "extra_headers": ("extra_headers", dict),
    "timeout": ("read_timeout", int),
}
_FILES = ("cert_file", "key_file")


def options_of(source: Source, folder: str) -> dict[str, Any]:
    """The connection options that a configuration file states.

    Relative paths in it are those of its own `folder`. What is empty there is not stated.
    """
    try:
        document = json.loads(source.content)
    except ValueError:
        raise AtlasError(f"{source.named} is not JSON.") from None
    if not isinstance(document, dict):
        raise AtlasError(f"{source.named} does not hold a JSON object.")
    options: dict[str, Any] = {}
    for member, value in document.items():
        if member not in _OPTIONS:
            known = ", ".join(_OPTIONS)
            raise AtlasError(f"{source.named} has the member {member!r}; known are {known}.")
        option, kind = _OPTIONS[member]
        if value is not None and not _is_of(value, kind):
            raise AtlasError(f"{source.named}: {member} is not of the type {kind.__name__}.")
        if member in _FILES and value:
            value = os.path.join(folder, str(value))
        if member == "insecure_skip_verify":
            value = False if value else None
        if value not in (None, "", {}):
            options[option] = value
    return options


def _is_of(value: Any, kind: type) -> bool:
    """Whether a JSON value has a type; true and false are no numbers."""
    return isinstance(value, kind) and isinstance(value, bool) == (kind is bool)
