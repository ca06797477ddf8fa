# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A public file over plain HTTP, such as the certificate of an issuer."""

from __future__ import annotations

from typing import Any

from ..errors import AtlasError
from ..libraries import REQUESTS, refuse
from .errors import printable
from .transport import watch_pools, watched
from .watchdog import Watch, Watchdog

try:
    import requests
    from requests.adapters import HTTPAdapter

    HAS_REQUESTS = True
except Exception:  # missing, or broken in any way: said when it is needed
    HAS_REQUESTS = False
    # So that what is derived from it can be read; mypy sees the library's class only.
    HTTPAdapter = object  # type: ignore[assignment,misc]

_MOST_BYTES = 64 * 1024
_MOST_RECEIVED = 4 * _MOST_BYTES
"""With the headers and framing of all redirections."""
_CHUNK = 8 * 1024
_WATCHDOG = Watchdog()


def fetch(url: str, seconds: float) -> bytes:
    """Fetch a small file, without any credential. Raises `AtlasError` if it cannot be had.

    `seconds` is for all of it. What comes is not trusted for where it came from: the caller
    verifies its signature.
    """
    if not HAS_REQUESTS:
        refuse(REQUESTS, ImportError("a part of it is missing"))
    if not url.startswith(("http://", "https://")):
        raise AtlasError(f"{printable(url)} is not fetched: only http and https are.")
    watch = Watch(seconds, _MOST_RECEIVED)
    try:
        with watched(_WATCHDOG, watch):
            content = _content(url, seconds)
    except (requests.RequestException, OSError, ValueError) as error:
        if not watch.is_late:
            said = printable(str(error))
            raise AtlasError(f"{printable(url)} cannot be fetched: {said}.") from None
        content = b""
    if watch.is_late:
        raise AtlasError(
            f"{printable(url)} cannot be fetched: it was not complete within {seconds:g} seconds."
        ) from None
    return content


def _content(url: str, seconds: float) -> bytes:
    with requests.Session() as session:
        for scheme in ("http://", "https://"):
            session.mount(scheme, _Adapter())
        with session.get(url, timeout=seconds, stream=True) as response:
            response.raise_for_status()
            content = b""
            for chunk in response.iter_content(_CHUNK):
                content += chunk
                if len(content) > _MOST_BYTES:
                    raise AtlasError(f"{printable(url)} is larger than {_MOST_BYTES} bytes.")
            return content


class _Adapter(HTTPAdapter):
    """As that of requests, with its connections watched."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        watch_pools(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **options)
        watch_pools(manager)
        return manager
