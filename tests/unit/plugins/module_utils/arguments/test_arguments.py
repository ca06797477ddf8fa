# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which options are secret, where connection options come from, and the bounds of numbers."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from ansible_collections.globalsign.atlas.plugins import modules
from ansible_collections.globalsign.atlas.plugins.doc_fragments.connection import ModuleDocFragment
from ansible_collections.globalsign.atlas.plugins.module_utils.arguments import (
    action_only,
    certificate,
    claim,
    connection,
    info,
    numbers,
    token_info,
    txt_record,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.modules import (
    atlas_certificate_node,
    endpoint_info,
    token_file,
    token_listener,
)


class DeclaredError(Exception):
    """What a module declares, raised in place of running it."""


def declared(module: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    def stop(**options: Any) -> None:
        raise DeclaredError(options)

    monkeypatch.setattr(module, "AnsibleModule", stop)
    with pytest.raises(DeclaredError) as raised:
        module.main()
    options: dict[str, Any] = raised.value.args[0]
    return options


SPECIFICATIONS = {
    "connection": connection.CONNECTION_OPTIONS,
    "certificate": certificate.CERTIFICATE_TASK_OPTIONS,
    "claim": claim.CLAIM_OPTIONS,
    "info": info.INFO_OPTIONS,
    "token_info": token_info.TOKEN_INFO_OPTIONS,
    "txt_record": txt_record.TXT_RECORD_OPTIONS,
}
MODULES = {
    "node": atlas_certificate_node,
    "endpoint_info": endpoint_info,
    "token_file": token_file,
    "token_listener": token_listener,
}


def flat(options: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for name, rule in options.items():
        yield f"{above}{name}", rule
        yield from flat(rule.get("options", {}), f"{above}{name}.")


@pytest.fixture
def all_options(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    """Each option of each specification, by its dotted name."""
    found = {
        **SPECIFICATIONS,
        **{name: declared(each, monkeypatch)["argument_spec"] for name, each in MODULES.items()},
    }
    return dict(flat({name: {"options": options} for name, options in found.items()}))


SECRET = {
    "connection.api_key",
    "connection.api_secret",
    "connection.client_key_content",
    "connection.client_key_passphrase",
    "connection.proxy",
    "connection.extra_headers",
    "certificate.privatekey_passphrase",
    "certificate.files.passphrase",
    "certificate.certificates.privatekey_passphrase",
    "certificate.certificates.files.passphrase",
    "node.order",
    "txt_record.tsig_key",
}
OPEN = {"connection.client_key", "token_info.token", "certificate.remove_privatekey"} | {
    f"certificate.{above}{name}"
    for above in ("", "certificates.")
    for name in (
        "key_usages",
        "privatekey_type",
        "privatekey_size",
        "privatekey_rotation",
        "privatekey_format",
        "public_key_path",
        "public_key_content",
        "public_key_signature",
        "privatekey_path",
        "privatekey_mode",
    )
}


def test_just_the_secrets_are_hidden(all_options: dict[str, dict[str, Any]]) -> None:
    hidden = {name for name, rule in all_options.items() if rule.get("no_log")}
    assert hidden == SECRET
    assert {name for name, rule in all_options.items() if rule.get("no_log") is False} == OPEN


def test_what_sounds_like_a_secret_says_whether_it_is(
    all_options: dict[str, dict[str, Any]],
) -> None:
    sounding = re.compile(r"pass|key|secret|token|credential|proxy|header")
    silent = {
        name
        for name, rule in all_options.items()
        if sounding.search(name.rpartition(".")[2]) and "type" in rule and "no_log" not in rule
    }
    # Object identifiers, and whether to make a new key.
    names = ("extended_key_usages", "rekey")
    assert silent == {
        f"certificate.{above}{name}" for above in ("", "certificates.") for name in names
    }


# option: type, default
CONNECTION = {
    "api_url": ("str", "https://emea.api.hvca.globalsign.com:8443/v2"),
    "api_key": ("str", None),
    "api_secret": ("str", None),
    "client_cert": ("path", None),
    "client_cert_content": ("str", None),
    "client_key": ("path", None),
    "client_key_content": ("str", None),
    "client_key_passphrase": ("str", None),
    "client_pkcs12": ("path", None),
    "ca_path": ("path", None),
    "validate_certs": ("bool", True),
    "proxy": ("str", None),
    "connect_timeout": ("int", 10),
    "read_timeout": ("int", 60),
    "total_timeout": ("int", 180),
    "retries": ("int", 5),
    "extra_headers": ("dict", None),
    "config_file": ("path", None),
}


def test_the_connection_options_and_their_variables() -> None:
    options = connection.CONNECTION_OPTIONS
    assert {name: (rule["type"], rule.get("default")) for name, rule in options.items()} == (
        CONNECTION
    )
    for name in options:
        assert connection.environment_variable(name) == f"ATLAS_{name.upper()}"


def test_the_rules_between_options() -> None:
    assert certificate.CERTIFICATE_TASK_RULES == {
        "mutually_exclusive": [
            ["certificates", "path"],
            ["certificates", "fullchain_path"],
            ["certificates", "chain_path"],
            ["certificates", "privatekey_path"],
            ["certificates", "files"],
        ],
        "required_if": [["state", "revoked", ["revocation_reason"]]],
    }
    assert claim.CLAIM_RULES == {
        "mutually_exclusive": [["domain", "domains"]],
        "required_one_of": [["domain", "domains"]],
    }
    assert txt_record.TXT_RECORD_RULES == {"required_together": [["tsig_name", "tsig_key"]]}


def test_what_an_item_may_override_has_no_default() -> None:
    """A default could not be told from what the item states."""
    assert [
        name
        for name, rule in flat(certificate.CERTIFICATE_OPTIONS)
        if "default" in rule or "fallback" in rule
    ] == []
    assert certificate.CERTIFICATE_TASK_OPTIONS["certificates"]["options"] == (
        certificate.CERTIFICATE_OPTIONS
    )
    assert not {*certificate.CERTIFICATE_OPTIONS} & {*certificate.RUN_OPTIONS}


@pytest.mark.parametrize("name", MODULES)
def test_each_module_of_the_node_knows_check_mode(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = declared(MODULES[name], monkeypatch)
    assert options.pop("supports_check_mode") is True
    del options["argument_spec"]
    listener = {"required_if": [("state", "started", ("path", "content"))]}
    assert options == (listener if name == "token_listener" else {})


@pytest.mark.parametrize(("value", "fits"), [(0, False), (1, True), (9, True), (10, False)])
def test_bounds_belong_to_what_is_allowed(value: int, fits: bool) -> None:
    if fits:
        numbers.require_between("age", value, 1, 9, "years")
        return
    with pytest.raises(AtlasError) as refused:
        numbers.require_between("age", value, 1, 9, "years")
    assert refused.value.message == (
        f"age: {value} is out of range; give a number from 1 to 9 years."
    )


def test_ports() -> None:
    numbers.require_port("port", 1)
    numbers.require_port("port", 65535)
    for port in (0, 65536):
        with pytest.raises(AtlasError) as refused:
            numbers.require_port("port", port)
        assert refused.value.message == (
            f"port: {port} is out of range; give a number from 1 to 65535."
        )


# What is documented is what is taken. ansible-test compares it too, in minutes instead of moments.

DOCUMENTED = {
    "atlas_certificate": (
        {**connection.CONNECTION_OPTIONS, **certificate.CERTIFICATE_TASK_OPTIONS}
    ),
    "atlas_domain_claim": {**connection.CONNECTION_OPTIONS, **claim.CLAIM_OPTIONS},
    "atlas_info": {**connection.CONNECTION_OPTIONS, **info.INFO_OPTIONS},
    "atlas_trustchain": connection.CONNECTION_OPTIONS,
    "dns_txt_record": txt_record.TXT_RECORD_OPTIONS,
    "domain_token_info": token_info.TOKEN_INFO_OPTIONS,
    "atlas_certificate_node": None,
    "endpoint_info": None,
    "token_file": None,
    "token_listener": None,
}
COMPARED = ("type", "elements", "choices", "default", "required")


def essence(rule: Mapping[str, Any]) -> dict[str, Any]:
    """What both a specification and its documentation say."""
    kept = {key: rule[key] for key in COMPARED if rule.get(key) not in (None, False, [])}
    if rule.get("default") is False or rule.get("default") == []:
        kept["default"] = rule["default"]
    return kept


@pytest.mark.parametrize("name", DOCUMENTED)
def test_what_is_documented_is_what_is_taken(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module(f"{modules.__name__}.{name}")
    documented = yaml.safe_load(module.DOCUMENTATION)
    options = documented.get("options", {})
    if documented.get("extends_documentation_fragment"):
        options |= yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]
    specification = DOCUMENTED[name]
    if specification is None:
        specification = declared(module, monkeypatch)["argument_spec"]
    wanted = {option: essence(rule) for option, rule in flat(specification)}

    def flat_documented(given: Any, above: str = "") -> Iterator[tuple[str, Any]]:
        for option, rule in given.items():
            yield f"{above}{option}", rule
            yield from flat_documented(rule.get("suboptions", {}), f"{above}{option}.")

    assert {option: essence(rule) for option, rule in flat_documented(options)} == wanted


def test_a_module_that_is_only_a_name_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []

    class Module:
        def __init__(self, **options: Any) -> None:
            made.append(options)

        def fail_json(self, msg: str) -> None:
            made.append(msg)

    monkeypatch.setattr(action_only, "AnsibleModule", Module)
    action_only.refuse_to_run("atlas_info", {"a": {"type": "str"}})
    action_only.refuse_to_run("atlas_info", {}, {"required_one_of": [["a"]]})
    told = (
        "globalsign.atlas.atlas_info runs only through its action plugin of the same name, on the"
        " controller. Call it as a task of a play or with `ansible -m`, and not from another module"
        " or as a script."
    )
    assert made == [
        {"argument_spec": {"a": {"type": "str"}}, "supports_check_mode": True},
        told,
        {"argument_spec": {}, "supports_check_mode": True, "required_one_of": [["a"]]},
        told,
    ]
