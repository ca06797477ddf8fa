# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for the task files of the roles, and the conditions in them as Ansible reads them.

What a role does is shown by the integration targets and on nodes. Here is what these can hardly
see: secrets that would be printed, work that would be done on the host instead of the controller,
an option that no task passes on, a judgement of Ansible's that is overruled.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

pytest.importorskip("ansible.template")

from ansible import template
from ansible.parsing.dataloader import DataLoader

ROOT = Path(__file__).resolve().parents[3]
ROLES = ("atlas_certificate", "atlas_domain", "atlas_simulator")
Task = dict[str, Any]


def nested(tasks: list[Task]) -> Iterator[Task]:
    for task in tasks:
        yield task
        for part in ("block", "rescue", "always"):
            yield from nested(task.get(part, []))


def tasks_of(role: str) -> dict[tuple[str, str], Task]:
    """Each task of a role, by its file and its name."""
    folder = ROOT / "roles" / role / "tasks"
    found = {}
    for path in sorted(folder.rglob("*.yml")):
        file = path.relative_to(folder).with_suffix("").as_posix()
        for task in nested(yaml.safe_load(path.read_text(encoding="utf-8"))):
            # A block may have the name of what it is about.
            found[file, task["name"] + (" (block)" if "block" in task else "")] = task
    return found


def module_of(task: Task) -> str:
    return next((key for key in task if "." in key), "")


def read(role: str, file: str) -> Any:
    return yaml.safe_load((ROOT / "roles" / role / file).read_text(encoding="utf-8"))


def text_of(role: str) -> str:
    """The tasks and variables of a role, and the filters that read its lists."""
    files = [*(ROOT / "roles" / role).glob("tasks/**/*.yml")]
    files += [*(ROOT / "roles" / role).glob("vars/*.yml"), *(ROOT / "plugins/filter").glob("*.py")]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


# Secrets, and where they are used


HIDDEN = {
    "atlas_certificate": set(),
    "atlas_domain": {
        ("dns/google_absent", "Write the set without the token"),
        ("dns/google_present", "Write the set with the token in it"),
        ("dns/google_read", "Read the records of the zone"),
        ("dns/infoblox_absent", "Remove the record in Infoblox"),
        ("dns/infoblox_present", "Add the record in Infoblox"),
        ("dns/powerdns_read", "Read the TXT records of the name"),
        ("dns/powerdns_write", "Write the set"),
    },
    "atlas_simulator": {
        ("started", "Write the accounts"),
        ("started", "Read how to connect to it"),
        ("started", "Set the facts"),
    },
}


@pytest.mark.parametrize("role", ROLES)
def test_what_modules_do_not_hide_the_tasks_do(role: str) -> None:
    hidden = {place for place, task in tasks_of(role).items() if task.get("no_log") is True}
    assert hidden == HIDDEN[role]
    assert {place for place, task in tasks_of(role).items() if "no_log" in task} == hidden


def is_for_a_provider(place: tuple[str, str], task: Task) -> bool:
    """Whether a task speaks to a DNS provider with the options of the user."""
    return place[0].startswith("dns/") and "atlas_domain_dns." in str(task.get(module_of(task)))


def test_credentials_for_dns_stay_on_the_controller() -> None:
    tasks = {
        place: task
        for place, task in tasks_of("atlas_domain").items()
        if is_for_a_provider(place, task)
    }
    assert len(tasks) == 22
    for place, task in tasks.items():
        if module_of(task).startswith("globalsign.atlas."):
            continue  # an action, which needs no host
        assert (task["delegate_to"], task["become"]) == ("localhost", False), place


PROVIDERS = [
    "azure",
    "cloudflare",
    "digitalocean",
    "google",
    "hetzner",
    "hook",
    "infoblox",
    "powerdns",
    "rfc2136",
    "route53",
]


def test_each_provider_can_add_and_remove() -> None:
    files = {file.removeprefix("dns/") for file, _name in tasks_of("atlas_domain")}
    for provider in PROVIDERS:
        assert {f"{provider}_present", f"{provider}_absent"} <= files
    specification = read("atlas_domain", "meta/argument_specs.yml")["argument_specs"]["main"]
    choices = specification["options"]["atlas_domain_dns_provider"]["choices"]
    assert sorted(choices) == PROVIDERS
    assert sorted(read("atlas_domain", "vars/main.yml")["atlas_domain_provider_modules"]) == (
        PROVIDERS
    )


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_provider_is_told_the_same_in_each_of_its_tasks(provider: str) -> None:
    """How to sign in, and where: what was added is removed with the same."""
    told = []
    for (file, name), task in tasks_of("atlas_domain").items():
        if file.startswith(f"dns/{provider}_") and is_for_a_provider((file, name), task):
            options = task[module_of(task)]
            told.append({key: value for key, value in options.items() if "_dns." in str(value)})
    for key in {key for options in told for key in options} - {"url", "ttl"}:
        assert len({str(options.get(key)) for options in told}) == 1, key


@pytest.mark.parametrize("provider", ["azure", "google", "powerdns", "route53"])
def test_an_answer_that_is_not_understood_is_not_taken_for_an_empty_set(provider: str) -> None:
    (task,) = (
        task
        for (file, _name), task in tasks_of("atlas_domain").items()
        if file == f"dns/{provider}_read"
    )
    member = {"azure": "dnsrecordsets", "google": "resources", "powerdns": "json.rrsets"}
    name = f"atlas_domain_set.{member.get(provider, 'resource_record_sets')}"
    assert task["failed_when"] == f"atlas_domain_set is failed or {name} is not defined"
    assert task["register"] == "atlas_domain_set"


# Variables


def options_of(role: str) -> dict[str, Any]:
    options: dict[str, Any] = read(role, "meta/argument_specs.yml")["argument_specs"]["main"][
        "options"
    ]
    return options


SAID_BY_ITSELF = {"atlas_domain_names", "atlas_domain_overrides", "atlas_domain_renew_before"}
PASSED_ON = set(options_of("atlas_domain")) - SAID_BY_ITSELF
"""What the role atlas_certificate takes for atlas_domain."""


def test_what_is_passed_on_is_declared_as_by_the_role_that_it_is_for() -> None:
    declared = options_of("atlas_certificate")
    for name in PASSED_ON:
        theirs = {**options_of("atlas_domain")[name], "description": ""}
        assert {**declared[name], "description": ""} == theirs, name
    assert {name for name in declared if name.startswith("atlas_domain_")} == PASSED_ON


