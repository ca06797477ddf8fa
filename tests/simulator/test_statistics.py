# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Statistics, counters, quota (API reference, sections 2.9 to 2.11 and 6)."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from cryptography import x509

from .conftest import Answer, Simulator, good_request, running

DAY = 86400


@pytest.fixture
def counted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """A simulator of which nothing was asked yet."""
    arguments = ("--verified", "quillon.example", "--control", "127.0.0.1:0")
    with running(tmp_path_factory.mktemp("counted"), *arguments) as started:
        yield started


def serials(answer: Answer) -> list[str]:
    assert answer.status == 200
    assert int(answer.headers["Total-Count"]) >= len(answer.document)
    return [entry["serial_number"] for entry in answer.document]


def end_of(certificate: x509.Certificate) -> int:
    return int(certificate.not_valid_after_utc.timestamp())


def move(simulator: Simulator, seconds: int) -> int:
    """Move the clock; the time that it is then."""
    now: int = simulator.control("POST", "/clock", {"move": seconds})["now"]
    simulator.renew_token()
    return now


def test_lists_are_by_the_time_of_what_they_list(counted: Simulator) -> None:
    first = counted.issue()
    start = move(counted, 20 * DAY)
    second = counted.issue(good_request(validity={"not_before": start}))
    counted.send("PATCH", f"/certificates/{first}", {"revocation_reason": "superseded"})

    assert serials(counted.send("GET", "/stats/issued")) == [second]
    window = f"?from={start - 25 * DAY}&to={start + 60}"
    assert serials(counted.send("GET", f"/stats/issued{window}")) == [first, second]
    assert serials(counted.send("GET", "/stats/revoked")) == [first]
    assert serials(counted.send("GET", "/stats/expiring")) == []
    ends = [
        int(counted.certificate(each).not_valid_after_utc.timestamp()) for each in (first, second)
    ]
    for serial, end in zip((first, second), ends):
        assert serials(counted.send("GET", f"/stats/expiring?from={end}&to={end}")) == [serial]
    assert serials(counted.send("GET", f"/stats/expiring?from={ends[0]}&to={ends[1]}")) == [
        first,
        second,
    ]
    counters = [
        counted.send("GET", f"/counters/certificates/{kind}") for kind in ("issued", "revoked")
    ]
    assert [answer.document for answer in counters] == [{"value": 2}, {"value": 1}]


def test_where_a_window_begins_and_ends(counted: Simulator) -> None:
    serial = counted.issue()
    issued = counted.send("GET", f"/certificates/{serial}").document["updated_at"]
    end = end_of(counted.certificate(serial))
    move(counted, 590)
    assert serials(counted.send("GET", "/stats/issued")) == [serial]
    move(counted, 30)
    assert serials(counted.send("GET", "/stats/issued")) == []
    windows = {
        "issued": {
            f"from={issued}": True,
            f"from={issued + 1}": False,
            f"from={issued}&to={issued}": True,
            f"from={issued - 9}&to={issued - 1}": False,
            f"to={issued}": True,
            f"to={issued - 1}": False,
            f"to={issued + 600}": True,
            f"to={issued + 601}": False,
        },
        "expiring": {
            "": False,
            f"from={end}": True,
            f"from={end + 1}": False,
            f"from={end - 30 * DAY}": True,
            f"from={end - 30 * DAY - 1}": False,
            f"to={end}": True,
            f"to={end - 1}": False,
            f"to={end + 600}": True,
            f"to={end + 601}": False,
        },
    }
    for kind, cases in windows.items():
        for query, is_listed in cases.items():
            found = serials(counted.send("GET", f"/stats/{kind}?{query}"))
            assert found == ([serial] if is_listed else []), (kind, query)


def test_an_entry_tells_serial_number_and_validity(counted: Simulator) -> None:
    now = int(time.time())
    serial = counted.issue(good_request(validity={"not_before": now, "not_after": now + DAY}))
    answer = counted.send("GET", "/stats/issued")
    assert answer.document == [{"serial_number": serial, "not_before": now, "not_after": now + DAY}]


def test_pages(counted: Simulator) -> None:
    issued = [counted.issue() for _each in range(5)]
    found: list[str] = []
    for page in range(1, 5):
        answer = counted.send("GET", f"/stats/issued?page={page}&per_page=2")
        assert answer.headers["Total-Count"] == "5"
        assert ('rel="next"' in answer.headers["Links"]) == (page < 3)
        found += serials(answer)
    assert found == issued
    assert '</stats/issued?page=3>; rel="last"' in answer.headers["Links"]


