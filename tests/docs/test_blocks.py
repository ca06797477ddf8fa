# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every block of code in the documentation is run or checked, and none is overlooked.

How a block is checked follows from its language and shape (`KINDS`). A block that fits none fails
`test_every_block_is_of_one_kind`: a new one is run if it is a play, a role's use, variables of a
role, or tasks; for anything else somebody has to think of a check.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dns.query
import dns.rcode
import dns.tsig
import dns.tsigkeyring
import dns.update
import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from simulator.conftest import good_request
from simulator.name_servers import free_port, installed

from ansible_collections.globalsign.atlas.plugins.module_utils.api.policy.explanation import explain
from ansible_collections.globalsign.atlas.plugins.module_utils.api.policy.model import Policy
from ansible_collections.globalsign.atlas.plugins.module_utils.arguments.txt_record import (
    TXT_RECORD_OPTIONS,
)

from .blocks import ROOT, Block, blocks_of, documents, name_of, prose_lines, section
from .conftest import BLOCKS, COMMANDS, FILES, RUN, Ran
from .playbooks import RUNNABLE, STATE, shape

SIMULATOR = "roles/atlas_simulator/README.md"
DIAGRAMS = {
    "docs/architecture.md#Two halves#1": "a drawing; its steps are the table below it",
    "docs/certificates.md#What lies on the node#1": "looked for in a folder that a role has made",
}
"""Texts that are no output, and why they are not compared with one."""


def is_yaml(*shapes: str) -> Callable[[Block], bool]:
    return lambda block: block.language == "yaml" and shape(block) in shapes


KINDS: dict[str, Callable[[Block], bool]] = {
    "run": is_yaml(*RUNNABLE),
    "a file of a playbook": is_yaml("file"),
    "options of a provider that is not here": is_yaml("provider"),
    "what the name server of the tests runs with": is_yaml("knot"),
    "records of the name server": lambda block: block.language == "dns-zone",
    "commands": lambda block: block.language in ("shell", "console") and block.file != SIMULATOR,
    "the simulator by hand": lambda block: block.language == "shell" and block.file == SIMULATOR,
    "a policy": lambda block: block.language == "json" and "subject_dn" in block.text,
    "a policy's table": lambda block: block.language == "text" and block.text[:6] == "Field ",
    "a diagram": lambda block: block.language == "text" and block.name in DIAGRAMS,
    "nginx": lambda block: block.language == "nginx",
    "BIND": lambda block: block.language == "named.conf",
}


def of_kind(kind: str) -> list[Block]:
    return [block for block in BLOCKS if KINDS[kind](block)]


def the_block(kind: str) -> Block:
    (block,) = of_kind(kind)
    return block


def named(blocks: list[Block]) -> dict[str, Any]:
    return {"argvalues": blocks, "ids": [block.name for block in blocks]}


# --- none is overlooked


@pytest.mark.parametrize("block", **named(BLOCKS))
def test_every_block_is_of_one_kind(block: Block) -> None:
    kinds = [kind for kind, is_of in KINDS.items() if is_of(block)]
    assert len(kinds) == 1, (
        f"{block.place}: a block of the language {block.language or 'none'!r} that is neither run"
        f" nor checked ({kinds}); say its language, and give it a kind in {Path(__file__).name}"
    )


def test_there_are_blocks_of_every_kind() -> None:
    assert [kind for kind in KINDS if not of_kind(kind)] == []
    assert {block.name for block in BLOCKS} >= set(DIAGRAMS)


@pytest.mark.parametrize("path", documents(), ids=name_of)
def test_no_block_is_made_by_indentation_or_other_fences(path: Path) -> None:
    lines = list(prose_lines(path.read_text("utf-8")))
    hidden = [number for number, line in lines if re.match(r" {4}|\t|\s*~~~|\s*<pre", line)]
    assert not hidden, f"{name_of(path)}: lines {hidden} look like a block of code without a fence"


def test_a_block_has_the_place_the_text_and_the_heading_that_it_has() -> None:
    text = "# A\n\n1. x\n\n   ```yaml\n   a:\n     b\n   ```\n\n## B\n```\nc\n```\n```text\n```\n"
    assert blocks_of(text, "f.md") == [
        Block("f.md", 6, "A", "yaml", "a:\n  b\n", 1),
        Block("f.md", 12, "B", "", "c\n", 1),
        Block("f.md", 15, "B", "text", "", 2),
    ]
    with pytest.raises(AssertionError, match=r"^f\.md:1: this block has no end$"):
        blocks_of("```\nx\n", "f.md")