@pytest.mark.parametrize("role", ["atlas_certificate", "atlas_domain"])
def test_each_variable_is_declared_with_its_default_and_used(role: str) -> None:
    options = options_of(role)
    if role == "atlas_certificate":
        options = {name: rule for name, rule in options.items() if name not in PASSED_ON}
    stated = {name: rule["default"] for name, rule in options.items() if "default" in rule}
    assert stated == read(role, "defaults/main.yml")
    assert all(rule.get("required") for name, rule in options.items() if name not in stated)
    text = text_of(role)
    names = set(options)
    for rule in options.values():
        names |= set(rule.get("options", {}))
    assert {name for name in names if not re.search(rf"\b{name}\b", text)} == set()


COMMON = {
    "own_claim": "{{ atlas_domain_own_claim }}",
    "renew_before": "{{ atlas_domain_renew_before }}",
}
OF_A_GROUP = {
    **COMMON,
    "method": "{{ atlas_domain_group.method }}",
    "authorization_domain": "{{ atlas_domain_group.authorization_domain | default(omit, true) }}",
    "email_address": "{{ atlas_domain_group.email_address | default(omit, true) }}",
}


def test_each_claim_is_asked_for_with_all_that_holds_for_it() -> None:
    claims = {
        name: task["globalsign.atlas.atlas_domain_claim"]
        for (_file, name), task in tasks_of("atlas_domain").items()
        if "globalsign.atlas.atlas_domain_claim" in task
    }
    for options in claims.values():
        del options["domains"]
    assert claims == {
        "Require verified domains where no method is chosen": {**COMMON, "state": "verified"},
        "Claim the domains": {**OF_A_GROUP, "state": "present", "play_wide": True},
        "Have the domains verified whose tokens this host placed": {
            **OF_A_GROUP,
            "state": "verified",
            "timeout": "{{ atlas_domain_timeout }}",
            "play_wide": True,
        },
        "Look what came of the others": {**OF_A_GROUP, "state": "present"},
    }


# Where Ansible's own judgement is overruled

JUDGEMENTS = ("changed_when", "failed_when", "check_mode", "diff", "ignore_errors", "retries")
OVERRULED: dict[str, dict[tuple[str, str], dict[str, Any]]] = {
    "atlas_certificate": {
        ("check", "Fetch the root to verify against"): {"failed_when": False},
        ("check", "Connect over TLS until the new certificate is served"): {"retries": 15},
        ("deploy", "Obtain and install the certificates"): {
            "failed_when": (
                "atlas_certificate_installed is failed"
                " and atlas_certificate_installed.certificates is not defined"
            )
        },
        ("main", "Find out what is due"): {
            "changed_when": False,
            "failed_when": (
                "atlas_certificate_found is failed"
                " and atlas_certificate_found.certificates is not defined"
            ),
            "check_mode": True,
            "diff": False,
        },
        ("reload_one", "Run the reload command"): {"changed_when": True},
        ("try", "Confirm the certificates that work"): {"changed_when": False},
    },
    "atlas_domain": {
        ("main", "Claim the domains"): {
            "failed_when": (
                "atlas_domain_claimed is failed and atlas_domain_claimed.claims is not defined"
            )
        },
        ("verify", "Have the domains verified whose tokens this host placed"): {
            "failed_when": False
        },
        ("verify", "Look what came of the others"): {"failed_when": False, "check_mode": True},
    },
}


@pytest.mark.parametrize("role", OVERRULED)
def test_who_overrules_ansible(role: str) -> None:
    found = {}
    for place, task in tasks_of(role).items():
        overruled = {key: task[key] for key in JUDGEMENTS if key in task}
        if overruled and not place[0].startswith("dns/"):
            found[place] = overruled
    assert found == OVERRULED[role]


def test_whatever_happens_tokens_are_removed() -> None:
    """By each block that places one, and what fails in it is told at the end."""
    parts = {}
    for (file, _name), task in tasks_of("atlas_domain").items():
        if "block" in task:
            kept = {
                part: [each["ansible.builtin.include_tasks"] for each in task.get(part, [])]
                for part in ("rescue", "always")
            }
            parts[file] = (kept["rescue"], kept["always"])
    told = ["failure.yml"]
    assert parts == {
        "dns": ([], ["dns/remove.yml"]),
        "dns/add": (told, []),
        "dns/wait": (told, []),
        "dns/remove": (told, []),
        "http": (told, ["http/remove.yml"]),
        "http/remove": (told, []),
    }


# Conditions, read by Ansible


def evaluate(expression: str, **variables: Any) -> Any:
    """The value of an expression, or whether a condition holds."""
    text = "{{ (" + expression + ") }}" if "{{" not in expression else expression
    trust = getattr(template, "trust_as_template", str)  # from ansible-core 2.19 on
    return template.Templar(DataLoader(), variables=variables).template(trust(text.strip()))


def holds(task: Task, **variables: Any) -> bool:
    """Whether all that a task has in `when` holds."""
    conditions = task["when"] if isinstance(task["when"], list) else [task["when"]]
    return all(str(evaluate(each, **variables)) == "True" for each in conditions)


CERTIFICATE = tasks_of("atlas_certificate")
DOMAIN = tasks_of("atlas_domain")


@pytest.mark.parametrize(
    ("item", "given", "is_checked"),
    [
        ({"reload": "nginx"}, {}, True),
        ({"reload_command": "true"}, {}, True),
        ({"reload": "nginx", "tls_port": 8443}, {}, True),
        ({}, {}, False),
        ({"reload": "nginx", "tls_port": 0}, {}, False),
        ({"reload": "nginx", "tls_port": "0"}, {}, False),
        ({"reload": "nginx"}, {"ansible_check_mode": True}, False),
        ({"reload": "nginx"}, {"atlas_certificate_failures": {"www": "ill"}}, False),
        ({"reload": "nginx"}, {"atlas_certificate_failures": {"other": "ill"}}, True),
    ],
)
def test_what_is_checked_over_tls(item: Any, given: Any, is_checked: bool) -> None:
    variables = {"ansible_check_mode": False, "atlas_certificate_failures": {}, **given}
    variables["atlas_certificate_item"] = [{"name": "www", **item}, {}]
    task = CERTIFICATE["try", "Check over TLS what is served"]
    assert holds(task, **variables) is is_checked


