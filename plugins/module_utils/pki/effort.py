# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a private key takes to be read: the library does not stop, whoever wrote the file.

A key that is protected by a passphrase says how many rounds its derivation takes (RFC 8018, 4.2;
RFC 7914), and a number of four octets keeps a processor busy for hours; so does an RSA key of a
million bits that is checked when it is read.
"""

from __future__ import annotations

import contextlib

from ..asn1 import der
from ..asn1.der import Element, MalformedError
from ..asn1.pem import Block
from ..errors import AtlasError

_MOST_ROUNDS = 10_000_000
_MOST_OCTETS = 16 * 1024
"""More than the largest key that Atlas takes: RSA of 8192 bits is below 7 KiB in PEM."""
_MOST_ELEMENTS = 20_000
_CONSTRUCTED = 0x20


def refuse_slow_key(key: Block) -> None:
    """Raise `AtlasError` for a private key that nobody could wait for."""
    if len(key.whole) > _MOST_OCTETS:
        raise AtlasError("holds a private key that is larger than any that Atlas takes")
    with contextlib.suppress(ValueError):  # the traditional form, which derives by one round
        refuse_slow_derivation(key.content())


def refuse_slow_derivation(content: bytes) -> None:
    """Raise `AtlasError` for DER that asks for more rounds of a key's derivation than is sane.

    They stand as an INTEGER after the salt, an OCTET STRING, in PBES1, PBES2, scrypt and the
    authentication of PKCS#12. Data that cannot be read as DER is left to who reads it.
    """
    todo, count = [content], 0
    while todo and count < _MOST_ELEMENTS:
        try:
            found = der.elements(todo.pop())
        except MalformedError:
            continue
        count += len(found)
        if any(_is_too_many(*pair) for pair in zip(found, found[1:])):
            raise AtlasError(
                f"asks for more than {_MOST_ROUNDS} rounds to derive the key from the passphrase"
            )
        todo.extend(e.content for e in found if e.tag & _CONSTRUCTED or e.tag == der.OCTET_STRING)


def _is_too_many(salt: Element, rounds: Element) -> bool:
    is_pair = salt.tag == der.OCTET_STRING and rounds.tag == der.INTEGER
    return is_pair and int.from_bytes(rounds.content[:16], "big") > _MOST_ROUNDS