# --- what is run

CONDITIONAL = {
    "plugins/modules/atlas_certificate.py#EXAMPLES#1": {
        "Switch back to what was there before": "the new certificate works",
        "Reload nginx with it": "the new certificate works",
    },
}
"""Tasks that are not performed here, and why."""


def names_of_tasks(content: Any) -> list[str]:
    """The names of all tasks in plays, tasks and blocks, handlers among them."""
    names = []
    for each in content:
        inner = [
            task
            for part in ("tasks", "handlers", "block", "rescue", "always")
            for task in names_of_tasks(each.get(part, []))
        ]
        names += inner
        if "hosts" not in each and "role" not in each and "block" not in each:
            names.append(each["name"])
    return names


def failures_of(records: list[dict[str, Any]]) -> list[str]:
    return [
        f"{record['task']}: {record['result'].get('msg')}"
        for record in records
        if record["status"] not in ("ok", "skipped")
    ]


@pytest.mark.parametrize("block", **named(RUN))
def test_it_does_what_it_says(ran: Ran, block: Block) -> None:
    records = ran.of(block)
    assert failures_of(records) == [], block.place
    assert records, (
        f"{block.place} was not run, as another one failed before:\n{ran.output[-3000:]}"
    )
    done = {record["task"] for record in records if record["status"] == "ok"}
    content = block.content if isinstance(block.content, list) else []
    expected = set(names_of_tasks(content)) - set(CONDITIONAL.get(block.name, {}))
    assert expected - done == set(), block.place
    if not expected:
        assert_roles_did_their_work(block, records)


def assert_roles_did_their_work(block: Block, records: list[dict[str, Any]]) -> None:
    """Claims were verified, and certificates obtained, deployed, served and confirmed."""
    done = [record for record in records if record["status"] == "ok"]
    proven = [
        claim
        for record in done
        if record["task"].startswith("Have the domains verified whose tokens")
        for result in record["result"]["results"]
        for claim in result.get("claims", [])
    ]
    assert proven
    assert {claim["status"] for claim in proven} == {"VERIFIED"}, block.place
    wanted = set(re.findall(r"(?<=[\[ \"])[*]?[a-z.]*example\.com(?=[],\"])", block.text))
    names = wanted & {"www.example.com", "example.com", "*.example.com"} or {"www.example.com"}
    assert {claim["domain"] for claim in proven} >= names, block.place
    if "atlas_certificate_list" in block.text:
        tasks = {record["task"]: record["result"] for record in done}
        (certificate,) = tasks["Obtain and install the certificates"]["certificates"]
        assert set(certificate["dns_names"]) == names
        assert certificate["changed"]
        assert tasks["Reload the unit nginx"]["changed"]
        served = tasks["Connect over TLS until the new certificate is served"]
        assert (served["fingerprint"], served["verified"]) == (certificate["fingerprint"], True)
        assert tasks["Confirm the certificates that work"]["certificates"][0]["changed"] is not None


def test_no_role_leaves_a_record(ran: Ran) -> None:
    """One example of a module places a token, and leaves it."""
    block = next(block for block in RUN if block.file.endswith("/domain_token_info.py"))
    (left,) = (each["result"]["texts"] for each in ran.of(block) if each["task"] == "Place it")
    assert len(left) == 2
    assert ran.world.texts("example.com") == sorted(left)
    for name in ("www.example.com", "www.validation.example.net"):
        assert ran.world.texts(name) == []


def test_one_mail_was_sent_to_each_receiver(ran: Ran) -> None:
    assert [path.name for path in ran.world.mails.iterdir()] == ["hostmaster@example.com"]


@pytest.mark.parametrize(
    ("example", "files"),
    [
        (
            "atlas_certificate",
            [
                *("etc/ssl/www/cert.pem", "etc/ssl/www/chain.pem", "etc/ssl/www/fullchain.pem"),
                *("etc/ssl/api/key.pem", "etc/haproxy/certs/shop.pem", "etc/shop/keystore.p12"),
                *("srv/appliance/vpn.example.com.pem", "etc/ssl/site/fullchain.pem"),
            ],
        ),
        ("atlas_trustchain", ["ca-certificates/atlas.crt"]),
    ],
)
def test_what_the_examples_leave(ran: Ran, example: str, files: list[str]) -> None:
    root = ran.playbooks[f"plugins/modules/{example}.py#EXAMPLES#1"].root
    assert [file for file in files if not (root / file).is_file()] == []


