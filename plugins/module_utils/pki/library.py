# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The library cryptography, in one place.

Everything else imports its names from here, so that every file can be imported where the library
is missing. Who is about to use it calls `require_cryptography` first.
"""

from __future__ import annotations

from typing import Any

from ..libraries import CRYPTOGRAPHY, refuse, require

_obstacle: BaseException | None = None

try:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
    from cryptography.hazmat.primitives.serialization.pkcs12 import (
        load_key_and_certificates as load_pkcs12,
    )
    from cryptography.hazmat.primitives.serialization.pkcs12 import (
        serialize_key_and_certificates as serialize_pkcs12,
    )
except (KeyboardInterrupt, SystemExit):
    raise
except BaseException as error:  # a broken one panics in Rust, with what is no Exception
    _obstacle = error

    class _Absent:
        """Stands for each name, so that files which mention it can be imported."""

        def __getattr__(self, name: str) -> Any:
            return self

    def __getattr__(name: str) -> Any:
        return _Absent()


__all__ = [
    "InvalidSignature",
    "UnsupportedAlgorithm",
    "ec",
    "hashes",
    "load_pkcs12",
    "padding",
    "require_cryptography",
    "rsa",
    "serialization",
    "serialize_pkcs12",
    "x509",
]


def require_cryptography() -> None:
    """Fail with a sentence that names machine and interpreter if the library cannot be used."""
    if _obstacle is not None:
        refuse(CRYPTOGRAPHY, _obstacle)
    require(CRYPTOGRAPHY)
