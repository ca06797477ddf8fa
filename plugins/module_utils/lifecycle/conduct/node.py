# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The node's steps, as who conducts a task calls them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from ...errors import AtlasError
from .. import exchange
from ..wanted import Wanted

Perform = Callable[[str, Sequence[dict[str, Any]], Sequence[str]], Any]
"""Runs a step: its name, what it is about, and the passphrases that stand there by number."""

T = TypeVar("T")


class NodeLostError(AtlasError):
    """The connection to the node broke: what was ordered may have been done or not."""


class Node:
    """One host; each step is one call, however many certificates it is about."""

    def __init__(self, perform: Perform) -> None:
        self._perform = perform

    def inspect(
        self, wanted: Sequence[Wanted], now: int, with_content: bool
    ) -> tuple[exchange.Inspection, ...]:
        """What is there, and what is due at `now`, in UNIX seconds of the controller's clock."""
        items = [
            {
                "wanted": item.on_wire(),
                "now": now,
                "with_content": _wants_content(item, with_content),
            }
            for item in wanted
        ]
        return self._step("inspect", items, exchange.Inspection)

    def prepare(self, items: Sequence[dict[str, Any]]) -> tuple[exchange.Prepared, ...]:
        """Record an attempt with its key for each."""
        return self._step("prepare", items, exchange.Prepared)

    def install(self, items: Sequence[dict[str, Any]]) -> tuple[exchange.Installed, ...]:
        """Put in place what was issued, mend what needs it, close what was refused."""
        return self._step("install", items, exchange.Installed)

    def acknowledge(
        self, step: str, items: Sequence[dict[str, Any]]
    ) -> tuple[exchange.Acknowledged, ...]:
        """`acknowledge`, `previous`, `prove` or `revoked`."""
        return self._step(step, items, exchange.Acknowledged)

    def remove(self, items: Sequence[dict[str, Any]]) -> tuple[exchange.Removed, ...]:
        """Remove files, in check mode tell which."""
        return self._step("remove", items, exchange.Removed)

    def _step(self, step: str, items: Sequence[dict[str, Any]], kind: type[T]) -> tuple[T, ...]:
        if not items:
            return ()
        secrets: list[str] = []
        answers = self._perform(step, [_without_secrets(item, secrets) for item in items], secrets)
        with_content = sum(bool(item.get("with_content")) for item in items)
        most = exchange.LONGEST_ANSWER + exchange.LONGEST_ENTRY * len(items)
        most += exchange.LONGEST_CONTENT * with_content
        if len(json.dumps(answers)) > most:
            raise AtlasError(
                f"The node's answer to {step} is longer than {most} bytes. Nothing was done with"
                " it."
            )
        return exchange.read_answers(kind, answers, len(items))


def _wants_content(wanted: Wanted, is_asked_for: bool) -> bool:
    """Where there are no files, the result is all that there is."""
    return is_asked_for or not wanted.targets


def _without_secrets(item: dict[str, Any], secrets: list[str]) -> dict[str, Any]:
    """Passphrases go beside the rest, in an option that Ansible knows to be secret."""
    targets = []
    for target in item["wanted"]["targets"]:
        passphrase = target["passphrase"]
        if passphrase is not None:
            if passphrase not in secrets:
                secrets.append(passphrase)
            passphrase = secrets.index(passphrase)
        targets.append({**target, "passphrase": passphrase})
    return {**item, "wanted": {**item["wanted"], "targets": targets}}
