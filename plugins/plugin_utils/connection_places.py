# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which of several places the connection options are taken from.

Options that belong together are taken from one place: half an identity of the task and half of one
in the environment is none, and another form of it there does not outdo the one that is stated here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError

_LOGIN = ("api_key", "api_secret")
_IDENTITY = (
    "client_cert",
    "client_cert_content",
    "client_key",
    "client_key_content",
    "client_pkcs12",
)
_OPENS_KEY = "client_key_passphrase"
_KEYS = ("client_key", "client_key_content", "client_pkcs12")
_ALTERNATIVES = (("client_cert", "client_cert_content", "client_pkcs12"), _KEYS)


@dataclass(frozen=True)
class Place:
    """Somewhere options are stated, and what they are there."""

    name: str
    options: Mapping[str, Any] = field(repr=False)

    @property
    def stated(self) -> dict[str, Any]:
        """What is not empty: who cannot leave a field out, as in AWX, leaves it empty."""
        return {option: value for option, value in self.options.items() if not _is_empty(value)}


def taken(places: Sequence[Place]) -> dict[str, Any]:
    """The connection options of several places, of which the first comes first.

    The identity (certificate and private key, in whatever form) is that of the first place that
    states any of it, and so are API key and secret. A passphrase may come from an earlier place
    than the key that it opens, and never from a later one.
    """
    stated = [place.stated for place in places]
    for place, options in zip(places, stated):
        _refuse_alternatives(place.name, options)
    found: dict[str, Any] = {}
    for options in reversed(stated):
        found.update(options)
    for group in (_LOGIN, _IDENTITY):
        _take_together(group, stated, found)
    may_open = stated[: _first(_IDENTITY, stated) + 1]
    if not any(_OPENS_KEY in options for options in may_open):
        found.pop(_OPENS_KEY, None)
    return found


def over_defaults(task: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """What a task states over its `module_defaults`, which are one place with it.

    A form of certificate or key gives way to another form that the task states, and a passphrase
    to another key.
    """
    stated = Place("the task", task).stated
    gives_way = {
        other
        for alternatives in _ALTERNATIVES
        if any(option in stated for option in alternatives)
        for other in alternatives
    }
    if any(option in stated for option in _KEYS):
        gives_way.add(_OPENS_KEY)
    kept = {option: value for option, value in defaults.items() if option not in gives_way}
    return {**kept, **stated}


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, (str, Mapping)) and not value)


def _first(group: Sequence[str], stated: Sequence[Mapping[str, Any]]) -> int:
    """Where any of a group is stated first; the last place if it is nowhere."""
    for number, options in enumerate(stated):
        if any(option in options for option in group):
            return number
    return len(stated) - 1


def _take_together(
    group: Sequence[str], stated: Sequence[Mapping[str, Any]], found: dict[str, Any]
) -> None:
    own = stated[_first(group, stated)] if stated else {}
    for option in group:
        found.pop(option, None)
        if option in own:
            found[option] = own[option]


def _refuse_alternatives(name: str, options: Mapping[str, Any]) -> None:
    for alternatives in _ALTERNATIVES:
        several = [option for option in alternatives if option in options]
        if len(several) > 1:
            raise AtlasError(
                f"{' and '.join(several)} exclude one another, and {name} gives"
                f" {'both' if len(several) == 2 else 'all of them'}; give one of them."
            )
