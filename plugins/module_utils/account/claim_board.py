# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the workers of a run tell each other of claims, by way of its scratch folder."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from contextlib import AbstractContextManager

from ansible_collections.globalsign.atlas.plugins.module_utils.account.scratch import Scratch
from ansible_collections.globalsign.atlas.plugins.module_utils.api.client import ClaimToken


class ClaimBoard:
    """Tokens that were drawn in this run, and which host was the first to ask for each.

    Older servers do not tell a token again. Where the scratch folder is gone, each host is the
    first: what is placed twice is the same.
    """

    def __init__(self, scratch: Scratch) -> None:
        self._scratch = scratch

    def locked(self, what: str) -> AbstractContextManager[None]:
        """Hold the other workers back from something."""
        return self._scratch.locked(what)

    def token(self, claim_id: str) -> tuple[ClaimToken, int] | None:
        """The token that was drawn for a claim in this run, and when, in UNIX seconds."""
        kept = self._scratch.read(_name("token", claim_id))
        try:
            token, assert_by, drawn_at = kept
            return ClaimToken(claim_id, str(token), assert_by), int(drawn_at)
        except (TypeError, ValueError):  # none, or a damaged one
            return None

    def keep_token(self, token: ClaimToken, drawn_at: int) -> None:
        """Tell the others of a token."""
        kept = [token.token, token.assert_by, drawn_at]
        self._scratch.write(_name("token", token.claim_id), kept)

    def is_first(self, claim_id: str, token: str, host: str, others: Collection[str]) -> bool:
        """Whether this host was the first of the run to ask for this claim and token.

        One that is not among `others` any more has failed, or is of another play.
        """
        name = _name("placer", claim_id + token)
        first = self._scratch.shared(name, lambda: host, lambda found: found in (host, *others))
        return bool(first == host)


def _name(kind: str, what: str) -> str:
    """What the service sends is no name for a file."""
    return f"{kind}-{hashlib.sha256(what.encode('utf-8')).hexdigest()[:32]}"
