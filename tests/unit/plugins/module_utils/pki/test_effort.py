# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What would take hours to be read is refused at once."""

from __future__ import annotations

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.asn1 import der, pem
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import keys, pkcs12
from ansible_collections.globalsign.atlas.plugins.module_utils.pki.effort import (
    refuse_slow_derivation,
)

ROUNDS = "asks for more than 10000000 rounds to derive the key from the passphrase"


def number(value: int) -> bytes:
    return der.encode(der.INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def derived_by(rounds: int) -> bytes:
    """PBES2 with PBKDF2 (RFC 8018, A.2 and A.4), as far as matters here."""
    salt = der.encode(der.OCTET_STRING, b"salt")
    return der.encode(der.SEQUENCE, der.encode(der.SEQUENCE, salt, number(rounds)))


@pytest.mark.parametrize("depth", [0, 1, 3])
def test_rounds_are_found_wherever_they_stand(depth: int) -> None:
    for rounds, is_refused in ((10_000_000, False), (10_000_001, True), (1 << 70, True)):
        content = derived_by(rounds)
        for _level in range(depth):
            content = der.encode(der.OCTET_STRING, content)
        if is_refused:
            with pytest.raises(AtlasError) as raised:
                refuse_slow_derivation(content)
            assert raised.value.message == ROUNDS
        else:
            refuse_slow_derivation(content)


@pytest.mark.parametrize(
    "content", [b"", b"\x30", b"\xff" * 9, derived_by(1)[:-1], number(1 << 40)]
)
def test_what_is_no_derivation_is_left_to_who_reads_it(content: bytes) -> None:
    refuse_slow_derivation(content)


def test_a_key_that_asks_for_hours() -> None:
    slow = pem.write("ENCRYPTED PRIVATE KEY", derived_by((1 << 31) - 1)).encode()
    with pytest.raises(AtlasError) as raised:
        keys.load_private_key(slow, "a passphrase")
    assert raised.value.message == ROUNDS
    with pytest.raises(AtlasError) as raised:
        pkcs12.read(derived_by((1 << 31) - 1), "a passphrase")
    assert raised.value.message == ROUNDS


def test_a_key_that_is_too_large() -> None:
    large = pem.write("RSA PRIVATE KEY", der.encode(der.SEQUENCE, number(1 << 120_000))).encode()
    with pytest.raises(AtlasError) as raised:
        keys.load_private_key(large)
    assert raised.value.message == "holds a private key that is larger than any that Atlas takes"
