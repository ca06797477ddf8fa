# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file with the token, fetched over HTTP or HTTPS (API reference, section 5.5)."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Sequence

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from .. import messages
from .dns import Resolvers, addresses
from .token import matches

PATH = "/.well-known/pki-validation/gsdv.txt"
_TIMEOUT = aiohttp.ClientTimeout(total=10)
_LARGEST_FILE = 1024


async def look(target: str, token: str, resolvers: Resolvers, scheme: str, port: int) -> str:
    """Why the token was not found at a domain or IP address; empty if it was.

    Redirects are not followed. The certificate of an HTTPS server need not be valid [sim].
    """
    host = f"[{target}]" if ":" in target else target
    url = f"{scheme}://{host}{PATH}"
    found = [target] if _is_address(target) else await addresses(resolvers, target)
    if not found and not resolvers.addresses:
        found = await _system_addresses(target)
    if not found:
        return messages.CHECK_UNREACHABLE.format(url=url, reason="no address")
    connector = aiohttp.TCPConnector(resolver=_Resolver(found), force_close=True, ssl=False)
    async with aiohttp.ClientSession(connector=connector, timeout=_TIMEOUT) as session:
        try:
            asked = f"{scheme}://{host}:{port}{PATH}"
            async with session.get(asked, allow_redirects=False) as answer:
                if answer.status != 200:
                    return messages.CHECK_STATUS.format(url=url, status=answer.status)
                content = await answer.content.read(_LARGEST_FILE)
        except asyncio.TimeoutError:
            return messages.CHECK_UNREACHABLE.format(url=url, reason="timeout")
        except (aiohttp.ClientError, OSError) as error:
            reason = type(error).__name__
            return messages.CHECK_UNREACHABLE.format(url=url, reason=reason)
    if not matches(content.decode("ascii", "replace"), token):
        return messages.CHECK_CONTENT.format(url=url)
    return ""


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


async def _system_addresses(name: str) -> list[str]:
    """What the system knows of a name, files of hosts included."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return [str(address[0]) for *_rest, address in found]


class _Resolver(AbstractResolver):
    """Knows where the one name is that is asked for."""

    def __init__(self, found: Sequence[str]) -> None:
        self._found = found

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self._found
        ]

    async def close(self) -> None:
        """Nothing is held."""