def test_what_lies_on_the_node(ran: Ran) -> None:
    """As the guide draws it; what is there only for a time, or in another layout, is not there."""
    text = next(block for block in of_kind("a diagram") if "www-cert.pem-" in block.text).text
    said = re.findall(r"^ +(\S+)(?: -> \S+)?  ", text, re.M)
    root = ran.playbooks["roles/atlas_certificate/README.md#atlas_certificate#1"].root
    place = root / STATE
    assert said == [
        *("www-cert.pem-2f6e….json", "www-cert.pem-2f6e….lock", "www-cert.pem-2f6e…/"),
        *("live", "0007-01CF…/", "backups/"),
    ]
    (folder,) = (entry for entry in place.iterdir() if entry.is_dir())
    assert sorted(entry.name for entry in place.iterdir()) == [
        *(folder.name, f"{folder.name}.json", f"{folder.name}.lock"),
    ]
    assert re.fullmatch("www-cert[.]pem-[0-9a-f]{16}", folder.name)
    assert "PRIVATE KEY" not in (place / f"{folder.name}.json").read_text()
    link, of_set = sorted(folder.iterdir(), key=lambda entry: not entry.is_symlink())
    assert re.fullmatch("[0-9]{4}-01[0-9A-F]+", of_set.name)
    assert (link.name, link.readlink()) == ("live", Path(of_set.name))


# --- files, variables, configurations


@pytest.mark.parametrize("block", **named(FILES))
def test_a_file_is_used(ran: Ran, block: Block) -> None:
    path = block.text.split("\n", 1)[0].removeprefix("# ")
    if path.startswith("group_vars/"):
        variables = (ran.folder / "site/inventory" / path).read_text()
        assert variables == block.text
        return
    used = [record for record in ran.records if record["file"].endswith(f"/{path}")]
    assert {record["status"] for record in used} == {"ok"}


def specification(role: str) -> dict[str, Any]:
    path = ROOT / "roles" / role / "meta/argument_specs.yml"
    options: dict[str, Any] = yaml.safe_load(path.read_text())["argument_specs"]["main"]["options"]
    return options


@pytest.mark.parametrize("block", **named(of_kind("options of a provider that is not here")))
def test_the_options_of_a_provider_are_those_of_its_tasks(block: Block) -> None:
    variables = {"atlas_domain_names": ["www.example.com"], **block.content}
    validated = ArgumentSpecValidator(specification("atlas_domain")).validate(variables)
    assert validated.error_messages == [], block.place
    provider = variables["atlas_domain_dns_provider"]
    role = ROOT / "roles/atlas_domain"
    tasks = "".join(path.read_text() for path in role.glob(f"tasks/dns/{provider}_*.yml"))
    known = set(re.findall(r"atlas_domain_dns\.([a-z_]+)", tasks)) - {"ttl"}
    required = yaml.safe_load((role / "vars/main.yml").read_text())["atlas_domain_provider_options"]
    assert set(variables["atlas_domain_dns"]) <= known, block.place
    assert set(variables["atlas_domain_dns"]) >= set(required.get(provider, []))
    text = section((role / "README.md").read_text(), provider)
    assert known - set(re.findall(r"`([a-z_]+)`", text)) == set(), "options that are not named"


def test_the_table_is_that_of_the_policy() -> None:
    policy = json.loads(the_block("a policy").text)
    assert explain(Policy.parse(policy)) == the_block("a policy's table").text.splitlines()


def test_nginx_serves_the_folder_of_the_token(ran: Ran, tmp_path: Path) -> None:
    block = the_block("nginx")
    folder, root = re.findall(r"location (\S+) \{ root (\S+); \}", block.text)[0]
    plays = [each.content[0] for each in RUN if each.file == block.file and "webroot" in each.text]
    assert root == plays[0]["roles"][0]["atlas_domain_webroot"]
    placed = [
        record["result"]["file"].removeprefix(str(ran.world.webroot))
        for record in ran.records
        if record["action"] == "globalsign.atlas.token_file" and record["status"] == "ok"
    ]
    assert {f"{Path(path).parent}/" for path in placed} == {folder}
    for line in block.text.splitlines():
        assert re.fullmatch(r"location \S+ \{( [a-z_]+( [^;{}]+)+;)+ \}", line), line
    nginx = shutil.which("nginx")
    if nginx:
        server = f"server {{\nlisten 127.0.0.1:8080;\n{block.text}}}\n"
        text = f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{\n{server}}}\n"
        (tmp_path / "nginx.conf").write_text(text)
        command = [nginx, "-t", "-p", str(tmp_path), "-e", "stderr", "-c", "nginx.conf"]
        subprocess.run(command, check=True)


