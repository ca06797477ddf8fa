# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""PEM: blocks by their labels, whatever stands around them."""

from __future__ import annotations

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.asn1 import pem

ONE, TWO = pem.write("ONE", b"first"), pem.write("TWO", b"second " * 20)


def test_a_block_is_written_in_lines_of_64() -> None:
    assert [len(line) for line in TWO.splitlines()] == [19, 64, 64, 60, 17]


def test_blocks_of_certain_labels_are_found_in_their_order() -> None:
    content = ("text" + TWO + ONE + "more -----BEGIN -----" + TWO).encode()
    assert [block.label for block in pem.blocks(content, [b"ONE", b"TWO"])] == [
        b"TWO",
        b"ONE",
        b"TWO",
    ]
    (block,) = pem.blocks(content, [b"ONE"])
    assert block.content() == b"first"
    assert block.whole == ONE.encode()


def test_a_block_without_an_end_hides_none_of_another_label() -> None:
    content = b"-----BEGIN ONE-----\n" + TWO.encode()
    assert [block.label for block in pem.blocks(content, [b"ONE", b"TWO"])] == [b"TWO"]


@pytest.mark.parametrize("body", [b"!", b"YQ", b"\xff"])
def test_what_is_no_base64(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        pem.Block(b"ONE", body, body).content()