@pytest.mark.parametrize(
    ("served", "root", "is_enough"),
    [
        ({"fingerprint": "aa", "verified": True}, "PEM", True),
        ({"fingerprint": "aa", "verified": False}, "PEM", False),
        ({"fingerprint": "bb", "verified": True}, "PEM", False),
        ({"fingerprint": "aa", "verified": False}, "", True),
        ({"fingerprint": "aa", "verified": False}, None, True),
        ({"failed": True, "msg": "refused"}, "PEM", False),
    ],
)
def test_when_the_new_certificate_counts_as_served(served: Any, root: Any, is_enough: bool) -> None:
    task = CERTIFICATE["check", "Connect over TLS until the new certificate is served"]
    assert (task["retries"], task["delay"]) == (15, 1)
    variables = {
        "atlas_certificate_served": served,
        "atlas_certificate_item": [{"name": "www"}, {"fingerprint": "aa"}],
        "atlas_certificate_trustchain": {} if root is None else {"root": root},
    }
    met = True
    for each in task["until"]:
        if str(evaluate(each, **variables)) != "True":
            met = False
            break
    assert met is is_enough


@pytest.mark.parametrize(
    ("served", "said"),
    [
        ({"failed": True, "msg": "It refused."}, "It refused."),
        ({}, "Nobody answered."),
        ({"fingerprint": "bb", "serial_number": "07"}, "It serves 07."),
        (
            {"fingerprint": "aa", "serial_number": "01", "reason": "it is over"},
            "It serves it, but it does not verify, it is over.",
        ),
    ],
)
def test_what_is_said_of_what_is_served(served: Any, said: str) -> None:
    task = CERTIFICATE["check", "Keep what is served instead"]
    told = evaluate(
        task["vars"]["atlas_certificate_instead"],
        atlas_certificate_served=served,
        atlas_certificate_item=[{"name": "www"}, {"fingerprint": "aa"}],
    )
    assert told.strip() == said


@pytest.mark.parametrize(
    ("item", "endpoint"),
    [
        (
            {"dns_names": ["a.example", "b.example"]},
            ("127.0.0.1", "443", "a.example"),
        ),
        (
            {"dns_names": ["*.a.example"], "tls_address": "::1", "tls_port": 8443},
            ("::1", "8443", "www.a.example"),
        ),
    ],
)
def test_where_a_certificate_is_looked_for(item: Any, endpoint: tuple[str, str, str]) -> None:
    task = CERTIFICATE["check", "Check that the new certificate is served and verifies (block)"]
    asked = task["vars"]["atlas_certificate_endpoint"]
    told = [
        str(evaluate(asked[part], atlas_certificate_item=[item, {}]))
        for part in ("address", "port", "server_name")
    ]
    assert tuple(told) == endpoint


@pytest.mark.parametrize(
    ("found", "is_due"),
    [
        ([{"changed": False}], False),
        ([{"changed": False}, {"changed": True}], True),
        ([{"changed": False, "failed": True}], True),
        ([], False),
    ],
)
def test_nothing_is_deployed_where_nothing_is_due(found: Any, is_due: bool) -> None:
    task = CERTIFICATE["main", "Obtain, deploy and check what is due"]
    assert holds(task, atlas_certificate_found={"certificates": found}) is is_due


@pytest.mark.parametrize(
    ("failed", "is_said"), [({}, False), ({"www": "The reload failed."}, True)]
)
def test_what_is_said_at_the_end(failed: Any, is_said: bool) -> None:
    task = CERTIFICATE["deploy", "Say which certificates could not be had or deployed"]
    variables = {"atlas_certificate_failures": failed, "atlas_certificate_missing": []}
    assert holds(task, **variables) is is_said
    variables["atlas_certificate_missing"] = [{"failed": True}]
    assert holds(task, **variables)


def test_only_what_is_not_verified_is_proven_for_a_certificate() -> None:
    """A claim that could be renewed is no reason to hold a certificate up."""
    task = CERTIFICATE["deploy", "Prove control over them"]
    assert task["vars"]["atlas_domain_renew_before"] == "1h"
    due = CERTIFICATE["deploy", "Have the names of new certificates verified (block)"]
    names = due["vars"]["atlas_certificate_domains"].split("|")[:3]
    told = evaluate(
        "|".join(names).strip().removeprefix("{{"),
        atlas_certificate_list=[{"name": "a"}, {"name": "b"}],
        atlas_certificate_found={"certificates": [{"reasons": []}, {"reasons": ["missing"]}]},
    )
    assert [pair[0]["name"] for pair in told] == ["b"]


@pytest.mark.parametrize("check_mode", [False, True])
def test_a_service_is_reloaded_for_what_was_switched_back(check_mode: bool) -> None:
    task = CERTIFICATE[
        "switch_back", "Reload the services with the certificates that were there before"
    ]
    assert holds(task, ansible_check_mode=check_mode) is not check_mode
    told = evaluate(
        task["vars"]["atlas_certificate_reloading"],
        atlas_certificate_bad=[[{"name": "a"}, {}], [{"name": "b"}, {}]],
        atlas_certificate_switched_back={"certificates": [{"changed": False}, {"changed": True}]},
    )
    assert [pair[0]["name"] for pair in told] == ["b"]


@pytest.mark.parametrize("kind", ["reload", "reload_command"])
def test_each_service_is_reloaded_once(kind: str) -> None:
    name = "Reload the units" if kind == "reload" else "Run the reload commands"
    items = [{kind: "one"}, {}, {kind: "two"}, {kind: "one"}, {kind: ""}]
    reloading = [[item, {}] for item in items]
    told = evaluate(CERTIFICATE["reload", name]["loop"], atlas_certificate_reloading=reloading)
    assert list(told) == ["one", "two"]


def test_a_listener_outlives_all_that_it_is_waited_for() -> None:
    task = DOMAIN["http/listener_present", "Serve the token for as long as it takes"]
    lifetime = task["globalsign.atlas.token_listener"]["lifetime"]
    told = evaluate(lifetime, atlas_domain_wait_timeout="300", atlas_domain_timeout=200)
    assert int(told) == 560


@pytest.mark.parametrize(
    ("claims", "is_due"),
    [
        ([{"is_due": False}], False),
        ([{"is_due": False}, {"is_due": True}], True),
        ([{"is_due": False, "failed": True}], True),
    ],
)
def test_nothing_is_proven_where_nothing_is_due(claims: Any, is_due: bool) -> None:
    task = DOMAIN["main", "Prove control over what is due"]
    assert holds(task, atlas_domain_claimed={"results": [{"claims": claims}]}) is is_due