def test_bind_lets_the_same_key_do_the_same(tmp_path: Path) -> None:
    block = the_block("BIND")
    knot = the_block("what the name server of the tests runs with").content
    (key,), (rule,), (zone,) = knot["key"], knot["acl"], knot["zone"]
    assert f'key "{key["id"]}" {{ algorithm {key["algorithm"]}; secret "..."; }};\n' in block.text
    assert f'zone "{zone["domain"]}" {{\n' in block.text
    assert (rule["key"], rule["action"], zone["acl"]) == (key["id"], "update", rule["id"])
    granted = f"update-policy {{ grant {key['id']} zonesub {rule['update-type']}; }};"
    assert f"    {granted}\n" in block.text
    for line in block.text.splitlines():
        assert line.endswith((";", "{")), line
    assert block.text.count("{") == block.text.count("}")
    checker = shutil.which("named-checkconf") or shutil.which("named-checkconf", path="/usr/sbin")
    if checker:
        (tmp_path / "named.conf").write_text(block.text.replace('"..."', '"c2VjcmV0"'))
        subprocess.run([checker, tmp_path / "named.conf"], check=True)


def test_the_key_of_the_name_server_may_change_txt_records_and_no_others(ran: Ran) -> None:
    keys = dns.tsigkeyring.from_text({"atlas": ran.world.tsig_keys["atlas"]})

    def add(kind: str, value: str) -> str:
        update = dns.update.UpdateMessage("example.com", keyring=keys)
        update.add("try.example.com.", 60, kind, value)
        answer = dns.query.tcp(update, "127.0.0.1", port=ran.world.ports["dns"], timeout=5)
        return dns.rcode.to_text(answer.rcode())

    assert add("TXT", "a") == "NOERROR"
    with pytest.raises(dns.tsig.PeerBadKey):
        add("A", "192.0.2.1")


# --- commands


def commands_of(text: str) -> list[list[str]]:
    """The words of each command; comments and continued lines as the shell has them."""
    joined = text.replace("\\\n", " ")
    return [
        words for line in joined.splitlines() if (words := shlex.split(line, comments=True)) != []
    ]


def check_make(words: list[str]) -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M)
    assert words[1:]
    assert [word for word in words[1:] if not word.startswith("-") and word not in targets] == []


def check_galaxy(words: list[str]) -> None:
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text())
    assert words[1:] == ["collection", "install", f"{galaxy['namespace']}.{galaxy['name']}"]


def check_playbook(words: list[str]) -> None:
    (name,) = (word for word in words if word.startswith("globalsign.atlas."))
    text = (ROOT / "playbooks" / f"{name.rpartition('.')[2]}.yml").read_text()
    rest = [word for word in words[1:] if word != name]
    while rest:
        option, value, *rest = rest
        assert option in ("-i", "-e")
        if option == "-e":
            assert [variable for variable in json.loads(value) if f"{variable} " not in text] == []


def check_tsig_keygen(words: list[str]) -> None:
    assert words[1:] == ["-a", TXT_RECORD_OPTIONS["tsig_algorithm"]["default"], "atlas"]


def check_keymgr(words: list[str]) -> None:
    keymgr = [installed("keymgr", "knot"), *words[1:]]
    made = subprocess.run(keymgr, check=True, capture_output=True, text=True).stdout
    (key,) = yaml.safe_load(made)["key"]
    documented = the_block("what the name server of the tests runs with").content["key"][0]
    assert {**key, "secret": "..."} == documented


def check_openssl(words: list[str]) -> None:
    """Run before everything else: what it prints is the proof that an example gives."""
    assert words[1] in ("pkey", "dgst")


def check_script(words: list[str]) -> None:
    script, *arguments = words
    assert os.access(ROOT / script, os.X_OK), script
    places = [word for word in arguments if "/" in word]
    assert [place for place in places if not (ROOT / place).exists()] == []
    if "integration" in arguments:
        targets = {path.name for path in (ROOT / "tests/integration/targets").iterdir()}
        assert {
            word for word in arguments if word[:7] == "module_" or word[:5] == "role_"
        } & targets


CHECKS = {
    "make": check_make,
    "ansible-galaxy": check_galaxy,
    "ansible-playbook": check_playbook,
    "tsig-keygen": check_tsig_keygen,
    "keymgr": check_keymgr,
    "openssl": check_openssl,
    "tests/tools": check_script,
}


