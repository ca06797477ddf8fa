# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A public file over plain HTTP, such as the certificate of an issuer."""

from __future__ import annotations

from ..errors import AtlasError
from ..libraries import REQUESTS, refuse
from .errors import printable

try:
    import requests

    HAS_REQUESTS = True
except ImportError:  # said when it is needed
    HAS_REQUESTS = False

_MOST_BYTES = 64 * 1024
_CHUNK = 8 * 1024


def fetch(url: str, seconds: float) -> bytes:
    """Fetch a small file, without any credential. Raises `AtlasError` if it cannot be had.

    `seconds` is for the connection and between two pieces. What comes is not trusted for where
    it came from: the caller verifies its signature.
    """
    if not HAS_REQUESTS:
        refuse(REQUESTS, ImportError("a part of it is missing"))
    if not url.startswith(("http://", "https://")):
        raise AtlasError(f"{printable(url)} is not fetched: only http and https are.")
    try:
        with requests.get(url, timeout=seconds, stream=True) as response:
            response.raise_for_status()
            content = b""
            for chunk in response.iter_content(_CHUNK):
                content += chunk
                if len(content) > _MOST_BYTES:
                    raise AtlasError(f"{printable(url)} is larger than {_MOST_BYTES} bytes.")
            return content
    except requests.RequestException as error:
        raise AtlasError(f"{printable(url)} cannot be fetched: {printable(str(error))}.") from None