@pytest.mark.parametrize(
    ("wait", "zone", "is_asked"),
    [
        ("authoritative", "", True),
        ("authoritative", "a.example", True),
        ("none", "", True),
        ("none", "a.example", False),
    ],
)
def test_dns_is_not_asked_where_the_zone_tells_enough(wait: str, zone: str, is_asked: bool) -> None:
    task = DOMAIN["dns/add", "Find out where the record goes"]
    variables = {"atlas_domain_wait": wait, "atlas_domain_proof": {"zone": zone}}
    assert holds(task, **variables) is is_asked


@pytest.mark.parametrize(
    ("wait", "is_placer", "is_waited"),
    [("authoritative", True, True), ("none", True, False), ("resolvers", False, False)],
)
def test_only_the_host_that_placed_a_file_waits_for_it(
    wait: str, is_placer: bool, is_waited: bool
) -> None:
    task = DOMAIN["http", "Wait until it can be seen at every address of the name"]
    variables = {"atlas_domain_wait": wait, "atlas_domain_proof": {"is_placer": is_placer}}
    assert holds(task, **variables) is is_waited
    dns = DOMAIN["dns", "Wait for the records"]
    assert holds(dns, atlas_domain_wait=wait) is (wait != "none")


@pytest.mark.parametrize(
    ("name", "zone", "is_inside"),
    [
        ("_a.shop.example", "shop.example", True),
        ("shop.example", "shop.example", True),
        ("myshop.example", "shop.example", False),
        ("shop.example", "a.shop.example", False),
    ],
)
def test_a_record_is_in_its_zone(name: str, zone: str, is_inside: bool) -> None:
    condition = DOMAIN["dns/add", "Require a zone that the record is in"]["ansible.builtin.assert"][
        "that"
    ]
    told = evaluate(condition, atlas_domain_name=name, atlas_domain_zone_name=zone)
    assert str(told) == str(is_inside)


def test_only_what_was_added_for_the_own_token_is_removed_over_http() -> None:
    (task,) = (task for (file, _name), task in DOMAIN.items() if file == "http/webroot_absent")
    assert task["globalsign.atlas.token_file"] == {
        "webroot": "{{ atlas_domain_proof.webroot }}",
        "path": "{{ atlas_domain_proof.place.http.path }}",
        "content": "{{ atlas_domain_proof.place.http.content }}",
        "state": "absent",
    }
    assert holds(task, atlas_domain_proof={"webroot": "/srv"})
    assert not holds(task, atlas_domain_proof={"webroot": ""})


# The collection


def test_the_group_of_modules_that_take_the_connection_options() -> None:
    runtime = yaml.safe_load((ROOT / "meta/runtime.yml").read_text(encoding="utf-8"))
    assert runtime["action_groups"] == {
        "atlas": ["atlas_certificate", "atlas_domain_claim", "atlas_info", "atlas_trustchain"]
    }
    assert runtime["requires_ansible"] == ">=2.16.0"


@pytest.mark.parametrize(
    ("playbook", "become"),
    [("domains", "{{ domains_become | default(true) }}"), ("domain_report", False)],
)
def test_the_playbooks_take_the_account_from_one_variable(playbook: str, become: Any) -> None:
    (play,) = yaml.safe_load((ROOT / f"playbooks/{playbook}.yml").read_text(encoding="utf-8"))
    assert play["module_defaults"] == {
        "group/globalsign.atlas.atlas": "{{ atlas_connection | default({}) }}"
    }
    assert (play["become"], play["gather_facts"]) == (become, False)


@pytest.mark.parametrize(("check_mode", "proofs"), [(False, ["a"]), (True, [])])
def test_nothing_is_placed_in_check_mode(check_mode: bool, proofs: list[str]) -> None:
    task = DOMAIN["prove", "Keep what is due, and what went wrong already"]
    kept = task["ansible.builtin.set_fact"]["atlas_domain_proofs"]
    told = evaluate(
        kept.replace("globalsign.atlas.domain_proofs", "list"),
        ansible_check_mode=check_mode,
        atlas_domain_claimed={"results": [{"domain": "a", "place": {"dns": 1}}, {"place": {}}]},
    )
    assert [proof["domain"] for proof in told] == proofs


def trusted(value: Any) -> Any:
    """The variables of a task, as Ansible reads them from a file."""
    trust = getattr(template, "trust_as_template", str)
    if isinstance(value, dict):
        return {name: trusted(member) for name, member in value.items()}
    if isinstance(value, list):
        return [trusted(member) for member in value]
    return trust(value) if isinstance(value, str) else value


OURS, OTHER = "token=1", "v=spf1 -all"
SETS: dict[str, Any] = {
    "route53": lambda texts: {
        "resource_record_sets": [
            {"ttl": 300, "resource_records": [{"value": f'"{text}"'} for text in texts]}
        ]
    },
    "google": lambda texts: {
        "resources": [
            {
                "name": "www.example.com.",
                "type": "TXT",
                "ttl": 300,
                "rrdatas": [f'"{text}"' for text in texts],
            }
        ]
    },
    "azure": lambda texts: {
        "dnsrecordsets": [{"time_to_live": 300, "records": [{"value": [text]} for text in texts]}]
    },
}


def variables_of(provider: str, texts: list[str], task: Task) -> dict[str, Any]:
    """What a task knows where these texts are in the set."""
    found = SETS[provider](texts) if texts else {key: [] for key in SETS[provider]([])}
    record = {"name": "www.example.com", "value": OURS, "ttl": 60}
    named = trusted(task.get("vars", {}))
    return {**named, "atlas_domain_set": found, "atlas_domain_record": record}


def shown_as(provider: str, texts: list[str]) -> list[Any]:
    """Texts as the module of a provider takes them."""
    return [{"value": [text]} if provider == "azure" else f'"{text}"' for text in texts]


@pytest.mark.parametrize("provider", SETS)
@pytest.mark.parametrize(
    ("texts", "state", "left"),
    [
        ([OURS, OTHER], "present", [OTHER]),
        ([OURS], "absent", [OURS]),  # named, so that no other is deleted with the set
        ([OTHER], None, None),
        ([], None, None),
    ],
)
def test_what_is_left_of_a_set_of_records(
    provider: str, texts: list[str], state: str | None, left: list[str] | None
) -> None:
    task = DOMAIN[f"dns/{provider}_absent", "Write the set without the token"]
    variables = variables_of(provider, texts, task)
    assert holds(task, **variables) is (state is not None)
    if left is not None:
        options = task[module_of(task)]
        values = {"route53": "value", "google": "target", "azure": "records"}[provider]
        assert evaluate(options["state"], **variables) == state
        assert list(evaluate(options[values], **variables)) == shown_as(provider, left)


