# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The library cryptography, in one place.

Everything else imports its names from here, so that every file can be imported where the library
is missing. Who is about to use it calls `require_cryptography` first.
"""

from __future__ import annotations

import sys
from typing import Any

from ..errors import AtlasError

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
except ImportError:
    IS_THERE = False

    class _Absent:
        """Stands for each name, so that files which mention it can be imported."""

        def __getattr__(self, name: str) -> Any:
            return self

    def __getattr__(name: str) -> Any:
        return _Absent()

else:
    IS_THERE = True

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
    """Fail with a sentence that names the interpreter if the library is missing."""
    if not IS_THERE:
        raise AtlasError(
            f"The Python library cryptography is missing: install it for {sys.executable} (most"
            " systems have it as the package python3-cryptography), or set"
            " ansible_python_interpreter to a Python that has it."
        )