@pytest.mark.parametrize("kind", ["issued", "revoked", "expiring"])
@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("page=0", "page: invalid value"),
        ("per_page=101", "per_page: must be between 1 and 100"),
        ("from=1000&to=2593001", "to: time window exceeding max of 30 days"),
        ("from=yesterday", "from: invalid value"),
        ("to=1.5", "to: invalid value"),
        ("from=2000&to=1000", "to: invalid value"),
    ],
)
def test_a_bad_query_is_refused(simulator: Simulator, kind: str, query: str, text: str) -> None:
    answer = simulator.send("GET", f"/stats/{kind}?{query}")
    assert (answer.status, answer.description) == (422, text)


@pytest.mark.parametrize("kind", ["issued", "revoked", "expiring"])
@pytest.mark.parametrize("query", ["from=1000&to=2593000", "from=0&to=0", "to=4000000000"])
def test_a_window_of_thirty_days_is_accepted(simulator: Simulator, kind: str, query: str) -> None:
    assert serials(simulator.send("GET", f"/stats/{kind}?{query}")) == []


def test_lists_can_lag(counted: Simulator) -> None:
    counted.control("POST", "/settings", {"statistics_delay": 60})
    serial = counted.issue()
    assert serials(counted.send("GET", "/stats/issued")) == []
    move(counted, 61)
    assert serials(counted.send("GET", "/stats/issued")) == [serial]


@pytest.mark.parametrize("pending", [False, True])
def test_lists_can_tell_of_what_is_pending(counted: Simulator, pending: bool) -> None:
    counted.control("POST", "/settings", {"issuance_delay": 60, "statistics_pending": pending})
    serial = counted.issue()
    assert counted.send("GET", f"/certificates/{serial}").status == 202
    assert serials(counted.send("GET", "/stats/issued")) == ([serial] if pending else [])
    move(counted, 61)
    read = counted.send("GET", f"/certificates/{serial}")
    (entry,) = counted.control("GET", "/ledger")
    assert (read.status, read.document["updated_at"]) == (200, entry["accepted_at"] + 60)
    assert serials(counted.send("GET", "/stats/issued")) == [serial]


def test_what_the_backend_refuses_is_in_no_list(counted: Simulator) -> None:
    counted.control("POST", "/settings", {"refuse_later": True})
    serial = counted.issue()
    answer = counted.send("GET", f"/certificates/{serial}")
    assert (answer.status, answer.description) == (422, "CA validation error")
    assert serials(counted.send("GET", "/stats/issued")) == []
    end = counted.control("GET", "/ledger")[0]["not_after"]
    assert serials(counted.send("GET", f"/stats/expiring?from={end}")) == []
    assert counted.send("GET", "/counters/certificates/issued").document == {"value": 0}


@pytest.mark.parametrize(("counted_at", "left"), [("accepted", 999_999), ("issued", 1_000_000)])
def test_quota_is_counted_at_acceptance_or_at_issue(
    counted: Simulator, counted_at: str, left: int
) -> None:
    settings = {"quota_counted": counted_at, "issuance_delay": 60}
    counted.control("POST", "/settings", settings)
    counted.issue()
    assert counted.send("GET", "/quotas/issuance").document == {"value": left}
    move(counted, 61)
    assert counted.send("GET", "/quotas/issuance").document == {"value": 999_999}


def test_what_the_backend_refuses_may_cost_nothing(counted: Simulator) -> None:
    counted.control("POST", "/settings", {"quota_counted": "issued", "refuse_later": True})
    counted.issue()
    assert counted.send("GET", "/quotas/issuance").document == {"value": 1_000_000}


def test_revocations_can_lag_too(counted: Simulator) -> None:
    counted.control("POST", "/settings", {"statistics_delay": 60})
    serial = counted.issue()
    counted.send("DELETE", f"/certificates/{serial}")
    assert serials(counted.send("GET", "/stats/revoked")) == []
    move(counted, 61)
    assert serials(counted.send("GET", "/stats/revoked")) == [serial]


def test_lists_are_in_the_order_of_their_times(counted: Simulator) -> None:
    now = int(time.time())
    ends = (now + 3 * DAY, now + DAY, now + 2 * DAY)
    issued = [
        counted.issue(good_request(validity={"not_before": now, "not_after": end})) for end in ends
    ]
    assert serials(counted.send("GET", "/stats/issued")) == issued
    in_order = [issued[1], issued[2], issued[0]]
    path = f"/stats/expiring?from={now}&to={ends[0]}"
    assert serials(counted.send("GET", path)) == in_order
    assert serials(counted.send("GET", f"{path}&page=2&per_page=2")) == in_order[2:]
