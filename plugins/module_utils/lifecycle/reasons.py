# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the reasons of `due.reasons` mean, and words that both halves have for the user."""

from __future__ import annotations

from collections.abc import Sequence

from ..times import iso_time

_ONLY_THE_KEY = ("privatekey_type", "privatekey_size", "forced")


def concern_only_the_key(found: Sequence[str]) -> bool:
    """Whether another key for the same certificate would be enough."""
    return bool(found) and all(reason.partition(":")[0] in _ONLY_THE_KEY for reason in found)


_ORPHAN = "An earlier request had led to the certificate "
_UNFINISHED = "A request that was begun earlier was never finished and is not needed any more"


def orphan_notice(serial: str) -> str:
    """What a user should know of a certificate that was issued for a former wish."""
    return (
        f"{_ORPHAN}{serial}, which is not what is wanted any"
        " more; it was not revoked, and nobody uses it."
    )


def unfinished_notice(serial: str, not_after: int) -> str:
    """What a user should know of a request that was begun for a former wish."""
    return f"{_UNFINISHED}; {possibly_issued(serial, not_after)}"


def possibly_issued(serial: str, not_after: int) -> str:
    """What may have become of a request, with what it can be found by in the Atlas portal: its
    serial number, or the end that was requested (UNIX seconds, 0 for none)."""
    if serial:
        return f"Atlas accepted it as {serial}, which nobody uses."
    end = f", which ends on {iso_time(not_after)}" if not_after else ""
    return (
        f"Atlas may have issued a certificate for it{end}{' and' if end else ' that'} nobody uses."
    )


def is_told_once(notice: str) -> bool:
    """Whether the node has to note that the user was told this."""
    return notice.startswith((_ORPHAN, _UNFINISHED))
