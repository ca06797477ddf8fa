# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The life of one process: what it starts, tells, and ends."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import shlex
import signal
import ssl
from pathlib import Path
from typing import TextIO

from aiohttp import web
from cryptography.hazmat.primitives import hashes

from .accounts import Account, AccountSettings
from .alerts import AlertingObject
from .api.claims import verified_from_the_start
from .api.server import BASE, Api
from .api.service import Service
from .clock import Clock
from .control.application import Control
from .control.interference import Interference
from .pki.api_tls import ApiTls
from .pki.application import pki_application
from .pki.authority import Authority
from .pki.pairs import write_private
from .problems import StartError
from .settings import Address, Settings
from .store import Store
from .verification.dns import Resolvers
from .verification.verifier import Verifier


def data_folder(folder: Path) -> Path:
    """Make the data folder, for its owner only."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise StartError(f"--data-dir: {folder} cannot be used: {error.strerror}.") from None
    return folder


def locked(folder: Path) -> TextIO:
    """Hold the data folder: two simulators on one would spoil each other's work."""
    lock = (folder / "lock").open("w", encoding="ascii")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise StartError(f"--data-dir: {folder} is in use by another simulator.") from None
    return lock


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM."""
    folder = settings.data_dir
    store, clock = Store(folder / "atlas.sqlite"), Clock()
    tls = ApiTls(folder, settings.server_names)
    verification = settings.verification
    resolvers = Resolvers(verification.resolvers, verification.names)
    service = Service(
        settings=settings,
        store=store,
        clock=clock,
        authority=Authority(folder, clock),
        accounts=[_account(each, settings, store, tls) for each in settings.accounts],
        verifier=Verifier(store, clock, resolvers, settings.behaviour),
        behaviour=settings.behaviour,
        readings=settings.readings,
    )
    for account in service.accounts:
        for domain in account.settings.verified:
            reuse = settings.behaviour.reuse_seconds
            verified_from_the_start(store, account.name, domain, clock.now(), reuse)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_number, stopping.set)

    api = Api(service)
    runners = []
    if settings.pki_listen:
        public = pki_application(service)
        runners.append(await _listen("--pki-listen", settings.pki_listen, public))
        service.pki_url = f"http://{_bound(runners[-1])}"
    interference = Interference(service, api)
    outer = (interference.take_note, interference.interfere) if settings.control else ()
    app = api.application(*outer)
    context, idle = _tls_context(settings, tls), settings.behaviour.idle_seconds
    runners.append(await _listen("--listen", settings.listen, app, context, idle))
    url = f"https://{_bound(runners[-1])}{BASE}"
    if settings.control:
        control = Control(service, interference).application()
        runners.append(await _listen("--control", settings.control, control))
        (folder / "control-url").write_text(f"http://{_bound(runners[-1])}", encoding="ascii")
    for number, account in enumerate(service.accounts):
        _write_environment(_account_folder(folder, account.settings, number), url, account, tls)
    print(f"ready {url}", flush=True)
    await stopping.wait()
    interference.rules.release()
    for runner in runners:
        await runner.cleanup()
    await service.verifier.close()
    store.close()


def _account_folder(folder: Path, account: AccountSettings, number: int) -> Path:
    """The first account has the data folder itself, each other a folder below it."""
    return folder if number == 0 else folder / "accounts" / account.name


def _account(wanted: AccountSettings, settings: Settings, store: Store, tls: ApiTls) -> Account:
    folder = _account_folder(settings.data_dir, wanted, settings.accounts.index(wanted))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    api_key, api_secret = store.keep_account(
        wanted.name, wanted.api_key, wanted.api_secret, wanted.quota
    )
    certificate = tls.client(folder).certificate
    return Account(
        settings=wanted,
        api_key=api_key,
        api_secret=api_secret,
        certificate=certificate.fingerprint(hashes.SHA256()),
        serial=certificate.serial_number,
    )


def _tls_context(settings: Settings, tls: ApiTls) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sslobject_class = AlertingObject
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    needs_all = all(account.mutual_tls == "certificate" for account in settings.accounts)
    context.verify_mode = ssl.CERT_REQUIRED if needs_all else ssl.CERT_OPTIONAL
    context.load_verify_locations(cafile=tls.trusted)
    context.verify_flags |= ssl.VerifyFlags.VERIFY_CRL_CHECK_LEAF
    context.load_cert_chain(tls.path("server", "crt"), tls.path("server", "key"))
    return context


async def _listen(
    option: str,
    address: Address,
    app: web.Application,
    tls: ssl.SSLContext | None = None,
    idle_seconds: int = 75,
) -> web.AppRunner:
    runner = web.AppRunner(
        app,
        access_log=None,
        handle_signals=False,
        shutdown_timeout=2,
        keepalive_timeout=idle_seconds,
    )
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


def _write_environment(folder: Path, url: str, account: Account, tls: ApiTls) -> None:
    variables = {
        "ATLAS_API_URL": url,
        "ATLAS_API_KEY": account.api_key,
        "ATLAS_API_SECRET": account.api_secret,
        "ATLAS_CLIENT_CERT": str((folder / "client.crt").resolve()),
        "ATLAS_CLIENT_KEY": str((folder / "client.key").resolve()),
        "ATLAS_CA_PATH": str(tls.path("api-ca", "crt").resolve()),
    }
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in variables.items()]
    write_private(folder / "env", "".join(lines).encode("utf-8"))
    options = {name.removeprefix("ATLAS_").lower(): value for name, value in variables.items()}
    write_private(folder / "connection.json", json.dumps(options).encode("utf-8"))
