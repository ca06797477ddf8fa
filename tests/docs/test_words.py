# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What documentation says outside of blocks: names, tables, links, and the values returned."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.globalsign.atlas.plugins.module_utils.arguments.connection import (
    CONNECTION_OPTIONS,
    environment_variable,
)

from .blocks import PLAYBOOKS, ROOT, documents, name_of, plugin_strings, prose_lines
from .conftest import Ran

TEXTS = {name_of(path): path.read_text("utf-8") for path in documents()}
MODULES = sorted((ROOT / "plugins/modules").glob("*.py"))
FILTERS = sorted((ROOT / "plugins/filter").glob("*.py"))
ROLES = sorted(path.parent for path in (ROOT / "roles").glob("*/README.md"))
COLLECTION = "globalsign.atlas."


def names(paths: list[Path]) -> set[str]:
    return {path.stem for path in paths}


# --- names

GROUP = "atlas"


@pytest.mark.parametrize("file", TEXTS)
def test_what_is_named_is_there(file: str) -> None:
    there = names(MODULES) | names(FILTERS) | names(ROLES) | names(PLAYBOOKS) | {GROUP}
    named = set(re.findall(r"globalsign\.atlas\.([a-z_]+)", TEXTS[file]))
    assert named - there == set()


def test_the_readme_names_all_there_is() -> None:
    _before, _heading, content = TEXTS["README.md"].partition("\n## Content\n")
    rows = "".join(line for line in content.splitlines(True) if line.startswith("| "))
    named = set(re.findall(r"`(?:globalsign\.atlas\.)?([a-z_]+)`", rows))
    # Its other half is named below the tables.
    assert named | {"atlas_certificate_node"} == names(MODULES) | names(ROLES) | names(PLAYBOOKS)
    assert "`atlas_certificate_node`" in content


@pytest.mark.parametrize("file", TEXTS)
def test_variables_of_the_environment_are_read(file: str) -> None:
    read = {environment_variable(option) for option in CONNECTION_OPTIONS}
    assert set(re.findall(r"\bATLAS_[A-Z_0-9]+", TEXTS[file])) - read == set()


@pytest.mark.parametrize("path", PLAYBOOKS, ids=name_of)
def test_variables_of_a_playbook_are_those_of_its_table(path: Path) -> None:
    text = path.read_text("utf-8")
    said = set(re.findall(r"^# \| ([a-z_]+) \|", text, re.M)) - {"variable"}
    own = f"{path.stem}_[a-z_]+"
    code = "".join(line for line in text.splitlines(True) if not line.startswith("#"))
    made = set(re.findall(rf"^ +({own}):", code, re.M))
    used = set(re.findall(rf"\b(atlas_connection|atlas_domain_names|{own}) \| default", code))
    if path.stem != "quickstart":
        assert said == used - made


# --- the tables of the roles

TOLD_IN_WORDS = {
    "atlas_certificate_state_dir": "",
    "atlas_domain_authorization_domain": "",
    "atlas_domain_zone": "",
    "atlas_domain_resolvers": [],
    "atlas_domain_webroot_owner": "",
    "atlas_domain_webroot_group": "",
    "atlas_domain_http_port": 0,
}
"""Defaults that stand for something that is found out, which is what the table says."""


def specification(role: str) -> dict[str, Any]:
    text = (ROOT / "roles" / role / "meta/argument_specs.yml").read_text()
    options: dict[str, Any] = yaml.safe_load(text)["argument_specs"]["main"]["options"]
    return options


def rows(role: str) -> Iterator[tuple[str, str]]:
    """Variable and default of each row; `a`, `_b` stand for two variables."""
    for line in TEXTS[f"roles/{role}/README.md"].splitlines():
        cells = [cell.strip() for cell in line.split(" | ")]
        if not line.startswith("| `") or len(cells) < 3:
            continue
        first, *others = re.findall(r"`([a-z_]+)`", cells[0])
        yield first, cells[1]
        for other in others:
            yield (first.rpartition("_")[0] + other if other[0] == "_" else other), cells[1]


@pytest.mark.parametrize("role", ["atlas_domain", "atlas_certificate"])
def test_the_table_of_variables(role: str) -> None:
    """Those of the other role are in its own README."""
    options = specification(role)
    told = {name: default for name, default in rows(role) if name.startswith(f"{role}_")}
    own = {name: option for name, option in options.items() if name.startswith(f"{role}_")}
    hooks = {"atlas_domain_hook_present", "atlas_domain_hook_absent"}
    assert set(told) | (hooks & set(own)) == set(own) | ({"atlas_domain_record"} & set(told))
    for name, default in told.items():
        if name in TOLD_IN_WORDS:
            assert own[name]["default"] == TOLD_IN_WORDS[name]
        elif default == "required":
            assert own[name]["required"] is True
        elif default == "none":
            assert own[name]["default"] in ("", {}, [])
        else:
            assert default == f"`{yaml.safe_dump(own[name]['default']).splitlines()[0]}`", name


