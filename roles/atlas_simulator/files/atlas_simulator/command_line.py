# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command line: what it accepts, and the life of one process."""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import ipaddress
import json
import os
import shlex
import signal
import ssl
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from aiohttp import web

from .api.claims import normal_domain, verified_from_the_start
from .api.server import BASE, Api
from .clock import Clock
from .control.application import control_application
from .pki.api_tls import ApiTls
from .pki.authority import Authority
from .pki.pairs import write_private
from .policy.policies import find_policy
from .problems import StartError
from .settings import Address, Settings
from .store import Store

UNUSABLE = 2


def main(arguments: Sequence[str]) -> int:
    """Run the simulator; the exit status is 2 if it cannot start, with one sentence why."""
    parsed = _parser().parse_args(arguments)
    try:
        settings = _settings(parsed)
        with _locked(_data_folder(settings.data_dir)):
            asyncio.run(_serve(settings))
    except StartError as error:
        print(f"atlas_simulator: {error}", file=sys.stderr)
        return UNUSABLE
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="atlas_simulator", description="A simulated GlobalSign Atlas."
    )
    serve = parser.add_subparsers(required=True, metavar="serve").add_parser(
        "serve", help="serve the API until SIGTERM"
    )
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
        "--policy", default="dv-tls", metavar="FILE-OR-NAME", help="the validation policy"
    )
    serve.add_argument(
        "--verified",
        action="append",
        default=[],
        metavar="DOMAIN",
        help="a domain whose claim is verified from the start",
    )
    serve.add_argument(
        "--resolve",
        action="append",
        default=[],
        metavar="NAME=ADDRESS",
        help="where a name is, for verification requests",
    )
    serve.add_argument(
        "--verify-http-port",
        type=int,
        default=80,
        metavar="PORT",
        help="the port that verification requests go to",
    )
    return parser


def _settings(parsed: argparse.Namespace) -> Settings:
    if not 0 < parsed.verify_http_port < 65536:
        raise StartError(f"--verify-http-port: {parsed.verify_http_port} is no port.")
    return Settings(
        data_dir=parsed.data_dir,
        listen=_address("--listen", parsed.listen),
        server_names=tuple(parsed.server_name),
        control=_loopback_address(parsed.control) if parsed.control else None,
        policy=find_policy(parsed.policy),
        verified=tuple(_domain("--verified", text) for text in parsed.verified),
        resolve=dict(_resolution(text) for text in parsed.resolve),
        verify_http_port=parsed.verify_http_port,
    )


def _address(option: str, text: str) -> Address:
    host, _colon, port = text.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise StartError(f"{option}: {text} is not HOST:PORT, such as 127.0.0.1:8443.")
    return Address(host.strip("[]"), int(port))


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


def _data_folder(folder: Path) -> Path:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise StartError(f"--data-dir: {folder} cannot be used: {error.strerror}.") from None
    return folder


def _locked(folder: Path) -> TextIO:
    """Hold the data folder: two simulators on one would spoil each other's work."""
    lock = (folder / "lock").open("w", encoding="ascii")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise StartError(f"--data-dir: {folder} is in use by another simulator.") from None
    return lock


async def _serve(settings: Settings) -> None:
    folder = settings.data_dir
    store = Store(folder / "atlas.sqlite")
    clock = Clock()
    authority = Authority(folder, clock)
    tls = ApiTls(folder, settings.server_names)
    for domain in settings.verified:
        verified_from_the_start(store, domain, clock.now())
    api = Api(settings, store, clock, authority, tls)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_number, stopping.set)

    runners = [await _listen("--listen", settings.listen, api.application(), _tls_context(tls))]
    url = f"https://{_bound(runners[0])}{BASE}"
    if settings.control:
        control = control_application(api.requests_seen)
        runners.append(await _listen("--control", settings.control, control, None))
        (folder / "control-url").write_text(f"http://{_bound(runners[1])}", encoding="ascii")
    _write_environment(folder, url, store, tls)
    print(f"ready {url}", flush=True)
    await stopping.wait()
    for runner in runners:
        await runner.cleanup()
    await api.verifier.close()
    store.close()


def _tls_context(tls: ApiTls) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=tls.ca.pem)
    context.load_cert_chain(tls.path("server", "crt"), tls.path("server", "key"))
    return context


async def _listen(
    option: str, address: Address, app: web.Application, tls: ssl.SSLContext | None
) -> web.AppRunner:
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=2)
    await runner.setup()
    try:
        await web.TCPSite(runner, address.host, address.port, ssl_context=tls).start()
    except OSError as error:
        await runner.cleanup()
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
        raise StartError(f"{option}: {address} cannot be listened on: {reason}.") from None
    return runner


def _bound(runner: web.AppRunner) -> Address:
    host, port = runner.addresses[0][:2]
    return Address(str(host), int(port))


def _write_environment(folder: Path, url: str, store: Store, tls: ApiTls) -> None:
    variables = {
        "ATLAS_API_URL": url,
        "ATLAS_API_KEY": store.api_key,
        "ATLAS_API_SECRET": store.api_secret,
        "ATLAS_CLIENT_CERT": str(tls.path("client", "crt").resolve()),
        "ATLAS_CLIENT_KEY": str(tls.path("client", "key").resolve()),
        "ATLAS_CA_PATH": str(tls.path("api-ca", "crt").resolve()),
    }
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in variables.items()]
    write_private(folder / "env", "".join(lines).encode("utf-8"))
    options = {name.removeprefix("ATLAS_").lower(): value for name, value in variables.items()}
    write_private(folder / "connection.json", json.dumps(options).encode("utf-8"))
