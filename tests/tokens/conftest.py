# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The servers, and the two actions as Ansible runs them, without the rest of Ansible."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.action import dns_txt_record, domain_token_info
from ansible_collections.globalsign.atlas.plugins.module_utils.tokens import watch

from .servers import SECRETS, NameServers, name_servers, validating_resolver

Run = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NameServers]:
    with name_servers(tmp_path_factory.mktemp("dns")) as running:
        yield running


@pytest.fixture(scope="session")
def unbound(servers: NameServers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a validating resolver."""
    with validating_resolver(tmp_path_factory.mktemp("unbound"), servers) as address:
        yield address


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time goes ten times as fast for who waits until a token can be seen."""
    hurry = functools.partial(
        watch.watch,
        pause=lambda seconds: time.sleep(seconds / 10),
        clock=lambda: time.monotonic() * 10,
    )
    monkeypatch.setattr(watch, "watch", hurry)


@pytest.fixture
def record(servers: NameServers) -> Run:
    """Run dns_txt_record with the key of shop.test, unless told otherwise."""

    def run(name: str, value: str, check_mode: bool = False, **options: Any) -> dict[str, Any]:
        given: dict[str, Any] = {
            "name": name,
            "value": value,
            "port": servers.port,
            "resolvers": [servers.resolver],
            "tsig_name": "shop-key",
            "tsig_key": SECRETS["shop-key"],
            **options,
        }
        return perform(dns_txt_record, given, check_mode)

    return run


@pytest.fixture
def look(servers: NameServers) -> Run:
    """Run domain_token_info with method dns, unless told otherwise."""

    def run(domain: str, token: str, **options: Any) -> dict[str, Any]:
        method = options.pop("method", "dns")
        given: dict[str, Any] = {
            "domain": domain,
            "token": token,
            "method": method,
            "dns_port": servers.port,
            "resolvers": [servers.resolver],
            **options,
        }
        return perform(domain_token_info, given)

    return run


def perform(action: Any, options: dict[str, Any], check_mode: bool = False) -> dict[str, Any]:
    """The result of an action with these options; None stands for one that is not given."""
    task = SimpleNamespace(
        args={name: value for name, value in options.items() if value is not None},
        environment=None,
        check_mode=check_mode,
        async_val=0,
        action="test",
        resolved_action="globalsign.atlas.test",
        module_defaults=[],
        delegate_to=None,
        diff=True,
        no_log=False,
    )
    connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir="/tmp"), _remote_is_local=True)
    module = action.ActionModule(task, connection, SimpleNamespace(), None, None, None)
    result: dict[str, Any] = module.run(task_vars={})
    for secret in SECRETS.values():
        assert secret not in str(result)
    return result
