# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command line: what it accepts, as settings."""

from __future__ import annotations

import argparse
import asyncio
import ipaddress
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from .accounts import AccountSettings, read_accounts
from .api.openapi import description
from .behaviour import Behaviour, changed
from .names import normal_domain
from .policy.policies import find_policy
from .policy.readings import Readings
from .problems import StartError
from .process import data_folder, locked, serve
from .settings import Address, Settings, Verification

UNUSABLE = 2
_DNS_PORT = 53


def main(arguments: Sequence[str]) -> int:
    """Run the simulator; the exit status is 2 if it cannot start, with one sentence why."""
    parsed = _parser().parse_args(arguments)
    if parsed.command == "openapi":
        print(json.dumps(description(), indent=2))
        return 0
    try:
        settings = _settings(parsed)
        with locked(data_folder(settings.data_dir)):
            asyncio.run(serve(settings))
    except StartError as error:
        print(f"atlas_simulator: {error}", file=sys.stderr)
        return UNUSABLE
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="atlas_simulator", description="A simulated GlobalSign Atlas."
    )
    commands = parser.add_subparsers(required=True, dest="command")
    commands.add_parser("openapi", help="print an OpenAPI description of the API")
    serve = commands.add_parser("serve", help="serve the API until SIGTERM")
    serve.add_argument(
        "--data-dir", type=Path, required=True, metavar="DIR", help="where everything is kept"
    )
    serve.add_argument(
        "--listen", default="127.0.0.1:8443", metavar="HOST:PORT", help="port 0: any free port"
    )
    serve.add_argument(
        "--server-name",
        action="append",
        default=[],
        metavar="NAME",
        help="a name or address in the server certificate, beside localhost",
    )
    serve.add_argument("--control", metavar="HOST:PORT", help="the control listener, on loopback")
    serve.add_argument(
        "--pki-listen",
        metavar="HOST:PORT",
        help="the listener for CRLs, OCSP, CA certificates and the links in mails, over HTTP",
    )
    account = serve.add_argument_group("one account")
    account.add_argument(
        "--policy", metavar="FILE-OR-NAME", help="the validation policy (default: dv-tls)"
    )
    account.add_argument(
        "--verified",
        action="append",
        default=[],
        metavar="DOMAIN",
        help="a domain whose claim is verified from the start",
    )
    account.add_argument(
        "--accounts", type=Path, metavar="FILE", help="several accounts instead, as JSON"
    )
    verification = serve.add_argument_group("verification of claims")
    verification.add_argument(
        "--resolve",
        action="append",
        default=[],
        metavar="NAME=ADDRESS",
        help="where a name is, for verification requests",
    )
    verification.add_argument(
        "--resolver",
        action="append",
        default=[],
        metavar="HOST[:PORT]",
        help="a DNS server to ask instead of the system's (port: 53); several must agree",
    )
    for scheme, port in (("http", 80), ("https", 443)):
        verification.add_argument(
            f"--verify-{scheme}-port",
            type=int,
            default=port,
            metavar="PORT",
            help=f"the port that verification requests over {scheme.upper()} go to",
        )
    verification.add_argument("--smtp", metavar="HOST:PORT", help="where mails are sent")
    serve.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a setting of how the service behaves",
    )
    return parser


def _settings(parsed: argparse.Namespace) -> Settings:
    behaviour, readings = _behaviour(parsed.set)
    return Settings(
        data_dir=parsed.data_dir,
        listen=_address("--listen", parsed.listen),
        server_names=tuple(parsed.server_name),
        control=_loopback_address(parsed.control) if parsed.control else None,
        pki_listen=_address("--pki-listen", parsed.pki_listen) if parsed.pki_listen else None,
        accounts=_accounts(parsed),
        verification=Verification(
            names=dict(_resolution(text) for text in parsed.resolve),
            resolvers=tuple(_resolver(text) for text in parsed.resolver),
            http_port=_port("--verify-http-port", parsed.verify_http_port),
            https_port=_port("--verify-https-port", parsed.verify_https_port),
            smtp=_address("--smtp", parsed.smtp) if parsed.smtp else None,
        ),
        behaviour=behaviour,
        readings=readings,
    )


def _accounts(parsed: argparse.Namespace) -> tuple[AccountSettings, ...]:
    if parsed.accounts:
        if parsed.policy or parsed.verified:
            raise StartError(
                "--accounts: it says the policy and the verified domains of each account; leave"
                " out --policy and --verified."
            )
        return read_accounts(parsed.accounts)
    verified = tuple(_domain("--verified", text) for text in parsed.verified)
    policy = find_policy(parsed.policy or "dv-tls")
    return (AccountSettings("account", policy, verified=verified),)


def _behaviour(assignments: Sequence[str]) -> tuple[Behaviour, Readings]:
    changes = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals:
            raise StartError(f"--set: {assignment} is not NAME=VALUE, such as token_seconds=60.")
        changes[name] = value
    try:
        return changed(Behaviour(), Readings(), changes)
    except ValueError as error:
        raise StartError(f"--set: {error}.") from None


def _port(option: str, port: int) -> int:
    if not 0 < port < 65536:
        raise StartError(f"{option}: {port} is no port.")
    return port


def _address(option: str, text: str) -> Address:
    host, _colon, port = text.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise StartError(f"{option}: {text} is not HOST:PORT, such as 127.0.0.1:8443.")
    return Address(host.strip("[]"), int(port))


def _resolver(text: str) -> Address:
    """A DNS server. An address of version 6 without brackets has no port."""
    host, colon, port = text.rpartition(":")
    if not colon or text.endswith("]") or _is_ip_address(text):
        host, port = text, str(_DNS_PORT)
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    is_host = _is_ip_address(host) or normal_domain(f"{host}.test") is not None
    if not is_host or not port.isdigit() or not 0 < int(port) < 65536:
        raise StartError(
            f"--resolver: {text} is neither HOST nor HOST:PORT, such as 192.0.2.53 or"
            " [2001:db8::1]:53."
        )
    return Address(host, int(port))


def _is_ip_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _loopback_address(text: str) -> Address:
    address = _address("--control", text)
    try:
        is_loopback = ipaddress.ip_address(address.host).is_loopback
    except ValueError:
        is_loopback = address.host == "localhost"
    if not is_loopback:
        raise StartError(f"--control: {address.host} is not a loopback address, such as 127.0.0.1.")
    return address


def _domain(option: str, text: str) -> str:
    domain = normal_domain(text)
    if domain is None:
        raise StartError(f"{option}: {text} is not a domain, such as example.com.")
    return domain


def _resolution(text: str) -> tuple[str, str]:
    name, _equals, address = text.partition("=")
    try:
        return _domain("--resolve", name), str(ipaddress.ip_address(address))
    except ValueError:
        raise StartError(
            f"--resolve: {text} is not NAME=ADDRESS, such as www.example.com=127.0.0.1."
        ) from None
