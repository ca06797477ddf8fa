# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""PEM (RFC 7468): blocks, and text of any kind around them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence
from typing import NamedTuple

CERTIFICATES = (b"CERTIFICATE", b"X509 CERTIFICATE", b"TRUSTED CERTIFICATE")
"""The labels of certificates, as OpenSSL reads them."""

_BEGIN = b"-----BEGIN "
_END = b"-----END "
_DASHES = b"-----"
_LONGEST_LABEL = 32


class Block(NamedTuple):
    """One block: its label, what stands between its two lines, and all of it."""

    label: bytes
    body: bytes
    whole: bytes

    def content(self) -> bytes:
        """What is encoded; ValueError if it is not base64."""
        try:
            return base64.b64decode(b"".join(self.body.split()), validate=True)
        except binascii.Error as error:
            raise ValueError(str(error)) from None


def blocks(content: bytes, labels: Sequence[bytes]) -> Iterator[Block]:
    """The blocks with one of these labels, in their order.

    Without a regular expression, which would try each BEGIN with each END.
    """
    unfinished = set()
    start = content.find(_BEGIN)
    while start >= 0:
        after = start + len(_BEGIN)
        label = content[after : after + _LONGEST_LABEL].partition(_DASHES)[0]
        if label in labels and label not in unfinished:
            after += len(label) + len(_DASHES)
            closing = _END + label + _DASHES
            end = content.find(closing, after)
            if end < 0:
                unfinished.add(label)
            else:
                past = end + len(closing)
                yield Block(label, content[after:end], content[start:past] + b"\n")
                after = past
        start = content.find(_BEGIN, after)


def write(label: str, content: bytes) -> str:
    """Write a block that ends with a line feed."""
    text = base64.b64encode(content).decode("ascii")
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])
