# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole tasks: which steps and requests in which order, what is told, and what never stops what."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api.client import Claim
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.conduct import task
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.conduct.node import (
    NodeLostError,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.conduct.run import Run
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import certificates, keys
from ansible_collections.globalsign.atlas.plugins.module_utils.times import iso_time

from ..fake_atlas import DAY, NOW, Atlas, api_error
from .conftest import Bench, Items

ISSUING = ["inspect", "prepare", "install", "acknowledge"]
MISSING = ["missing: there is no private key", "missing: there is no certificate"]
UNACKNOWLEDGED = (
    "unacknowledged: it was put in place by an earlier run that did not come to its end, or that"
    " left it to be confirmed"
)
GOES_ON = " The next run finds out what was done, and goes on from there."


def failing(step: str, error: Exception, times: int = 99) -> Callable[[str, Items], None]:
    """Instead of a step, an error."""
    left = [times]

    def before(asked: str, _items: Items) -> None:
        if asked == step and left[0] > 0:
            left[0] -= 1
            raise error

    return before


def lying(step: str, **members: Any) -> Callable[[str, Items], Items]:
    """Other members in each answer to one step."""

    def lie(asked: str, answers: Items) -> Items:
        return [{**answer, **members} if asked == step else answer for answer in answers]

    return lie


def refusing(name: str, error: Exception) -> Callable[[Any], None]:
    """Refuse requests for one name."""

    def refuse(body: Any) -> None:
        if body["san"]["dns_names"] == [name]:
            raise error

    return refuse


def entry_of(result: dict[str, Any], place: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = result["certificates"][place]
    return found


# state: present


def test_the_first_certificate(bench: Bench, atlas: Atlas) -> None:
    result = bench.run()
    serial, leaf = bench.serial(), bench.leaf()
    assert bench.steps == ISSUING
    assert atlas.calls == [
        ("open",),
        ("policy",),
        ("claims", False),
        ("left", 1, True),
        ("chain",),
        ("request", "www.example.com"),
        ("certificate", serial),
        ("close",),
    ]
    paths = bench.paths()
    assert result["certificates"] == [
        {
            "path": paths["path"],
            "files": {"path": paths["path"], "privatekey_path": paths["privatekey_path"]},
            "changed": True,
            "reasons": MISSING,
            "repairs": [],
            "missing_folders": [],
            "revoked": [],
            "serial_number": serial,
            "subject": "",
            "issuer": "CN=Test issuing CA",
            "dns_names": ["www.example.com"],
            "emails": [],
            "ip_addresses": [],
            "uris": [],
            "key": "ECDSA 256",
            "fingerprint": certificates.fingerprint(leaf),
            "not_before": iso_time(NOW - 3),
            "not_after": iso_time(certificates.not_after(leaf)),
            "remaining_days": 89,
        }
    ]
    assert (result["changed"], result["warnings"]) == (True, [])
    assert set(result) == {"changed", "certificates", "diff", "warnings"}
    assert bench.progress == [(1, 1)]
    assert bench.names() == ["cert.pem", "key.pem"]
    record = bench.record()
    assert record["sets"][record["confirmed"]]["facts"]["serial_number"] == serial
    assert (record["wanted_now"], record["attempt"]) == (record["confirmed"], None)


def test_what_is_as_wanted_is_looked_at_and_nothing_else(bench: Bench, atlas: Atlas) -> None:
    bench.run()
    result = bench.run(acknowledge="later")
    assert (result["changed"], result["diff"], result["warnings"]) == (False, [], [])
    assert (bench.steps, atlas.calls, bench.progress) == (["inspect"], [], [])
    assert entry_of(result)["serial_number"] == bench.serial()


def test_check_mode_foretells_and_changes_nothing(bench: Bench, atlas: Atlas) -> None:
    result = bench.run(check_mode=True)
    assert (result["changed"], bench.steps) == (True, ["inspect"])
    assert atlas.calls == [
        ("open",),
        ("policy",),
        ("claims", False),
        ("left", 1, False),
        ("close",),
    ]
    (diff,) = result["diff"]
    assert diff["before"] == ""
    assert diff["after"].startswith("san.dns_names: www.example.com\nkey: ECDSA 256, new\nnot_aft")
    assert list(bench.folder.iterdir()) == []


def test_check_mode_of_what_is_as_wanted(bench: Bench, atlas: Atlas) -> None:
    bench.run()
    assert not bench.run(check_mode=True)["changed"]
    assert (bench.steps, atlas.calls) == (["inspect"], [])


def test_in_check_mode_a_folder_may_be_missing(bench: Bench) -> None:
    bench.folder = bench.folder / "absent"
    result = bench.run(check_mode=True)
    assert (result["changed"], "failed" in result) == (True, False)
    assert entry_of(result)["missing_folders"] == [str(bench.folder)]
    failed = bench.run()
    assert failed["msg"] == (
        f"The folder {bench.folder} does not exist on the node; create it before this task."
    )
    assert (failed["changed"], bench.steps) == (False, ["inspect"])


def test_the_times_of_a_request_are_by_the_clock_of_the_service(bench: Bench, atlas: Atlas) -> None:
    atlas.ahead = 600
    bench.run(valid_for="2d")
    (body,) = atlas.bodies
    assert body["validity"] == {"not_before": NOW + 597, "not_after": NOW + 597 + 2 * DAY}


def test_a_renewal_has_another_key_and_says_why(bench: Bench, atlas: Atlas) -> None:
    bench.run()
    old, key = bench.serial(), bench.content("key.pem")
    atlas.now += 60 * DAY
    result = bench.run()
    assert entry_of(result)["reasons"] == ["expiring: 29 days remain, renew_before is auto"]
    assert result["changed"]
    assert bench.serial() != old
    assert bench.content("key.pem") != key
    (diff,) = result["diff"]
    assert f"serial_number: {old}\n" in diff["before"]
    assert f"serial_number: {bench.serial()}\n" in diff["after"]


def test_the_lease_lasts_for_all_that_may_be_sent_under_it(bench: Bench) -> None:
    bench.run(certificates=bench.items(3), read_timeout=7, total_timeout=20, settle=11)
    (orders,) = bench.ordered("prepare")
    until = NOW + 7 + 20 + 2 * 11 + 60 + 2 * 3
    lease = {"run": "run-1", "controller": "controller", "process": "1:1", "until": until}
    assert [order["lease"] for order in orders] == [lease] * 3
    assert [order["breaks"] for order in orders] == [""] * 3


def test_what_the_node_is_told_of_an_attempt(bench: Bench) -> None:
    bench.run(api_url="https://atlas.example/v2", api_key="the key")
    (order,) = bench.ordered("prepare")[0]
    account = hashlib.sha256(b"https://atlas.example/v2\0the key").hexdigest()[:32]
    planned_end = order["not_after"]
    assert NOW - 3 + 90 * DAY - 3600 <= planned_end < NOW - 3 + 90 * DAY
    assert {name: value for name, value in order.items() if name not in ("wanted", "lease")} == {
        "now": NOW,
        "settle": 10,
        "nonce": "nonce-1",
        "attempt_id": "run-1-0",
        "account": account,
        "breaks": "",
        "key_type": "ECDSA",
        "key_bits": 256,
        "kept_kinds": [],
        "not_after": planned_end,
        "is_due": False,
        "new_key": False,
        "orphan": "",
        "anew": False,
    }
    assert certificates.not_after(bench.leaf()) == planned_end


def test_content_is_in_the_result_if_it_is_asked_for(bench: Bench, hierarchy: Any) -> None:
    for _time in range(2):
        entry = entry_of(bench.run(return_content=True))
        assert entry["certificate"] == bench.content("cert.pem")
        assert (entry["chain"], entry["root"]) == tuple(hierarchy.chain)
    assert "certificate" not in entry_of(bench.run())


@pytest.mark.parametrize(("most", "is_refused"), [(2, True), (3, False), (None, False), (0, True)])
def test_no_more_are_asked_for_than_the_task_may(
    bench: Bench, atlas: Atlas, most: int | None, is_refused: bool
) -> None:
    result = bench.run(certificates=bench.items(3), max_issue=most)
    assert len(atlas.named("request")) == (0 if is_refused else 3)
    if is_refused:
        assert result["msg"].startswith("max_issue: 3 certificates are due, and this task may ask")
        assert (result["failed"], result["changed"]) == (True, False)
        assert bench.steps == ["inspect"]
        assert list(bench.folder.iterdir()) == []


def test_what_is_refused_before_is_not_counted(bench: Bench, atlas: Atlas) -> None:
    items = bench.items(3)
    items[1]["subject"] = {"country": "NL"}
    result = bench.run(certificates=items, max_issue=2)
    assert [bool(entry.get("failed")) for entry in result["certificates"]] == [False, True, False]
    assert entry_of(result, 1)["msg"].startswith("subject.country: ")
    assert result["msg"].startswith(f"1 of 3 certificates failed. {bench.folder}/n1-cert.pem: subj")
    assert result["changed"]
    assert atlas.named("request") == [("request", "n0.example.com"), ("request", "n2.example.com")]
    assert bench.progress == [(1, 2), (2, 2)]


@pytest.mark.parametrize(("quota", "is_refused"), [(12, False), (11, True)])
def test_some_of_the_quota_is_left(
    bench: Bench, atlas: Atlas, quota: int, is_refused: bool
) -> None:
    atlas.quota = quota
    result = bench.run(certificates=bench.items(2), min_quota=10)
    assert atlas.named("quota") == [("quota", 2, True)]
    assert len(atlas.named("request")) == (0 if is_refused else 2)
    assert result.get("msg", "").startswith(
        "min_quota: 2 certificates are due and 11 are left"
    ) is (is_refused)


def test_check_mode_reserves_no_quota(bench: Bench, atlas: Atlas) -> None:
    bench.run(check_mode=True, min_quota=0)
    assert atlas.named("quota") == [("quota", 1, False)]
    atlas.quota = 0
    result = bench.run(check_mode=True, min_quota=0)
    assert result["msg"].startswith("min_quota: 1 certificates are due and 0 are left")


def test_the_quota_is_asked_for_only_if_something_is_due(bench: Bench, atlas: Atlas) -> None:
    bench.run()
    assert atlas.named("quota") == []
    bench.run(min_quota=0, check_revocation=True)
    assert atlas.named("quota") == []
    bench.run(min_quota=0, san={"dns_names": ["*.x"]}, subject={"country": "NL"})
    assert atlas.named("quota", "request") == []


def test_a_name_that_is_not_allowed_stops_only_its_own(bench: Bench, atlas: Atlas) -> None:
    result = bench.run(certificates=bench.items(2), allowed_names=["n1.example.com"])
    assert atlas.named("request") == [("request", "n1.example.com")]
    assert entry_of(result)["msg"] == (
        "san.dns_names: 'n0.example.com' is not among the names that this task may ask for;"
        " allowed_names allows n1.example.com."
    )
    assert (entry_of(result)["changed"], entry_of(result, 1)["changed"]) == (False, True)


def test_an_obstacle_on_the_node_is_told_before_a_name_that_is_not_allowed(bench: Bench) -> None:
    bench.lie = lying("inspect", obstacle="no way")
    assert bench.run(allowed_names=[])["msg"] == "no way"


def test_a_request_that_is_refused_stops_only_its_own(bench: Bench, atlas: Atlas) -> None:
    atlas.refuse = refusing("n1.example.com", api_error(422, "refused"))
    result = bench.run(certificates=bench.items(3))
    assert [bool(entry.get("failed")) for entry in result["certificates"]] == [False, True, False]
    assert result["msg"] == (
        f"1 of 3 certificates failed. {bench.folder}/n1-cert.pem: Atlas said no."
    )
    assert bench.record_if_any("n1-") is None
    assert bench.names() == ["n0-cert.pem", "n0-key.pem", "n2-cert.pem", "n2-key.pem"]
    (acknowledged,) = bench.ordered("acknowledge")
    assert [order["wanted"]["label"][-11:] for order in acknowledged] == [
        "n0-cert.pem",
        "n2-cert.pem",
    ]


def test_a_node_that_cannot_put_one_in_place_stops_only_its_own(bench: Bench, atlas: Atlas) -> None:
    def lie(step: str, answers: Items) -> Items:
        if step == "install":
            answers[0] = {**answers[0], "obstacle": "the disk is full.", "is_deployed": False}
            answers[0]["changed_files"] = []
        return answers

    bench.lie = lie
    result = bench.run(certificates=bench.items(2))
    (serial,) = (
        serial
        for serial, leaf in atlas.leaves.items()
        if certificates.names(leaf).dns_names == {"n0.example.com"}
    )
    told = f"the disk is full. The certificate {serial} was issued for it."
    assert [entry.get("msg") for entry in result["certificates"]] == [told, None]
    assert [entry["changed"] for entry in result["certificates"]] == [False, True]
    assert len(bench.ordered("acknowledge")[0]) == 1


def test_rounds_bound_what_a_crash_leaves(
    bench: Bench, atlas: Atlas, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert task.MOST_IN_A_ROUND == 100
    monkeypatch.setattr(task, "MOST_IN_A_ROUND", 2)
    result = bench.run(certificates=bench.items(5))
    assert "failed" not in result
    assert [len(items) for items in bench.ordered("prepare")] == [2, 2, 1]
    assert [len(items) for items in bench.ordered("install")] == [2, 2, 1]
    assert [len(items) for items in bench.ordered("acknowledge")] == [5]
    assert bench.progress == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]
    assert len(atlas.named("chain")) == 1


def test_a_connection_that_is_lost_leaves_the_next_rounds_alone(
    bench: Bench, atlas: Atlas, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task, "MOST_IN_A_ROUND", 1)

    def before(step: str, _items: Items) -> None:
        if step == "prepare" and bench.steps.count("prepare") == 2:
            raise NodeLostError("ssh said no.")

    bench.before = before
    result = bench.run(certificates=bench.items(3))
    assert result["unreachable"]
    assert [entry.get("msg") for entry in result["certificates"]] == [
        None,
        "Nothing was asked for: ssh said no.",
        "Nothing was asked for: ssh said no.",
    ]
    assert atlas.named("request") == [("request", "n0.example.com")]
    assert bench.steps == ["inspect", "prepare", "install", "prepare"]
    assert [entry["changed"] for entry in result["certificates"]] == [True, False, False]


def test_a_connection_that_is_lost_at_the_end_of_a_round(
    bench: Bench, atlas: Atlas, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task, "MOST_IN_A_ROUND", 1)
    bench.before = failing("install", NodeLostError("ssh said no."))
    result = bench.run(certificates=bench.items(2))
    (serial,) = atlas.leaves
    assert result["unreachable"]
    assert [entry["msg"] for entry in result["certificates"]] == [
        f"The certificate {serial} was issued; the connection to the node was lost: ssh said"
        " no." + GOES_ON,
        "Nothing was asked for: the connection to the node was lost.",
    ]
    assert bench.steps == ["inspect", "prepare", "install"]
    bench.before = lambda _step, _items: None
    again = bench.run(certificates=bench.items(1))
    assert (again["changed"], bench.serial("n0-")) == (True, serial)
    assert len(atlas.leaves) == 1


def test_what_could_not_be_put_in_place_is_told_with_its_serial_number(
    bench: Bench, atlas: Atlas
) -> None:
    bench.before = failing("install", AtlasError("the answer was damaged."))
    result = bench.run()
    (serial,) = atlas.leaves
    assert result["msg"] == (
        f"The certificate {serial} was issued; whether it was put in place is not known: the answer"
        " was damaged." + GOES_ON
    )
    assert "unreachable" not in result
    assert bench.steps == ["inspect", "prepare", "install"]


def test_why_a_request_was_refused_is_told_also_where_the_node_fails_then(
    bench: Bench, atlas: Atlas
) -> None:
    atlas.refuse = refusing("www.example.com", api_error(422, "refused", "Atlas said no."))
    bench.before = failing("install", AtlasError("the answer was damaged."))
    assert bench.run()["msg"] == "Atlas said no."


def test_a_mend_that_goes_wrong_is_told_without_a_serial_number(bench: Bench) -> None:
    bench.run()
    (bench.folder / "cert.pem").chmod(0o600)
    bench.before = failing("install", AtlasError("the answer was damaged."))
    assert bench.run()["msg"] == (
        "Whether it was put in place is not known: the answer was damaged." + GOES_ON
    )
    bench.before = failing("install", NodeLostError("ssh said no"))
    result = bench.run()
    assert entry_of(result)["msg"] == (
        "The connection to the node was lost: ssh said no." + GOES_ON
    )
    assert result["unreachable"]
    assert bench.steps == ["inspect", "install"]


def test_a_node_that_is_lost_while_something_is_due_is_not_worth_a_request(
    bench: Bench, atlas: Atlas
) -> None:
    items = bench.items(2)
    bench.run(certificates=items[:1])
    (bench.folder / "n0-cert.pem").chmod(0o600)
    bench.before = failing("install", NodeLostError("ssh said no"))
    result = bench.run(certificates=items)
    assert (result["unreachable"], atlas.calls) == (True, [])


def test_a_node_that_is_lost_at_last(bench: Bench) -> None:
    bench.before = failing("acknowledge", NodeLostError("ssh said no."))
    result = bench.run()
    assert (result["unreachable"], result["failed"], result["changed"]) == (True, True, True)
    assert result["msg"] == "The connection to the node was lost: ssh said no."


def test_a_node_that_is_lost_at_first_has_no_result(bench: Bench) -> None:
    bench.before = failing("inspect", NodeLostError("ssh said no."))
    with pytest.raises(NodeLostError, match="ssh said no"):
        bench.run()


def test_what_goes_wrong_with_all_is_told_before_what_goes_wrong_with_one(
    bench: Bench, atlas: Atlas
) -> None:
    items = bench.items(2)
    items[1]["privatekey_path"] = "key.pem"
    atlas.failing = {"open": AtlasError("The account is closed.")}
    result = bench.run(certificates=items)
    assert result["msg"].startswith("The account is closed. 1 of 2 certificates failed. ")
    assert entry_of(result, 1)["path"] == f"{bench.folder}/n1-cert.pem"


def test_what_needs_no_service_is_done_without_it(bench: Bench, atlas: Atlas) -> None:
    items = bench.items(2)
    bench.run(certificates=items[:1])
    (bench.folder / "n0-key.pem").chmod(0o644)
    atlas.failing = {"open": AtlasError("The account is closed.")}
    result = bench.run(certificates=items)
    assert (result["msg"], result["failed"]) == ("The account is closed.", True)
    assert [entry["changed"] for entry in result["certificates"]] == [True, False]
    assert (bench.folder / "n0-key.pem").stat().st_mode & 0o777 == 0o600
    assert bench.steps == ["inspect", "install"]


@pytest.mark.parametrize("call", ["policy", "chain"])
def test_without_policy_or_chain_nothing_is_asked_for(
    bench: Bench, atlas: Atlas, call: str
) -> None:
    atlas.failing = {call: api_error(500, "unknown", "It is down.")}
    result = bench.run()
    assert (result["msg"], result["changed"]) == ("It is down.", False)
    assert (bench.steps, atlas.named("request")) == (["inspect"], [])


def test_only_a_missing_chain_is_fetched(bench: Bench, atlas: Atlas) -> None:
    bench.options = {"fullchain_path": str(bench.folder / "fullchain.pem")}
    bench.run()
    chain = bench.content("fullchain.pem")
    (bench.folder / "fullchain.pem").unlink()
    shutil.rmtree(bench.folder.parent / "state")
    assert bench.run(check_mode=True)["changed"]
    assert atlas.calls == []
    result = bench.run()
    assert atlas.calls == [("open",), ("chain",), ("close",)]
    assert bench.steps == ["inspect", "install"]
    assert (result["changed"], bench.content("fullchain.pem")) == (True, chain)


def test_what_is_held_is_put_in_place_without_a_request(bench: Bench, atlas: Atlas) -> None:
    validate = "sh -c 'exit 3'"
    refused = bench.run(validate=validate)
    assert refused["failed"]
    serial = next(iter(atlas.leaves))
    foretold = bench.run(check_mode=True)
    assert (foretold["changed"], bench.steps, atlas.calls) == (True, ["inspect"], [])
    result = bench.run()
    assert (bench.steps, atlas.calls) == (["inspect", "install", "acknowledge"], [])
    assert (bench.ordered("install")[0][0]["action"], bench.serial()) == ("resume", serial)
    assert entry_of(result)["repairs"] == [
        f'kept: {serial} is not in place, validate: "{validate}" failed with 3: it said nothing'
    ]


def test_one_that_is_stated_wrong_stops_only_its_own(bench: Bench, atlas: Atlas) -> None:
    items = bench.items(3)
    items[0]["mode"] = "0777"
    result = bench.run(certificates=items)
    assert [bool(entry.get("failed")) for entry in result["certificates"]] == [True, False, False]
    assert len(bench.ordered("inspect")[0]) == 2
    assert len(atlas.named("request")) == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"max_issue": -1}, "max_issue: -1 is negative; give 0 or more."),
        ({"min_quota": -1}, "min_quota: -1 is negative; give 0 or more."),
        ({"settle": -1}, "settle: -1 is negative; give 0 or more."),
        ({"lookup_max": -1}, "lookup_max: -1 is negative; give 0 or more."),
        (
            {"compromised_at": "2026-01-01"},
            "compromised_at: it belongs to revocation_reason: keyCompromise; state that, or leave"
            " it out.",
        ),
        (
            {"compromised_at": iso_time(NOW + 1), "revocation_reason": "keyCompromise"},
            f"compromised_at: {iso_time(NOW + 1)} lies in the future; give the moment since when"
            " the key may be in other hands.",
        ),
    ],
)
def test_options_that_contradict_themselves(
    bench: Bench, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(AtlasError) as caught:
        bench.run(**options)
    assert (caught.value.message, bench.steps) == (said, [])


def test_options_at_their_bounds(bench: Bench) -> None:
    bench.run(
        settle=0,
        lookup_max=0,
        max_issue=1,
        min_quota=0,
        compromised_at=iso_time(NOW),
        revocation_reason="keyCompromise",
    )
    assert bench.names() == ["cert.pem", "key.pem"]


# Other runs, and what they left


def busy(bench: Bench, controller: str, process: str) -> None:
    """An attempt of a run that is said to be elsewhere, or another process of this machine."""
    before = bench.before
    bench.controller, bench.process = controller, process
    bench.before = failing("install", NodeLostError("gone"))
    bench.run()
    bench.before, bench.controller, bench.process = before, "controller", "1:1"


def test_another_run_is_waited_for_and_then_told(bench: Bench, atlas: Atlas) -> None:
    busy(bench, "elsewhere", "7:7")
    result = bench.run(read_timeout=300)
    assert result["msg"] == (
        "Another run on elsewhere (process 7:7) has been at work on this certificate for longer"
        " than 180 seconds; wait for it, and run the task again."
    )
    assert atlas.now == NOW + 180
    assert bench.steps == ["inspect", *["prepare"] * 91]
    assert atlas.named("request") == []


def test_a_lease_that_ends_meanwhile_is_taken_over(bench: Bench, atlas: Atlas) -> None:
    bench.options = {"total_timeout": 1, "read_timeout": 1, "settle": 0}
    busy(bench, "elsewhere", "7:7")
    result = bench.run()
    assert "failed" not in result
    assert atlas.now == NOW + 64
    assert len(atlas.leaves) == 1


@pytest.mark.parametrize(
    ("controller", "process"), [("controller", "1:1"), ("controller", "99999999:1")]
)
def test_a_run_of_this_machine_that_is_gone_is_not_waited_for(
    bench: Bench, atlas: Atlas, controller: str, process: str
) -> None:
    busy(bench, controller, process)
    before = atlas.now
    result = bench.run()
    assert "failed" not in result
    assert atlas.now == before
    assert bench.steps == ["inspect", "prepare", "prepare", "install", "acknowledge"]
    assert [order[0]["breaks"] for order in bench.ordered("prepare")] == ["", "run-1"]
    assert len(atlas.leaves) == 1


def test_a_run_of_this_machine_that_is_alive_is_waited_for(bench: Bench) -> None:
    alive = Run()
    bench.controller = alive.controller
    busy(bench, alive.controller, alive.process)
    bench.controller = alive.controller
    assert bench.run()["msg"].startswith(f"Another run on {alive.controller} (process ")


def test_only_those_that_are_busy_are_asked_about_again(bench: Bench) -> None:
    bench.run(certificates=bench.items(1))
    items = bench.items(3)

    def lie(step: str, answers: Items) -> Items:
        if step == "prepare" and bench.steps.count("prepare") == 1:
            held = {"run": "r", "controller": "elsewhere", "process": "7:7", "until": NOW + 9}
            answers[1] = {**answers[1], "busy": held}
        return answers

    bench.lie = lie
    result = bench.run(certificates=items, force=True)
    assert "failed" not in result
    assert [len(orders) for orders in bench.ordered("prepare")] == [3, 1]


def test_an_answer_that_was_lost_is_looked_for_and_not_asked_for_again(
    bench: Bench, atlas: Atlas
) -> None:
    def lose(_body: Any) -> None:
        raise api_error(None, "unknown", "The connection broke.")

    atlas.lose = lose
    atlas.failing = {"expiring": api_error(500, "unknown", "It is down.")}
    first = bench.run()
    assert first["msg"].startswith("Whether the certificate was issued is not known (The connecti")
    assert len(atlas.named("request")) == 1
    atlas.failing = {}
    result = bench.run()
    (serial,) = atlas.leaves
    assert (result["changed"], bench.serial()) == (True, serial)
    assert result["warnings"] == []
    assert atlas.named("request") == []
    assert bench.progress == [(1, 1)]


def test_what_was_issued_for_a_former_wish_is_told_once_and_not_used(
    bench: Bench, atlas: Atlas
) -> None:
    bench.before = failing("install", NodeLostError("gone"))
    bench.run()
    (orphan,) = atlas.leaves
    bench.before = lambda _step, _items: None
    result = bench.run(san={"dns_names": ["other.example.com"]}, acknowledge="later")
    notice = (
        f"{bench.folder}/cert.pem: An earlier request had led to the certificate {orphan}, which is"
        " not what is wanted any more; it was not revoked, and nobody uses it."
    )
    assert result["warnings"] == [notice]
    assert [order[0]["anew"] for order in bench.ordered("prepare")] == [False, False, True]
    assert bench.ordered("prepare")[-1][0]["orphan"] == orphan
    assert certificates.names(bench.leaf()).dns_names == {"other.example.com"}
    assert bench.steps == ["inspect", "prepare", "prepare", "prepare", "install", "acknowledge"]
    assert [order["confirms"] for order in bench.ordered("acknowledge")[0]] == [False]
    again = bench.run(san={"dns_names": ["other.example.com"]}, acknowledge="later")
    assert again["warnings"] == []
    assert bench.is_on_probation()


def test_who_confirms_is_told_of_orphans_once_too(bench: Bench) -> None:
    bench.run()
    orphan = "An earlier request had led to the certificate 0A, which nobody uses."
    bench.lie = lying("inspect", notices=[orphan])
    for state in ("confirmed", "present"):
        bench.run(state=state)
        assert bench.steps == ["inspect", "acknowledge"]
        assert [order["confirms"] for order in bench.ordered("acknowledge")[0]] == [False]


def test_an_attempt_that_nothing_came_of_is_sent_again_with_its_key(
    bench: Bench, atlas: Atlas
) -> None:
    atlas.refuse = refusing("www.example.com", api_error(None, "unknown", "It broke."))
    bench.run()
    end = bench.record()["attempt"]["not_after"]
    atlas.refuse = lambda _body: None
    result = bench.run()
    assert "failed" not in result
    assert len(atlas.named("request")) == 1
    assert certificates.not_after(bench.leaf()) == end
    assert [order[0]["anew"] for order in bench.ordered("prepare")] == [False]


def test_an_attempt_of_another_account_is_given_up(bench: Bench, atlas: Atlas) -> None:
    atlas.refuse = refusing("www.example.com", api_error(None, "unknown", "It broke."))
    bench.run(api_key="one")
    atlas.refuse = lambda _body: None
    result = bench.run(api_key="two")
    assert result["warnings"] == [
        f"{bench.folder}/cert.pem: A request that was begun with other credentials was not found"
        " with these; it is given up, and what was issued for it, if anything, is not used."
    ]
    assert len(atlas.leaves) == 1


def test_where_no_other_attempt_can_be_begun_that_is_told(bench: Bench, atlas: Atlas) -> None:
    atlas.refuse = refusing("www.example.com", api_error(None, "unknown", "It broke."))
    bench.run(api_key="one")

    def before(step: str, _items: Items) -> None:
        if step == "prepare" and bench.steps.count("prepare") > 1:
            raise NodeLostError("ssh said no.")

    bench.before = before
    result = bench.run(api_key="two")
    assert (result["msg"], result["unreachable"]) == ("Nothing was asked for: ssh said no.", True)
    bench.before = lambda _step, _items: None
    bench.lie = lying("prepare", is_fresh=False, is_same_account=False)
    assert bench.run(api_key="two")["msg"] == (
        "An earlier request came to nothing; run the task again."
    )
    assert atlas.named("request") == []


def test_progress_goes_on_where_another_attempt_is_begun(bench: Bench, atlas: Atlas) -> None:
    atlas.refuse = refusing("n0.example.com", api_error(None, "unknown", "It broke."))
    items = bench.items(2)
    bench.run(certificates=items[:1], api_key="one")
    atlas.refuse = lambda _body: None
    bench.run(certificates=items, api_key="two")
    assert bench.progress == [(1, 2), (2, 2)]


def test_what_another_run_did_meanwhile_is_looked_at_again(bench: Bench, atlas: Atlas) -> None:
    bench.lie = lying("prepare", is_settled=True)
    result = bench.run()
    assert bench.steps == ["inspect", "prepare", "inspect"]
    assert result["msg"] == (
        "Another run was at work on it meanwhile, and it is still not as wanted"
        f" ({'; '.join(MISSING)}); run the task again."
    )
    assert atlas.named("request") == []
    bench.lie = lying("nothing")
    done = bench.run()
    assert done["changed"]

    def lie(step: str, answers: Items) -> Items:
        is_first = step == "inspect" and bench.steps.count("inspect") == 1
        return (
            [{**answer, "reasons": ["expired: x"]} for answer in answers] if is_first else answers
        )

    bench.lie = lie
    settled = bench.run()
    assert ("failed" in settled, settled["changed"]) == (False, False)
    assert bench.steps == ["inspect", "prepare", "inspect"]
    assert entry_of(settled)["serial_number"] == bench.serial()


def test_a_node_that_answers_nonsense_does_not_lose_what_was_done(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task, "MOST_IN_A_ROUND", 1)

    def lie(step: str, answers: Items) -> Items:
        if step == "prepare" and bench.steps.count("prepare") == 2:
            return [{**answer, "not_after": 10**30} for answer in answers]
        return answers

    bench.lie = lie
    result = bench.run(certificates=bench.items(2))
    assert [entry["changed"] for entry in result["certificates"]] == [True, False]
    assert entry_of(result, 1)["msg"].startswith(
        "Nothing was asked for: The node's answer is not what atlas_certificate_node sends"
    )


def test_force_is_no_reason_to_complain_of_another_run(bench: Bench) -> None:
    bench.lie = lying("prepare", is_settled=True)
    assert "failed" not in bench.run(force=True)


# Two clocks


def clock_notice(skew: str) -> str:
    return (
        f"The clock of the controller is {skew} that of Atlas. What is due is judged by the clock"
        " of Atlas; set that of the controller right."
    )


def test_a_clock_that_is_ahead_buys_nothing_that_is_not_due(bench: Bench, atlas: Atlas) -> None:
    bench.run()
    bench.skew = 80 * DAY
    result = bench.run()
    assert (result["changed"], result["warnings"]) == (False, [clock_notice("80 days ahead of")])
    assert bench.steps == ["inspect", "inspect"]
    assert [items[0]["now"] for items in bench.ordered("inspect")] == [NOW + 80 * DAY, NOW]
    assert [call[0] for call in atlas.calls] == ["open", "policy", "close"]
    assert entry_of(result)["remaining_days"] == 89
    assert entry_of(result)["reasons"] == []
    foretold = bench.run(check_mode=True)
    assert (foretold["changed"], len(foretold["warnings"])) == (False, 1)


@pytest.mark.parametrize(
    ("skew", "said"),
    [
        (300, ""),
        (301, "5 minutes ahead of"),
        (-301, "5 minutes behind"),
        (7200, "2 hours ahead of"),
        (-3 * DAY, "3 days behind"),
        (7199, "119 minutes ahead of"),
    ],
)
def test_by_how_much_a_clock_is_wrong(bench: Bench, skew: int, said: str) -> None:
    bench.skew = skew
    result = bench.run()
    assert result["changed"]
    assert result["warnings"] == ([clock_notice(said)] if said else [])
    assert bench.steps == ["inspect", *(["inspect"] if said else []), *ISSUING[1:]]


def test_what_goes_to_the_node_is_the_time_of_the_service(bench: Bench) -> None:
    bench.skew = 3600
    bench.run()
    (prepared,), (installed,) = bench.ordered("prepare")[0], bench.ordered("install")[0]
    assert (prepared["now"], installed["now"]) == (NOW, NOW)
    assert NOW < prepared["lease"]["until"] < NOW + 600


@pytest.mark.parametrize("skew", [3600, -3600])
def test_controllers_whose_clocks_differ_agree_on_a_lease(
    bench: Bench, atlas: Atlas, skew: int
) -> None:
    busy(bench, "elsewhere", "7:7")
    bench.skew = skew
    assert bench.run(read_timeout=300)["msg"].startswith("Another run on elsewhere (process 7:7)")
    assert len(atlas.leaves) == 1


def test_what_the_wrong_clock_hid_is_put_in_place(bench: Bench, atlas: Atlas) -> None:
    """A set that was kept has expired by the clock of the controller, and by no other."""
    bench.run(validate="sh -c 'exit 3'")
    (serial,) = atlas.leaves
    bench.skew = 100 * DAY
    result = bench.run()
    assert (result["changed"], bench.serial()) == (True, serial)
    assert (atlas.named("request"), len(atlas.leaves)) == ([], 1)


def test_what_is_known_to_be_revoked_is_due_by_any_clock(bench: Bench, atlas: Atlas) -> None:
    bench.run()
    old = bench.serial()
    atlas.statuses[old] = "REVOKED"
    bench.skew = 80 * DAY
    result = bench.run(check_revocation=True)
    assert result["warnings"] == [clock_notice("80 days ahead of")]
    assert entry_of(result)["reasons"] == [
        "revoked: the service says that the certificate was revoked"
    ]
    assert bench.serial() != old


def test_a_clock_that_is_behind_is_found_out_where_the_service_is_asked(
    bench: Bench, atlas: Atlas
) -> None:
    bench.run()
    atlas.now += 80 * DAY
    bench.skew = -80 * DAY
    assert not bench.run()["changed"]
    result = bench.run(check_revocation=True)
    assert entry_of(result)["reasons"] == ["expiring: 9 days remain, renew_before is auto"]
    assert (result["changed"], bench.steps) == (True, ["inspect", *ISSUING])


# Claims and quota


def uncovered(atlas: Atlas, *covered: str) -> None:
    atlas.claims = [
        Claim("01", domain, "VERIFIED", 0, None, None, None, "DNS", ()) for domain in covered
    ]


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_name_without_a_claim_is_told_before_anything_is_spent(
    bench: Bench, atlas: Atlas, check_mode: bool
) -> None:
    uncovered(atlas, "n1.example.com")
    result = bench.run(check_mode, certificates=bench.items(2))
    assert entry_of(result)["msg"] == (
        "san.dns_names: there is no verified claim that covers n0.example.com; claim and verify the"
        " domain, for example with atlas_domain_claim."
    )
    told = [entry.get("uncovered") for entry in result["certificates"]]
    assert told == [["n0.example.com"] if check_mode else None, None]
    assert [entry["changed"] for entry in result["certificates"]] == [False, True]
    assert atlas.named("claims") == [("claims", False), ("claims", True)]
    assert atlas.named("left") == [("left", 1, not check_mode)]
    assert atlas.named("request") == ([] if check_mode else [("request", "n1.example.com")])
    assert bench.record_if_any("n0-") is None


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_quota_that_is_used_up_is_told_before_anything_is_spent(
    bench: Bench, atlas: Atlas, check_mode: bool
) -> None:
    atlas.left = 1
    result = bench.run(check_mode, certificates=bench.items(2))
    assert entry_of(result, 1)["msg"] == (
        "quota: 2 certificates are due and 1 are left in the account's quota, which is not enough"
        " for this one; nothing was asked for. Order more in the Atlas portal."
    )
    assert [entry["changed"] for entry in result["certificates"]] == [True, False]
    assert len(atlas.named("request")) == (0 if check_mode else 1)


def test_what_was_issued_before_needs_neither_claim_nor_quota(bench: Bench, atlas: Atlas) -> None:
    bench.before = failing("install", NodeLostError("gone"))
    bench.run()
    (serial,) = atlas.leaves
    bench.before = lambda _step, _items: None
    uncovered(atlas, "elsewhere.example")
    atlas.left = 0
    result = bench.run()
    assert ("failed" in result, bench.serial()) == (False, serial)


def test_claims_and_quota_that_are_not_told_stop_nothing(bench: Bench, atlas: Atlas) -> None:
    atlas.claims = atlas.left = None
    assert bench.run()["changed"]


# What the service returned


def test_what_is_of_no_use_replaces_nothing_and_is_not_bought_again(
    bench: Bench, atlas: Atlas
) -> None:
    bench.run()
    before = bench.content("cert.pem")
    atlas.answer = lambda issued: replace(issued, status="REVOKED")
    atlas.now += 80 * DAY
    result = bench.run()
    (serial,) = (each for each in atlas.leaves if each != bench.serial())
    (order,) = bench.ordered("install")[0]
    assert (order["action"], order["serial"]) == ("reject", serial)
    assert order["certificate"] == certificates.certificate_pem(atlas.leaves[serial])
    assert order["failure"] == "it has the status REVOKED at Atlas"
    assert result["msg"].startswith(f"The certificate with the serial number {serial}, which Atlas")
    assert (result["changed"], bench.content("cert.pem")) == (False, before)
    atlas.answer = lambda issued: issued
    again = bench.run()
    assert again["msg"] == (
        f"Atlas issued {serial} for this request, and it cannot be used: it has the status REVOKED"
        " at Atlas. Nothing is requested again for the same until the task says force: true."
    )
    assert (bench.steps, atlas.calls) == (["inspect"], [])
    assert "failed" not in bench.run(force=True)
    assert len(atlas.leaves) == 3


def test_what_is_not_valid_yet_is_put_in_place_when_it_is(bench: Bench, atlas: Atlas) -> None:
    begins = iso_time(NOW + 100)
    result = bench.run(not_before=begins)
    (serial,) = atlas.leaves
    assert [order["action"] for order in bench.ordered("install")[0]] == ["keep"]
    assert f"is not valid before {begins}" in result["msg"]
    early = bench.run(not_before=begins)
    assert f"it is not valid before {begins}" in early["msg"]
    assert (early["changed"], atlas.calls) == (False, [])
    atlas.now += 100
    done = bench.run(not_before=begins)
    assert (done["changed"], bench.serial(), atlas.calls) == (True, serial, [])


# Acknowledging


def test_what_is_to_be_confirmed_later_is_new_until_then(bench: Bench, atlas: Atlas) -> None:
    result = bench.run(acknowledge="later")
    assert (result["changed"], bench.steps) == (True, ["inspect", "prepare", "install"])
    assert bench.is_on_probation()
    again = bench.run(acknowledge="later")
    assert (again["changed"], bench.steps) == (True, ["inspect"])
    assert entry_of(again)["repairs"] == [UNACKNOWLEDGED]
    assert entry_of(again)["reasons"] == []
    foretold = bench.run(state="confirmed", check_mode=True)
    assert (foretold["changed"], bench.steps) == (True, ["inspect"])
    confirmed = bench.run(state="confirmed")
    assert (confirmed["changed"], bench.steps) == (True, ["inspect", "acknowledge"])
    assert bench.ordered("acknowledge")[0][0]["nonce"] == "nonce-4"
    assert not bench.is_on_probation()
    assert not bench.run(state="confirmed")["changed"]
    assert (bench.steps, atlas.calls) == (["inspect"], [])


def test_a_run_that_did_not_come_to_its_end_is_acknowledged_by_the_next(bench: Bench) -> None:
    bench.before = failing("acknowledge", NodeLostError("gone"))
    bench.run()
    bench.before = lambda _step, _items: None
    result = bench.run()
    assert (result["changed"], bench.steps) == (True, ["inspect", "acknowledge"])
    assert not bench.run()["changed"]


def test_what_failed_is_not_acknowledged(bench: Bench) -> None:
    bench.run(acknowledge="later")
    result = bench.run(allowed_names=[])
    assert (result["failed"], result["changed"], bench.steps) == (True, False, ["inspect"])


def test_an_acknowledgement_that_fails_is_an_error(bench: Bench) -> None:
    bench.lie = lying("acknowledge", obstacle="the folder is gone.")
    result = bench.run()
    assert (result["msg"], result["changed"]) == ("the folder is gone.", True)


def test_what_is_untidy_is_cleared_away_silently(bench: Bench) -> None:
    bench.run()
    bench.lie = lying("inspect", is_untidy=True)
    result = bench.run()
    assert (result["changed"], bench.steps) == (False, ["inspect", "acknowledge"])
    bench.run(acknowledge="later")
    assert bench.steps == ["inspect"]


def test_switching_back_and_forth(bench: Bench, atlas: Atlas) -> None:
    bench.run()
    old = bench.serial()
    bench.run(force=True, acknowledge="later")
    new = bench.serial()
    foretold = bench.run(state="previous", check_mode=True)
    assert (foretold["changed"], bench.steps, bench.serial()) == (True, ["inspect"], new)
    result = bench.run(state="previous")
    assert (result["changed"], bench.serial()) == (True, old)
    assert bench.steps == ["inspect", "previous", "inspect"]
    assert entry_of(result)["serial_number"] == old
    assert entry_of(result)["reasons"] == []
    assert f"serial_number: {new}\n" in result["diff"][0]["before"]
    assert f"serial_number: {old}\n" in result["diff"][0]["after"]
    assert not bench.run(state="previous")["changed"]
    assert bench.steps == ["inspect"]
    assert bench.run()["changed"]
    assert (bench.serial(), atlas.calls) == (new, [])


def test_a_switch_back_that_fails_is_an_error(bench: Bench) -> None:
    bench.run(acknowledge="later")
    bench.lie = lying("previous", obstacle="it is gone.")
    assert bench.run(state="previous")["msg"] == "it is gone."


def test_an_obstacle_to_new_files_is_none_where_no_files_are_written(bench: Bench) -> None:
    bench.run(acknowledge="later")
    bench.lie = lying("inspect", obstacle="no way")
    assert bench.run()["msg"] == "no way"
    assert "failed" not in bench.run(state="confirmed")
    assert not bench.is_on_probation()


# Revoking


REVOKED = {"state": "revoked", "revocation_reason": "cessationOfOperation", "allow_live": True}


def test_what_is_served_is_not_revoked_by_accident(bench: Bench, atlas: Atlas) -> None:
    bench.run()
    result = bench.run(**{**REVOKED, "allow_live": False})
    assert result["msg"].startswith("allow_live: the files stay in place")
    assert (result["changed"], bench.steps, atlas.calls) == (False, ["inspect"], [])


def test_revoking_what_is_deployed(bench: Bench, atlas: Atlas) -> None:
    bench.run()
    serial = bench.serial()
    foretold = bench.run(check_mode=True, **REVOKED)
    assert (foretold["changed"], entry_of(foretold)["revoked"]) == (True, [serial])
    assert [call[0] for call in atlas.calls] == ["open", "certificate", "close"]
    assert bench.steps == ["inspect", "prove"]
    result = bench.run(**REVOKED)
    assert (result["changed"], entry_of(result)["revoked"]) == (True, [serial])
    assert bench.steps == ["inspect", "prove", "revoked"]
    assert bench.ordered("prove")[0][0]["nonce"] == "nonce-3"
    order = bench.ordered("revoked")[0][0]
    assert (order["serials"], order["nonce"], order["why"]) == ([serial], "nonce-3", "")
    assert atlas.calls == [
        ("open",),
        ("certificate", serial),
        ("revoke", serial, "cessationOfOperation", None, None),
        ("certificate", serial),
        ("close",),
    ]
    assert result["diff"][0]["after"].endswith("revoked: yes\n")
    assert bench.record()["revoked"] == [serial]
    again = bench.run(**REVOKED)
    assert (again["changed"], entry_of(again)["revoked"]) == (False, [])
    assert atlas.named("revoke") == []


def test_revoking_a_compromised_key_goes_with_a_proof(bench: Bench, atlas: Atlas) -> None:
    bench.run()
    key = certificates.to_library(bench.leaf()).public_key()
    bench.run(
        **{**REVOKED, "revocation_reason": "keyCompromise"}, compromised_at="2026-12-24T00:00:00Z"
    )
    ((_name, serial, reason, moment, request),) = atlas.named("revoke")
    assert (serial, reason, moment) == (bench.serial(), "keyCompromise", 1798070400)
    assert keys.signing_request_proves(key, request)


def test_what_is_revoked_is_due(bench: Bench, atlas: Atlas) -> None:
    bench.run()
    old = bench.serial()
    bench.run(**REVOKED)
    result = bench.run()
    assert entry_of(result)["reasons"] == [
        "revoked: the certificate was revoked by a task of this collection"
    ]
    assert bench.serial() != old


def test_revoking_fails_where_the_node_has_no_key(bench: Bench, atlas: Atlas) -> None:
    bench.run()
    (bench.folder / "key.pem").unlink()
    result = bench.run(**REVOKED)
    assert result["msg"] == (
        f"{bench.folder}/cert.pem: the private key of the certificate {bench.serial()} is not on"
        " the node, so nobody can show that it is the node's own; revoke it in the Atlas portal."
    )
    assert (bench.steps, atlas.calls) == (["inspect", "prove"], [])


@pytest.mark.parametrize("count", [0, 2])
def test_a_node_names_one_certificate_to_be_revoked(bench: Bench, atlas: Atlas, count: int) -> None:
    bench.run()

    def lie(step: str, answers: Items) -> Items:
        if step == "prove":
            return [{**answer, "superseded": answer["superseded"] * count} for answer in answers]
        return answers

    bench.lie = lie
    result = bench.run(**REVOKED)
    assert result["msg"] == "The node did not say which certificate is to be revoked."
    assert atlas.calls == []


def test_one_that_cannot_be_revoked_stops_only_its_own(bench: Bench, atlas: Atlas) -> None:
    items = bench.items(2)
    bench.run(certificates=items)
    serials = [bench.serial("n0-"), bench.serial("n1-")]
    items[0]["san"] = {"dns_names": ["other.example.com"]}
    result = bench.run(certificates=items, **REVOKED)
    assert [entry["revoked"] for entry in result["certificates"]] == [[], [serials[1]]]
    assert entry_of(result)["msg"].startswith(
        f"The certificate {serials[0]} is not for the names and the subject of this task"
    )
    assert [call[1] for call in atlas.named("revoke")] == [serials[1]]


def test_a_revocation_that_cannot_be_recorded_is_an_error(bench: Bench) -> None:
    bench.run()
    bench.lie = lying("revoked", obstacle="the disk is full.")
    result = bench.run(**REVOKED)
    assert (result["msg"], result["changed"]) == ("the disk is full.", True)


def test_what_was_superseded_is_revoked(bench: Bench, atlas: Atlas) -> None:
    bench.options = {"revoke_superseded": True}
    bench.run()
    old = bench.serial()
    foretold = bench.run(force=True, check_mode=True)
    assert entry_of(foretold)["revoked"] == [old]
    assert entry_of(bench.run(force=True, check_mode=True, acknowledge="later"))["revoked"] == []
    result = bench.run(force=True)
    assert entry_of(result)["revoked"] == [old]
    assert atlas.named("revoke") == [("revoke", old, "superseded", None, None)]
    assert bench.steps == [*ISSUING, "revoked"]
    assert bench.ordered("revoked")[0][0]["serials"] == [old]
    assert [call[0] for call in atlas.calls].count("open") == 1
    assert (bench.record()["superseded"], bench.record()["revoked"]) == ({}, [])
    assert not bench.run()["changed"]


def test_what_was_superseded_is_not_revoked_unless_that_is_stated(
    bench: Bench, atlas: Atlas
) -> None:
    bench.run()
    bench.run(force=True)
    assert (bench.steps, atlas.named("revoke")) == (ISSUING, [])


def test_a_revocation_that_fails_is_a_warning_and_tried_again(bench: Bench, atlas: Atlas) -> None:
    bench.options = {"revoke_superseded": True, "revocation_reason": "privilegeWithdrawn"}
    bench.run()
    old = bench.serial()
    atlas.failing = {"revoke": api_error(500, "unknown", "It is down.")}
    result = bench.run(force=True)
    assert result["warnings"] == [f"{bench.folder}/cert.pem: {old} is not revoked yet: It is down."]
    assert ("failed" in result, entry_of(result)["revoked"]) == (False, [])
    assert bench.steps == ISSUING
    assert list(bench.record()["superseded"]) == [old]
    foretold = bench.run(check_mode=True)
    assert (foretold["changed"], entry_of(foretold)["revoked"]) == (True, [old])
    atlas.failing = {}
    again = bench.run(acknowledge="later")
    assert (again["changed"], entry_of(again)["revoked"]) == (True, [old])
    assert bench.steps == ["inspect", "acknowledge", "revoked"]
    assert [call[0] for call in atlas.calls] == [
        "open",
        "certificate",
        "revoke",
        "certificate",
        "close",
    ]
    assert atlas.named("revoke")[0][2] == "privilegeWithdrawn"


def test_what_was_superseded_is_revoked_once_its_successor_is_confirmed(
    bench: Bench, atlas: Atlas
) -> None:
    bench.options = {"revoke_superseded": True}
    bench.run()
    old = bench.serial()
    bench.run(force=True, acknowledge="later")
    assert atlas.named("revoke") == []
    bench.run(acknowledge="later")
    assert (bench.steps, atlas.named("revoke")) == (["inspect"], [])
    foretold = bench.run(state="confirmed", check_mode=True)
    assert (foretold["changed"], entry_of(foretold)["revoked"]) == (True, [old])
    result = bench.run(state="confirmed")
    assert (result["changed"], entry_of(result)["revoked"]) == (True, [old])
    assert [call[1] for call in atlas.named("revoke")] == [old]


def test_what_the_service_says_of_revocation(bench: Bench, atlas: Atlas) -> None:
    bench.run(privatekey_rotation="never")
    old, key = bench.serial(), bench.content("key.pem")
    unrevoked = bench.run(check_revocation=True)
    assert not unrevoked["changed"]
    assert atlas.calls == [("open",), ("certificate", old), ("close",)]
    atlas.statuses[old] = "REVOKED"
    assert not bench.run()["changed"]
    foretold = bench.run(check_mode=True, check_revocation=True, privatekey_rotation="never")
    assert "key: ECDSA 256, new\n" in foretold["diff"][0]["after"]
    result = bench.run(check_revocation=True, privatekey_rotation="never")
    assert entry_of(result)["reasons"] == [
        "revoked: the service says that the certificate was revoked"
    ]
    assert result["changed"]
    order = bench.ordered("prepare")[0][0]
    assert (order["is_due"], order["new_key"]) == (True, True)
    assert bench.content("key.pem") != key


def test_where_the_service_does_not_say_what_is_revoked(bench: Bench, atlas: Atlas) -> None:
    bench.run()
    atlas.failing = {"certificate": api_error(500, "unknown", "It is down.")}
    result = bench.run(check_revocation=True)
    assert result["warnings"] == [
        f"Whether {bench.serial()} was revoked could not be found out: It is down."
    ]
    assert ("failed" in result, result["changed"]) == (False, False)


def test_what_is_not_there_is_not_asked_about(bench: Bench, atlas: Atlas) -> None:
    bench.run(certificates=bench.items(1))
    bench.run(certificates=bench.items(2), check_revocation=True, check_mode=True)
    assert [call[:2] for call in atlas.calls] == [
        ("open",),
        ("certificate", bench.serial("n0-")),
        ("policy",),
        ("claims", False),
        ("left", 1),
        ("close",),
    ]
    bench.run(check_revocation=True, check_mode=True, subject={"country": "NL"})
    assert atlas.named("certificate") == []


# Another key for the same certificate


def test_a_rekey_where_only_the_key_differs(bench: Bench, atlas: Atlas) -> None:
    bench.run()
    old = bench.serial()
    end = certificates.not_after(bench.leaf())
    result = bench.run(rekey=True, privatekey_size=384)
    assert atlas.named("rekey", "request") == [("rekey", old, True, {})]
    assert certificates.not_after(bench.leaf()) == end
    assert bench.ordered("prepare")[0][0]["not_after"] == end
    assert entry_of(result)["key"] == "ECDSA 384"
    bench.run(rekey=True, privatekey_size=384, san={"dns_names": ["other.example.com"]})
    assert atlas.named("rekey", "request") == [("request", "other.example.com")]


# state: absent


def test_removing(bench: Bench, atlas: Atlas) -> None:
    bench.run()
    (record,) = (bench.folder.parent / "state").glob("*-cert.pem-*.json")
    gone = [f"{bench.folder}/cert.pem", str(record)]
    foretold = bench.run(state="absent", check_mode=True)
    assert (foretold["changed"], entry_of(foretold)["removed"]) == (True, gone)
    assert (bench.names(), bench.steps) == (["cert.pem", "key.pem"], ["remove"])
    result = bench.run(state="absent")
    assert (result["changed"], entry_of(result)["removed"]) == (True, gone)
    assert (bench.names(), bench.steps, atlas.calls) == (["key.pem"], ["remove"], [])
    order = bench.ordered("remove")[0][0]
    assert {name: value for name, value in order.items() if name != "wanted"} == {
        "removes_key": False,
        "now": 0,
        "breaks": "",
    }
    assert not bench.run(state="absent")["changed"]
    key = bench.run(state="absent", remove_privatekey=True)
    assert entry_of(key)["removed"] == [f"{bench.folder}/key.pem"]
    assert list(bench.folder.iterdir()) == []


def test_removing_tells_of_requests_that_are_open(bench: Bench, atlas: Atlas) -> None:
    bench.before = failing("install", NodeLostError("gone"))
    bench.run()
    bench.before = lambda _step, _items: None
    bench.process = "1:1"
    end = iso_time(bench.record()["attempt"]["not_after"])
    result = bench.run(state="absent")
    assert result["warnings"] == [
        f"{bench.folder}/cert.pem: A request was begun and its outcome is not known; Atlas may have"
        f" issued a certificate for it, which ends on {end} and nobody uses."
    ]


def held(step: str, times: int, **holder: str) -> Callable[[str, Items], Items]:
    """Another run is at it, so many times."""
    until = NOW + 9999
    lease = {"run": "other", "controller": "elsewhere", "process": "7:7", "until": until, **holder}
    left = [times]

    def lie(asked: str, answers: Items) -> Items:
        if asked != step or left[0] == 0:
            return answers
        left[0] -= 1
        return [{**answer, "busy": lease, "removed_files": []} for answer in answers]

    return lie


def test_what_another_run_is_at_is_not_removed_under_it(bench: Bench, atlas: Atlas) -> None:
    bench.lie = held("remove", 3)
    assert "failed" not in bench.run(state="absent")
    assert (bench.steps, atlas.now) == (["remove"] * 4, NOW + 6)
    bench.lie = held("remove", 999)
    assert bench.run(state="absent")["msg"] == (
        "Another run on elsewhere (process 7:7) has been at work on this certificate for longer"
        " than 180 seconds; wait for it, and run the task again."
    )


def test_a_run_that_is_gone_is_not_waited_for_before_removing(bench: Bench, atlas: Atlas) -> None:
    bench.lie = held("remove", 1, controller="controller", process="99999999:1")
    assert "failed" not in bench.run(state="absent")
    assert [items[0]["breaks"] for items in bench.ordered("remove")] == ["", "other"]
    assert atlas.now == NOW


def test_a_removal_that_fails_is_an_error(bench: Bench) -> None:
    bench.run()
    bench.lie = lying("remove", obstacle="it is busy.", removed_files=[])
    assert bench.run(state="absent")["msg"] == "it is busy."


# What cuts a run short, and what is left over


class Interrupting(list):  # type: ignore[type-arg]
    """Whoever tells how far it is gets interrupted."""

    def append(self, _progress: object) -> None:
        raise KeyboardInterrupt


def test_what_was_issued_is_put_in_place_when_the_run_is_interrupted(
    bench: Bench, atlas: Atlas
) -> None:
    bench.progress = Interrupting()
    with pytest.raises(KeyboardInterrupt):
        bench.run(certificates=bench.items(2))
    assert bench.steps == ["inspect", "prepare", "install"]
    actions = {order["action"] for order in bench.ordered("install")[0]}
    assert bench.ordered("install")[0][0]["action"] == "install"
    assert actions <= {"install", "unknown", "close"}
    assert bench.serial("n0-") in atlas.leaves
    bench.progress = []
    result = bench.run(certificates=bench.items(2))
    assert "failed" not in result
    assert len(atlas.leaves) == 2


def test_a_chain_that_does_not_match_is_told_by_the_node(
    bench: Bench, atlas: Atlas, other_hierarchy: Any
) -> None:
    atlas.trust_chain = lambda: other_hierarchy.chain  # type: ignore[method-assign]
    result = bench.run()
    (serial,) = atlas.leaves
    assert result["msg"] == (
        f"the certificate with the serial number {serial} was not signed by an issuer of the trust"
        " chain; nothing was replaced."
    )
    assert bench.record()["attempt"]["lease"] is None


def test_how_many_may_be_looked_through_is_what_the_task_says(bench: Bench, atlas: Atlas) -> None:
    key = keys.generate(keys.KeyKind("ECDSA", 256)).public_key()
    for _each in range(2):
        atlas.add(atlas.hierarchy.issuing.issue(key, not_before=NOW))
    atlas.refuse = refusing("www.example.com", api_error(None, "acted"))
    assert "raise lookup_max" in bench.run(lookup_max=1)["msg"]
    atlas.refuse = lambda _body: None
    assert "failed" not in bench.run(lookup_max=2)


def test_what_may_not_be_asked_for_is_not_asked_about(bench: Bench, atlas: Atlas) -> None:
    bench.run()
    result = bench.run(check_revocation=True, allowed_names=[])
    assert (result["failed"], atlas.named("certificate")) == (True, [])


def test_only_the_revoked_one_is_replaced(bench: Bench, atlas: Atlas) -> None:
    items = bench.items(2)
    bench.run(certificates=items)
    serials = [bench.serial("n0-"), bench.serial("n1-")]
    atlas.statuses[serials[1]] = "REVOKED"
    bench.run(certificates=items, check_revocation=True)
    assert bench.serial("n0-") == serials[0]
    assert bench.serial("n1-") != serials[1]


def test_what_is_queued_is_revoked_only_while_that_is_stated(bench: Bench, atlas: Atlas) -> None:
    bench.run()
    old = bench.serial()
    atlas.failing = {"revoke": api_error(500, "unknown", "It is down.")}
    bench.run(force=True, revoke_superseded=True)
    atlas.failing = {}
    assert not bench.run()["changed"]
    assert bench.steps == ["inspect"]
    bench.run(force=True)
    assert (bench.steps, atlas.named("revoke")) == (ISSUING, [])
    assert not bench.run(state="confirmed")["changed"]
    assert bench.steps == ["inspect"]
    assert entry_of(bench.run(state="confirmed", revoke_superseded=True))["revoked"] == [old]


def test_what_was_cut_off_is_switched_back_or_told_to_be_finished(bench: Bench) -> None:
    bench.run()
    bench.lie = lying("inspect", is_cut_off=True)
    assert bench.run(state="previous", check_mode=True)["changed"]
    assert bench.steps == ["inspect"]
    assert not bench.run(state="previous")["changed"]
    assert bench.steps == ["inspect", "previous", "inspect"]
    bench.run(state="confirmed")
    assert bench.steps == ["inspect", "acknowledge"]