@pytest.mark.parametrize("provider", SETS)
@pytest.mark.parametrize(
    ("texts", "is_written"), [([], True), ([OTHER], True), ([OTHER, OURS], False)]
)
def test_a_token_that_is_there_is_not_added_again(
    provider: str, texts: list[str], is_written: bool
) -> None:
    task = DOMAIN[f"dns/{provider}_present", "Write the set with the token in it"]
    variables = variables_of(provider, texts, task)
    assert holds(task, **variables) is is_written


# What each task hands to a module of this collection, and to those that change a host

RESOLVERS = {"resolvers": "{{ atlas_domain_resolvers | default(omit, true) }}"}
IN_DNS = {
    "domain": "{{ atlas_domain_domain }}",
    "method": "dns",
    "authorization_domain": "{{ atlas_domain_proof.place.dns.name }}",
    "token": "{{ atlas_domain_proof.place.dns.value }}",
    "dns_port": "{{ atlas_domain_dns_port }}",
    **RESOLVERS,
}
ON_THE_WEB = {
    "path": "{{ atlas_domain_proof.place.http.path }}",
    "content": "{{ atlas_domain_proof.place.http.content }}",
}
BY_UPDATE = {
    "name": "{{ atlas_domain_record.name }}",
    "value": "{{ atlas_domain_record.value }}",
    "zone": "{{ atlas_domain_record.zone | default(omit, true) }}",
    "port": "{{ atlas_domain_dns.port | default(atlas_domain_dns_port) }}",
    **RESOLVERS,
    **{
        option: "{{ atlas_domain_dns." + option + " | default(omit) }}"
        for option in (
            "server",
            "protocol",
            "timeout",
            "tsig_name",
            "tsig_key",
            "tsig_algorithm",
        )
    },
}
OPTIONS: dict[tuple[str, str], Any] = {
    ("dns/add", "Find out where the record goes"): IN_DNS,
    ("dns/wait", "Wait until the record can be seen"): {
        **IN_DNS,
        "servers": "{{ atlas_domain_wait }}",
        "timeout": "{{ atlas_domain_wait_timeout }}",
    },
    ("dns/rfc2136_present", "Add the record with a dynamic update"): {
        **BY_UPDATE,
        "ttl": "{{ atlas_domain_record.ttl }}",
    },
    ("dns/rfc2136_absent", "Remove the record with a dynamic update"): {
        **BY_UPDATE,
        "state": "absent",
    },
    ("http", "Wait until it can be seen at every address of the name"): {
        "domain": "{{ atlas_domain_domain }}",
        "method": "{{ atlas_domain_proof.method }}",
        "token": ON_THE_WEB["content"],
        "http_port": "{{ atlas_domain_http_port if atlas_domain_http_port | int > 0 else omit }}",
        "timeout": "{{ atlas_domain_wait_timeout }}",
        **RESOLVERS,
    },
    ("http/webroot_present", "Write the token"): {
        **ON_THE_WEB,
        "webroot": "{{ atlas_domain_proof.webroot }}",
        "owner": "{{ atlas_domain_webroot_owner | default(omit, true) }}",
        "group": "{{ atlas_domain_webroot_group | default(omit, true) }}",
    },
    ("http/listener_present", "Serve the token for as long as it takes"): {
        **ON_THE_WEB,
        "port": "{{ atlas_domain_listen_port }}",
        "lifetime": "{{ atlas_domain_wait_timeout | int + atlas_domain_timeout | int + 60 }}",
    },
    ("http/listener_absent", "Stop serving the token"): {
        "port": "{{ atlas_domain_listen_port }}",
        "state": "stopped",
    },
}
ALL_ITEMS = (
    "{{ atlas_certificate_list | globalsign.atlas.certificate_items(atlas_certificate_folder) }}"
)
GOOD_ITEMS = ALL_ITEMS.replace("_list", "_good")
BAD_ITEMS = ALL_ITEMS.replace("_list", "_bad | map('first')")
RECORDS = "{{ atlas_certificate_state_dir or omit }}"
CERTIFICATE_OPTIONS: dict[tuple[str, str], Any] = {
    ("main", "Find out what is due"): {"certificates": ALL_ITEMS, "state_dir": RECORDS},
    ("deploy", "Obtain and install the certificates"): {
        "certificates": ALL_ITEMS,
        "acknowledge": "later",
        "state_dir": RECORDS,
    },
    ("try", "Confirm the certificates that work"): {
        "certificates": GOOD_ITEMS,
        "state": "confirmed",
        "state_dir": RECORDS,
    },
    ("switch_back", "Switch back to the certificates that were there before"): {
        "certificates": BAD_ITEMS,
        "state": "previous",
        "state_dir": RECORDS,
    },
    ("deploy", "Make the folders of the certificates"): {
        "path": "{{ atlas_certificate_missing_folder }}",
        "state": "directory",
        "mode": "0755",
    },
    ("reload_one", "Reload the unit {{ atlas_certificate_unit }}"): {
        "name": "{{ atlas_certificate_unit }}",
        "state": "reloaded",
    },
    ("reload_one", "Run the reload command"): {"cmd": "{{ atlas_certificate_command }}"},
    ("check", "Fetch the root to verify against"): None,
    ("check", "Connect over TLS until the new certificate is served"): {
        "address": "{{ atlas_certificate_endpoint.address }}",
        "port": "{{ atlas_certificate_endpoint.port }}",
        "server_name": "{{ atlas_certificate_endpoint.server_name }}",
        "root": "{{ atlas_certificate_trustchain.root | default('', true) or omit }}",
    },
}


@pytest.mark.parametrize("place", OPTIONS)
def test_what_a_module_is_told_of_a_token(place: tuple[str, str]) -> None:
    assert DOMAIN[place][module_of(DOMAIN[place])] == OPTIONS[place]


@pytest.mark.parametrize("place", CERTIFICATE_OPTIONS)
def test_what_a_module_is_told_of_a_certificate(place: tuple[str, str]) -> None:
    assert CERTIFICATE[place][module_of(CERTIFICATE[place])] == CERTIFICATE_OPTIONS[place]


# Who is reloaded, confirmed and switched back

INSTALLED: list[Any] = [[{"name": "a", "reload": "nginx"}, {}], [{"name": "b"}, {}]]