@pytest.mark.parametrize("block", **named(of_kind("commands")))
def test_commands_are_right(block: Block) -> None:
    commands = commands_of(block.text)
    assert commands
    for words in commands:
        name = "tests/tools" if words[0].startswith("tests/tools/") else words[0]
        assert name in CHECKS, f"{block.place}: nothing is known of {name}"
        CHECKS[name](words)


@pytest.mark.parametrize(
    ("playbook", "task"),
    [
        ("domains", "Have the domains verified whose tokens this host placed"),
        ("domain_report", "Show them"),
    ],
)
def test_the_commands_of_the_guide_do_what_they_are_for(ran: Ran, playbook: str, task: str) -> None:
    assert len([line for line in COMMANDS if f"globalsign.atlas.{playbook}" in line.split()]) == 1
    end = f"/playbooks/{playbook}.yml"
    records = [record for record in ran.records if record["playbook"].endswith(end)]
    assert failures_of(records) == []
    (result,) = (each["result"] for each in records if each["task"] == task)
    if playbook == "domains":
        (claim,) = result["results"][0]["claims"]
        assert (claim["domain"], claim["status"]) == ("www.example.com", "VERIFIED")
    else:
        assert result["msg"][1].split()[:2] == ["www.example.com", "www.example.com"]


def test_the_simulator_by_hand(tmp_path: Path) -> None:
    """The README's commands one after another, with a client that asks for a certificate."""
    installed("curl", "curl")
    serve, login, answers, lose, hold = (block.text for block in of_kind("the simulator by hand"))
    control = f"127.0.0.1:{free_port()}"

    def here(text: str) -> str:
        for said, meant in (
            ("/tmp/atlas", f"{tmp_path}/atlas"),
            ("127.0.0.1:8444", control),
            ("start the client &", f"bash {tmp_path}/client &"),
            ("kill -9 the client", "kill -9 $!"),
        ):
            text = text.replace(said, meant)
        return text

    def run(text: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", f"set -e -o pipefail\n{here(text)}"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    request = good_request(
        subject_dn={"common_name": "www.example.com"}, san={"dns_names": ["www.example.com"]}
    )
    (tmp_path / "request.json").write_text(json.dumps(request))
    server = subprocess.Popen(
        ["bash", "-c", f"{here(serve).rstrip()} --listen 127.0.0.1:0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        process_group=0,
    )
    try:
        assert server.stdout is not None
        said = "ready https://127.0.0.1:8443/v2"
        assert f"It prints one line, `{said}`" in (ROOT / SIMULATOR).read_text()
        line = server.stdout.readline().rstrip("\n")
        assert re.sub(r":\d+/", ":8443/", line) == said
        logged_in = run(login)
        token = json.loads(logged_in.stdout)["access_token"]
        credentials = r'-d "\{.*\}" "\$ATLAS_API_URL/login"'
        bearer = f'-H "Authorization: Bearer {token}"'
        issue = re.sub(
            credentials, f'{bearer} -d @request.json "$ATLAS_API_URL/certificates"', login
        )
        read_policy = re.sub(credentials, f'{bearer} "$ATLAS_API_URL/validationpolicy"', login)
        assert issue != login
        (tmp_path / "client").write_text(here(issue).replace("curl ", "exec curl "))
        # Numbers of faults and barriers are counted together, so that it has to come first here.
        held = run(hold)
        assert held.returncode == 0, held.stderr
        added, reached = re.findall(r"\{.*?\}", held.stdout)
        assert [json.loads(told)["waiting"] for told in (added, reached)] == [0, 1], held.stdout
        assert issued(control) == 1
        assert run(lose).returncode == 0
        lost = run(issue)
        assert (lost.stdout, lost.returncode) == ("", 56)
        assert issued(control) == 2
        assert run(answers).returncode == 0
        assert json.loads(run(issue).stdout) == {
            "description": "san: failed dns/email domain name verification",
            "errors": {"requires_label_separator": "www.example.com"},
        }
        assert run(read_policy).stdout == "not JSON"
        assert issued(control) == 2
    finally:
        server.terminate()
        subprocess.run(["kill", "--", f"-{server.pid}"], check=False, capture_output=True)
        server.wait(10)


def issued(control: str) -> int:
    """How many certificates the simulator has issued."""
    with urllib.request.urlopen(f"http://{control}/ledger", timeout=10) as answer:
        return len(json.loads(answer.read()))
