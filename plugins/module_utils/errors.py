# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one error type of the collection."""

from __future__ import annotations


class AtlasError(Exception):
    """Something that a person has to know, in one or two sentences.

    The text names the option or field, what was given, the rule, and what would be right. It
    never holds a secret. It becomes `fail_json` in one place on each side: in the base action on
    the controller and in `atlas_certificate_node` on the node.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