def test_what_works_is_confirmed_and_the_rest_is_switched_back() -> None:
    variables = {"atlas_certificate_replaced": INSTALLED, "atlas_certificate_failures": {"a": "x"}}
    good = CERTIFICATE["try", "Confirm the certificates that work"]
    kept = evaluate(good["vars"]["atlas_certificate_good"], **variables)
    assert [item["name"] for item in kept] == ["b"]
    bad = CERTIFICATE["try", "Switch back to what was there before the others"]
    given = evaluate(bad["vars"]["atlas_certificate_bad"], **variables)
    assert [pair[0]["name"] for pair in given] == ["a"]
    for many in (0, 1):
        assert holds(good, atlas_certificate_good=[1] * many) is bool(many)
        assert holds(bad, atlas_certificate_bad=[1] * many) is bool(many)


def test_just_what_was_replaced_is_tried_and_all_of_it_reloaded() -> None:
    task = CERTIFICATE["deploy", "Try what was installed, and confirm it or switch back"]
    told = evaluate(
        task["vars"]["atlas_certificate_replaced"],
        atlas_certificate_list=[{"name": "a"}, {"name": "b"}],
        atlas_certificate_installed={"certificates": [{"changed": False}, {"changed": True}]},
    )
    assert [pair[0]["name"] for pair in told] == ["b"]
    for many in (0, 1):
        assert holds(task, atlas_certificate_replaced=[1] * many) is bool(many)
    reload = CERTIFICATE["try", "Reload the services"]
    assert reload["vars"] == {"atlas_certificate_reloading": "{{ atlas_certificate_replaced }}"}
    assert "when" not in reload


@pytest.mark.parametrize(("unit", "command"), [("nginx", ""), ("", "true")])
def test_a_unit_or_a_command_is_run(unit: str, command: str) -> None:
    given = {"atlas_certificate_unit": unit, "atlas_certificate_command": command}
    unit_task = CERTIFICATE["reload_one", "Reload the unit {{ atlas_certificate_unit }}"]
    assert holds(unit_task, **given) is bool(unit)
    assert holds(CERTIFICATE["reload_one", "Run the reload command"], **given) is bool(command)


@pytest.mark.parametrize(
    ("unit", "command", "users"), [("one", "", ["a", "c"]), ("", "two", ["b"])]
)
def test_a_failed_reload_is_one_of_the_certificates_that_use_it(
    unit: str, command: str, users: list[str]
) -> None:
    task = CERTIFICATE["reload_one", "Keep what went wrong"]
    items = [
        {"name": "a", "reload": "one"},
        {"name": "b", "reload_command": "two"},
        {"name": "c", "reload": "one", "reload_command": "other"},
        {"name": "d"},
    ]
    told = evaluate(
        task["vars"]["atlas_certificate_users"],
        atlas_certificate_unit=unit,
        atlas_certificate_command=command,
        atlas_certificate_reloading=[[item, {}] for item in items],
    )
    assert list(told) == users
    kept = evaluate(
        task["ansible.builtin.set_fact"]["atlas_certificate_failures"],
        atlas_certificate_users=["a", "b"],
        atlas_certificate_reason="new",
        atlas_certificate_failures={"a": "old", "z": "old"},
    )
    assert kept == {"a": "old", "b": "new", "z": "old"}


@pytest.mark.parametrize(
    ("changed", "words"), [(True, "is back in place"), (False, "nothing to switch back to")]
)
def test_it_is_said_whether_it_was_switched_back(changed: bool, words: str) -> None:
    task = CERTIFICATE["switch_back", "Say for each what became of it"]
    told = evaluate(
        task["ansible.builtin.set_fact"]["atlas_certificate_failures"],
        atlas_certificate_failures={"a": "It failed.", "b": "old"},
        atlas_certificate_item=[[{"name": "a"}, {}], {"changed": changed}],
    )
    assert told["a"].startswith("It failed. ")
    assert words in told["a"]
    assert told["b"] == "old"


def test_a_claim_that_fails_stops_no_certificate() -> None:
    block = CERTIFICATE["deploy", "Have the names of new certificates verified (block)"]
    assert [task["name"] for task in block["rescue"]] == [
        "Keep why, for the certificates that cannot be had without it"
    ]
    assert "always" not in block
    assert CERTIFICATE["deploy", "Prove control over them"]["vars"] == {
        "atlas_domain_names": "{{ atlas_certificate_domains.names }}",
        "atlas_domain_overrides": "{{ atlas_certificate_domains.overrides }}",
        "atlas_domain_renew_before": "1h",
    }


# Whose token is placed, waited for and removed

PROOFS: list[dict[str, Any]] = [
    {"domain": "a", "names": ["a", "*.a"], "method": "dns", "is_placer": True},
    {"domain": "b", "names": ["b"], "method": "dns", "is_placer": False},
    {"domain": "c", "names": ["c"], "method": "dns", "is_placer": True},
    {"domain": "d", "names": ["d"], "method": "dns", "is_placer": False},
    {"domain": "e", "names": ["e"], "method": "http", "is_placer": True},
    {"domain": "f", "names": ["f"], "method": "email", "is_placer": True},
    {"domain": "g", "names": ["g"], "method": "https", "is_placer": False},
]


@pytest.mark.parametrize(
    ("name", "domains"),
    [
        ("Add the records", ["a", "c"]),  # of names that this host proves by DNS
        ("Wait for the records", ["c"]),  # none that was not added
        ("Remove the records", ["a", "c"]),  # the more if something failed
    ],
)
def test_which_records_come_and_go(name: str, domains: list[str]) -> None:
    told = evaluate(
        DOMAIN["dns", name]["loop"],
        atlas_domain_proofs=PROOFS,
        atlas_domain_records={"c": {}, "a": {}},
        atlas_domain_failures={"a": "It was refused."},
    )
    assert list(told) == domains
    assert ("when" in DOMAIN["dns", name]) is (name == "Wait for the records")


@pytest.mark.parametrize(
    ("name", "variable", "names"),
    [
        (
            "Have the domains verified whose tokens this host placed",
            "atlas_domain_own",
            ["a", "*.a"],
        ),
        ("Look what came of the others", "atlas_domain_of_others", ["b"]),
    ],
)
def test_who_asks_for_the_check_and_who_looks(name: str, variable: str, names: list[str]) -> None:
    """Not of what failed, nor of names of another group."""
    task = DOMAIN["verify", name]
    told = evaluate(
        task["vars"][variable],
        atlas_domain_verified=PROOFS,
        atlas_domain_failures={"c": "It failed.", "d": "It failed."},
        atlas_domain_group={"method": "dns", "names": ["a", "*.a", "b", "c", "d", "x"]},
    )
    assert sorted(told) == sorted(names)  # `intersect` keeps no order
    assert task["globalsign.atlas.atlas_domain_claim"] == {
        **task["globalsign.atlas.atlas_domain_claim"],
        "domains": "{{ " + variable + " }}",
    }
    assert task["loop"] == "{{ atlas_domain_groups }}"
    for many in (0, 1):
        assert holds(task, **{variable: [1] * many}) is bool(many)


