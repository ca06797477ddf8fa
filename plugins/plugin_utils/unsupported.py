# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that there are not, in the words that Ansible has for them in modules."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, Union

_Unsupported = Union[str, "tuple[str, ...]"]


def unsupported_sentence(
    module: str, spec: Mapping[str, Any], unsupported: Iterable[_Unsupported], message: str
) -> str:
    """Say that options are not supported, and which may have been meant.

    `unsupported` has suboptions as tuples of the options above them and their own names, and
    `message` is what `ArgumentSpecValidator` says.
    """
    meant = sorted(filter(None, (_meant(spec, item) for item in unsupported)))
    said = f"Unsupported parameters for ({module}) module: {message}"
    return f"{said} Did you mean {' and '.join(meant)}?" if meant else said


def _meant(spec: Mapping[str, Any], item: _Unsupported) -> str:
    *above, name = (item,) if isinstance(item, str) else item
    known = spec
    for option in above:
        known = known.get(option, {}).get("options") or {}
    names = [*known, *(alias for rule in known.values() for alias in rule.get("aliases") or ())]
    close = difflib.get_close_matches(name, names, n=1)
    return ".".join([*above, close[0]]) if close else ""