def test_the_table_of_a_certificate() -> None:
    options = specification("atlas_certificate")["atlas_certificate_list"]["options"]
    told = {name: default for name, default in rows("atlas_certificate") if name[:6] != "atlas_"}
    assert set(told) == set(options)
    for name, default in told.items():
        assert (default == "required") == options[name].get("required", False), name
        if "default" in options[name]:
            assert f"`{options[name]['default']}`" in default


def test_a_role_takes_the_variables_of_the_role_that_it_uses() -> None:
    """As parameters, which are checked against its own specification; but for those it sets."""
    domain, certificate = specification("atlas_domain"), specification("atlas_certificate")
    for name in ("atlas_domain_names", "atlas_domain_overrides", "atlas_domain_renew_before"):
        del domain[name]
    taken = {name: option for name, option in certificate.items() if name in domain}
    for options in (domain, taken):
        for option in options.values():
            del option["description"]
    assert taken == domain


# --- links


def anchors(text: str) -> set[str]:
    """Of the headings, as GitHub makes them."""
    headings = [line.lstrip("#").strip() for _number, line in prose_lines(text) if line[:1] == "#"]
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("file", TEXTS)
def test_links_lead_somewhere(file: str) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", TEXTS[file]):
        path, _hash, anchor = target.partition("#")
        place = (ROOT / file).parent / path if path else ROOT / file
        assert place.exists(), f"{file}: {target}"
        if anchor:
            assert anchor in anchors(place.read_text("utf-8")), f"{file}: {target}"


# --- what modules return

OF_EVERY_MODULE = {
    *("changed", "failed", "msg", "diff", "warnings", "deprecations", "invocation"),
    *("ansible_facts", "exception", "attempts", "failed_when_result"),
}
NOT_SEEN = {
    "atlas_certificate": {
        "certificates[].failed": "no example fails",
        "certificates[].msg": "no example fails",
    },
    "atlas_certificate_node": {"answers": "it is never called by users"},
    "atlas_domain_claim": {
        "claims[].failed": "no example fails",
        "claims[].msg": "no example fails",
    },
}
"""Documented values that no example returns, and why."""


def documented(values: dict[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """The path of each value, and when it is returned."""
    for name, value in values.items():
        path = f"{above}{name}"
        yield path, value["returned"]
        inside = "[]." if value["type"] == "list" else "."
        yield from documented(value.get("contains") or {}, path + inside)


def returned(value: Any, said: set[str], above: str = "") -> set[str]:
    """The paths in a result, as deep as the documentation says what is inside."""
    paths = set()
    for name, member in value.items():
        path = f"{above}{name}"
        paths.add(path)
        inside = "[]." if isinstance(member, list) else "."
        if any(each.startswith(path + inside) for each in said):
            for element in member if isinstance(member, list) else [member]:
                paths |= returned(element, said, path + inside)
    return paths


def results_of(ran: Ran, module: str) -> list[dict[str, Any]]:
    """Of all its tasks that succeeded, those of a loop one by one."""
    found = []
    for record in ran.records:
        if record["action"] == COLLECTION + module and record["status"] == "ok":
            whole = record["result"]
            each = whole.get("results", [whole])
            found += [result for result in each if not result.get("skipped")]
    return [
        {
            name: value
            for name, value in result.items()
            if name not in OF_EVERY_MODULE
            and not name.startswith("_ansible")
            and name not in ("ansible_loop_var", result.get("ansible_loop_var"))
        }
        for result in found
        if not result.get("failed")
    ]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_what_is_returned_is_documented_and_the_other_way_round(ran: Ran, path: Path) -> None:
    module = path.stem
    values = yaml.safe_load(plugin_strings(path)["RETURN"]) or {}
    said = dict(documented(values))
    results = results_of(ran, module)
    assert results or module == "atlas_certificate_node"
    seen = [returned(result, set(said)) for result in results]
    assert set().union(*seen) - set(said) == set()
    assert set(said) - set().union(*seen) == set(NOT_SEEN.get(module, {}))
    for name, value in values.items():
        if str(value["returned"]).startswith(("success", "always")):
            assert all(name in result for result in results), name
        for inner, about in (value.get("contains") or {}).items():
            members = [result[name] for result in results if name in result]
            elements = [each for m in members for each in (m if isinstance(m, list) else [m])]
            if about["returned"] == "always":
                assert all(inner in element for element in elements), f"{name}: {inner}"


KINDS = {"str": str, "list": list, "dict": dict, "bool": bool, "int": int}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_what_is_returned_has_the_documented_type(ran: Ran, path: Path) -> None:
    values = yaml.safe_load(plugin_strings(path)["RETURN"]) or {}
    for result in results_of(ran, path.stem):
        for name, value in result.items():
            kind = KINDS[values[name]["type"]]
            assert value.__class__ is kind, name
            sample = values[name].get("sample")
            if sample is not None:
                assert sample.__class__ is kind, f"{name}: the sample"
            if isinstance(sample, list) and value and isinstance(sample[0], dict):
                assert set(sample[0]) == set(value[0]), f"{name}: the sample"