def test_what_is_verified_by_each_method() -> None:
    expected = {"dns": ["a", "b", "c", "d"], "email": ["f"]}
    for file, domains in expected.items():
        task = DOMAIN[file, "Have the domains verified"]
        told = evaluate(task["vars"]["atlas_domain_verified"], atlas_domain_proofs=PROOFS)
        assert [proof["domain"] for proof in told] == domains
    task = DOMAIN["http", "Have the domain verified"]
    assert task["vars"] == {"atlas_domain_verified": "{{ [atlas_domain_proof] }}"}
    http = DOMAIN["prove", "Prove domains over HTTP"]
    assert list(evaluate(http["loop"], atlas_domain_proofs=PROOFS)) == ["e", "g"]
    for name, method in (("Prove domains by DNS", "dns"), ("Prove domains by e-mail", "email")):
        for proof in PROOFS:
            told = holds(DOMAIN["prove", name], atlas_domain_proofs=[proof])
            assert told is (proof["method"] == method)


def test_what_was_not_verified_is_kept_for_the_end() -> None:
    kept = DOMAIN["verify", "Keep what could not be verified"]["ansible.builtin.set_fact"]
    expression = "".join(kept["atlas_domain_failures"].split())
    assert expression == (
        "{{atlas_domain_failures|combine((atlas_domain_asserted.results"
        "+atlas_domain_looked_up.results)|globalsign.atlas.domain_failures(settled=true))}}"
    )
    said = DOMAIN["prove", "Say which domains could not be verified"]
    for many in (0, 1, 2):
        failures = {str(number): "It failed." for number in range(many)}
        assert holds(said, atlas_domain_failures=failures) is bool(many)
    begun = DOMAIN["prove", "Keep what is due, and what went wrong already"]
    kept = begun["ansible.builtin.set_fact"]
    assert kept["atlas_domain_records"] == {}
    assert kept["atlas_domain_failures"] == (
        "{{ atlas_domain_claimed.results | globalsign.atlas.domain_failures }}"
    )


@pytest.mark.parametrize(
    ("failed", "reason"),
    [
        ({"msg": "It is closed."}, "It is closed."),
        (
            {"msg": "All items", "results": [{"msg": "ok"}, {"failed": True, "msg": "No."}]},
            "No.",
        ),
        ({}, "a task failed"),
    ],
)
def test_what_went_wrong_is_added_to_what_did_before(failed: Any, reason: str) -> None:
    task = DOMAIN["failure", "Keep what went wrong for the end"]
    told = evaluate(task["vars"]["atlas_domain_reason"], ansible_failed_result=failed)
    assert told == reason
    kept = evaluate(
        task["ansible.builtin.set_fact"]["atlas_domain_failures"],
        atlas_domain_failures={"a": "Old.", "b": "Other."},
        atlas_domain_domain="a",
        atlas_domain_attempt="it was tried",
        atlas_domain_reason=told,
    )
    assert kept == {"a": f"Old. a: it was tried: {reason}", "b": "Other."}


# Where a record goes


@pytest.mark.parametrize(
    ("token", "zone", "name", "in_zone", "relative"),
    [
        (
            {"record": {"name": "x.lb.example", "zone": "lb.example"}},
            "",
            "x.lb.example",
            "lb.example",
            "x",
        ),
        (
            {"record": {"name": "_a.www.b.example", "zone": "www.b.example"}},
            "B.example.",
            "_a.www.b.example",
            "b.example",
            "_a.www",
        ),
        ({"skipped": True}, "a.example", "_a.a.example", "a.example", "_a"),
        ({"skipped": True}, "_a.a.example", "_a.a.example", "_a.a.example", "@"),
    ],
)
def test_where_a_record_goes(token: Any, zone: str, name: str, in_zone: str, relative: str) -> None:
    """To the end of the aliases if they were looked up, in the zone of the user if he has one."""
    task = DOMAIN["dns/add", "Keep what is to be removed"]
    place = {"name": "_a.a.example", "value": "token=1"}
    given = {
        "atlas_domain_token": token,
        "atlas_domain_proof": {"zone": zone, "place": {"dns": place, "http": {"content": "1"}}},
        "atlas_domain_dns": {},
    }
    told = {
        part: evaluate(task["vars"][part], **given).strip()
        for part in ("atlas_domain_name", "atlas_domain_zone_name")
    }
    assert told == {"atlas_domain_name": name, "atlas_domain_zone_name": in_zone}
    placed = {
        part: str(evaluate(value, **given, **told)).strip()
        for part, value in task["vars"]["atlas_domain_placed"].items()
    }
    assert placed == {
        "name": name,
        "zone": in_zone,
        "relative_name": relative,
        "value": "token=1",
        "ttl": "60",
    }
    assert DOMAIN["dns/add", "Require a zone that the record is in"]["vars"] == {
        part: task["vars"][part] for part in told
    }


@pytest.mark.parametrize("part", ["add", "wait"])
def test_the_proof_of_a_domain_is_that_by_dns(part: str) -> None:
    name = {"add": "Add the record of a domain", "wait": "Wait for the record of a domain"}[part]
    both = [{"domain": "a", "method": "http"}, {"domain": "b", "method": "dns"}, PROOFS[0]]
    expression = DOMAIN[f"dns/{part}", f"{name} (block)"]["vars"]["atlas_domain_proof"]
    told = evaluate(expression, atlas_domain_proofs=both, atlas_domain_domain="a")
    assert told == PROOFS[0]


@pytest.mark.parametrize(
    ("listen", "by"), [(True, "listener"), (False, "webroot"), ("", "webroot")]
)
def test_a_token_is_served_by_what_was_chosen(listen: Any, by: str) -> None:
    block = next(
        task for (file, _name), task in DOMAIN.items() if file == "http" and "block" in task
    )
    proof = {"listen": listen, "webroot": "/srv"}
    assert evaluate(block["vars"]["atlas_domain_by"], atlas_domain_proof=proof) == by
    placed = DOMAIN["http", "Place the token"]["ansible.builtin.include_tasks"]
    assert placed == "http/{{ atlas_domain_by }}_present.yml"
    for task in DOMAIN["http/remove", "Remove the token (block)"]["block"]:
        assert task["ansible.builtin.include_tasks"] == "http/{{ atlas_domain_by }}_absent.yml"


