# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file with the token, fetched over HTTP (API reference, section 5.5)."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from .. import messages
from .token import matches

PATH = "/.well-known/pki-validation/gsdv.txt"
_TIMEOUT = aiohttp.ClientTimeout(total=10)
_LARGEST_FILE = 1024


async def look(domain: str, token: str, names: Mapping[str, str], port: int) -> str:
    """Why the token was not found at a domain; empty if it was.

    `names` maps names to addresses; others are looked up by the system. Redirects are not followed.
    """
    url = f"http://{domain}{PATH}"
    connector = aiohttp.TCPConnector(resolver=_Resolver(names), force_close=True)
    async with aiohttp.ClientSession(connector=connector, timeout=_TIMEOUT) as session:
        try:
            address = f"http://{domain}:{port}{PATH}"
            async with session.get(address, allow_redirects=False) as answer:
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


class _Resolver(AbstractResolver):
    """Knows the names of `--resolve`, and asks the system for others."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(
            self._names.get(host, host), port, type=socket.SOCK_STREAM, family=family
        )
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=port,
                family=address_family,
                proto=protocol,
                flags=socket.AI_NUMERICHOST,
            )
            for address_family, _type, protocol, _name, address in found
        ]

    async def close(self) -> None:
        """Nothing is held."""
