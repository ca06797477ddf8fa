# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The points on which the API reference can be read in more than one way."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..values import about


@dataclass(frozen=True)
class Readings:
    """One reading for each open point, each with its meaning and choices in its metadata.

    The defaults are the readings that the reference prefers, or those of section 3.1.
    """

    suffix: str = field(
        default="label",
        metadata=about(
            "Entries of suffix lists match at label boundaries, or plainly whatever ends with them"
            " (but for the entry of just a dot, which always admits everything).",
            ("label", "plain"),
        ),
    )
    pattern: str = field(
        default="search",
        metadata=about(
            "Patterns are searched for in a value, or match the full value.", ("search", "full")
        ),
    )
    missing_section: str = field(
        default="refuse",
        metadata=about(
            "What the policy has no entry for is refused, or allowed into the certificate (and"
            " ignored where that cannot be).",
            ("refuse", "allow"),
        ),
    )
    empty_list: str = field(
        default="forbid",
        metadata=about(
            "A list that is empty and not static admits nothing, or any value.", ("forbid", "any")
        ),
    )
    static_equal: str = field(
        default="refuse",
        metadata=about(
            "A value that is the same as the static one is refused all the same, or accepted.",
            ("refuse", "accept"),
        ),
    )
    common_name_in_san: bool = field(
        default=False,
        metadata=about("A common name that looks like a DNS name has to be among san.dns_names."),
    )

    unknown_members: str = field(
        default="refuse",
        metadata=about(
            "Members of a certificate request that no source knows, and of a rekey those that"
            " would change more than its key, are refused or ignored.",
            ("refuse", "ignore"),
        ),
    )

    @property
    def ignores_unknown(self) -> bool:
        """Whether members of a request that no source knows are ignored."""
        return self.unknown_members == "ignore" or self.admits_unlisted

    @property
    def admits_unlisted(self) -> bool:
        """Whether what the policy has no entry for is let in."""
        return self.missing_section == "allow"