@pytest.mark.parametrize(
    ("place", "given", "is_refused"),
    [
        (
            ("http/listener_present", "Require HTTP without TLS"),
            {"atlas_domain_proof": {"method": "https"}},
            True,
        ),
        (
            ("http/listener_present", "Require HTTP without TLS"),
            {"atlas_domain_proof": {"method": "http"}},
            False,
        ),
        (
            ("http/webroot_present", "Require a webroot"),
            {"atlas_domain_proof": {"webroot": ""}},
            True,
        ),
        (
            ("dns/require", "Require the options of the provider"),
            {"atlas_domain_missing": ["api_key"]},
            True,
        ),
        (
            ("dns/require", "Require the modules of the provider"),
            {"atlas_domain_missing": ["a.b.c"]},
            True,
        ),
        (
            ("dns/require", "Require both files of the hook"),
            {"atlas_domain_hook_present": "a", "atlas_domain_hook_absent": ""},
            True,
        ),
    ],
)
def test_what_is_refused_before_anything_is_placed(
    place: tuple[str, str], given: Any, is_refused: bool
) -> None:
    wanted = DOMAIN[place]["ansible.builtin.assert"]["that"]
    conditions = wanted if isinstance(wanted, list) else [wanted]
    met = all(str(evaluate(each, **given)) == "True" for each in conditions)
    assert met is not is_refused


@pytest.mark.parametrize("part", ["present", "absent"])
@pytest.mark.parametrize(("given", "file"), [("/own/hook", "/own/hook"), ("hook", "/plays/hook")])
def test_a_hook_is_the_file_of_its_part(part: str, given: str, file: str) -> None:
    (task,) = (task for (name, _task), task in DOMAIN.items() if name == f"dns/hook_{part}")
    hooks = {"atlas_domain_hook_present": "/other", "atlas_domain_hook_absent": "/other"}
    hooks[f"atlas_domain_hook_{part}"] = given
    told = evaluate(task["ansible.builtin.include_tasks"], playbook_dir="/plays", **hooks)
    assert told == file


@pytest.mark.parametrize(
    ("given", "words"),
    [("admin", "admin@f;"), ("it@other.example", "it@other.example;")],
)
def test_where_a_mail_goes_to(given: str, words: str) -> None:
    task = DOMAIN["email", "Say where a link waits for a person"]
    group = {"email_address": given, "names": ["f"], "method": "email"}
    variables = {"atlas_domain_proofs": PROOFS, "atlas_domain_group": group}
    mails = evaluate(task["vars"]["atlas_domain_mails"], **variables)
    assert list(mails) == ["f"]
    variables.update(atlas_domain_mails=mails, atlas_domain_timeout=300)
    said = evaluate(task["ansible.builtin.debug"]["msg"], **variables)
    assert " ".join(said.split()) == (
        f"The service sends a mail to {words} somebody has to open the link in it"
        " within 300 seconds."
    )
    assert holds(task, **variables)
    assert not holds(task, atlas_domain_mails=[])


def test_names_with_and_without_a_method() -> None:
    groups = [{"method": "", "names": ["a"]}, {"method": "dns", "names": ["b"]}]
    required = DOMAIN["main", "Require verified domains where no method is chosen"]
    claimed = DOMAIN["main", "Claim the domains"]
    options = required["globalsign.atlas.atlas_domain_claim"]
    assert list(evaluate(options["domains"], atlas_domain_groups=groups)) == ["a"]
    assert holds(required, atlas_domain_groups=groups)
    assert not holds(required, atlas_domain_groups=groups[1:])
    told = evaluate(claimed["loop"], atlas_domain_groups=groups)
    assert [group["names"] for group in told] == [["b"]]


def test_each_setting_is_that_of_its_own_variable() -> None:
    settings = read("atlas_domain", "vars/main.yml")["atlas_domain_settings"]
    assert settings == {name: "{{ atlas_domain_" + name + " }}" for name in settings}
    assert sorted(settings) == [
        "authorization_domain",
        "email_address",
        "listen",
        "method",
        "webroot",
        "zone",
    ]


def tasks_of_playbook(name: str) -> dict[str, Task]:
    (play,) = yaml.safe_load((ROOT / f"playbooks/{name}.yml").read_text(encoding="utf-8"))
    return {task["name"]: task for task in play["tasks"]}


@pytest.mark.parametrize(
    ("variables", "is_refused"),
    [
        ([{}, {}], True),
        ([{"atlas_domain_names": []}, {}], True),
        ([{}, {"atlas_domain_names": ["a"]}], False),
        ([{}, {"atlas_certificate_list": [{"name": "www"}]}], False),
    ],
)
def test_to_keep_nothing_is_refused_once(variables: list[Any], is_refused: bool) -> None:
    task = tasks_of_playbook("domains")["Refuse to keep nothing"]
    assert task["run_once"] is True
    of_play = evaluate(
        task["vars"]["domains_variables"],
        ansible_play_hosts_all=["a", "b"],
        hostvars={"a": variables[0], "b": variables[1]},
    )
    told = {
        name: evaluate(task["vars"][name], domains_variables=of_play)
        for name in ("domains_names", "domains_certificates")
    }
    assert holds(task, **told) is is_refused


@pytest.mark.parametrize(
    ("own", "names", "overrides"),
    [
        ({}, ["of"], {"of": 1}),
        ({"atlas_domain_names": ["own"]}, ["own"], {"of": 1}),
        ({"atlas_domain_overrides": {"own": 2}}, ["of"], {"own": 2}),
    ],
)
def test_what_a_host_says_itself_comes_before_its_certificates(
    own: Any, names: Any, overrides: Any
) -> None:
    given = tasks_of_playbook("domains")["Prove what is due"]["vars"]
    variables = {
        "domains_of_host": own,
        "domains_of_certificates": {"names": ["of"], "overrides": {"of": 1}},
    }
    assert evaluate(given["atlas_domain_names"], **variables) == names
    assert evaluate(given["atlas_domain_overrides"], **variables) == overrides
    assert given["domains_of_host"] == "{{ hostvars[inventory_hostname] }}"


def test_a_report_reads_the_claims_alone() -> None:
    task = tasks_of_playbook("domain_report")["Read the claims of the account"]
    assert task["globalsign.atlas.atlas_info"] == {
        "gather_subset": ["claims"],
        "names": "{{ domain_report_names | default([]) }}",
        "renew_before": "{{ domain_report_renew_before | default('auto') }}",
    }
