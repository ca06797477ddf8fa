# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finding the certificate of a request whose answer was lost."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.exceptions import UnsupportedAlgorithm

from ansible_collections.globalsign.atlas.plugins.module_utils.api.client import SerialNumber
from ansible_collections.globalsign.atlas.plugins.module_utils.api.errors import ApiError
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.obtain.lookup import (
    Identity,
    LookUp,
    any_leaf,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import certificates, keys

from ..fake_atlas import DAY, NOW, Atlas
from .test_ownership import issued, with_text_around

END = NOW + 80 * DAY


def identity(key: Any, **changes: Any) -> Identity:
    members = {
        "key_digest": keys.public_key_digest(key.public_key()),
        "not_after": END,
        "known": frozenset(),
        "begun": NOW,
        "fits": any_leaf,
    }
    return Identity(**{**members, **changes})


def test_the_one_that_ends_in_just_this_second(atlas: Atlas, private_key: Any) -> None:
    serial = issued(atlas, private_key, not_after=END)
    issued(atlas, keys.generate(keys.KeyKind("ECDSA", 256)), not_after=END)
    found = LookUp(atlas, 0).find(identity(private_key), thoroughly=False)
    assert found is not None
    assert (found.serial, found.leaf) == (SerialNumber(serial), atlas.leaves[serial])
    assert found.issued.status == "ISSUED"
    assert atlas.calls == [("expiring", END - 1, END + 1), ("certificate", serial)]


def test_nothing_is_fetched_that_does_not_end_then(atlas: Atlas, private_key: Any) -> None:
    issued(atlas, private_key, not_after=END + 2)
    assert LookUp(atlas, 0).find(identity(private_key), thoroughly=False) is None
    assert atlas.calls == [("expiring", END - 1, END + 1)]


def test_one_that_the_ca_dated_otherwise_is_found_among_all(atlas: Atlas, private_key: Any) -> None:
    serial = issued(atlas, private_key, not_before=NOW, not_after=END - 999)
    found = LookUp(atlas, 1).find(identity(private_key), thoroughly=True)
    assert found is not None
    assert found.serial == SerialNumber(serial)
    assert atlas.calls == [
        ("expiring", END - 1, END + 1),
        ("issued", NOW - 300, NOW + 300),
        ("certificate", serial),
    ]


def test_where_the_service_decides_the_end_none_is_asked_for(
    atlas: Atlas, private_key: Any
) -> None:
    assert LookUp(atlas, 1).find(identity(private_key, not_after=0), thoroughly=False) is None
    assert atlas.calls == []


def test_it_looks_back_no_further_than_the_statistics_go(atlas: Atlas, private_key: Any) -> None:
    LookUp(atlas, 1).find(identity(private_key, begun=5), thoroughly=True)
    assert atlas.calls[-1] == ("issued", NOW - 400 * DAY, NOW + 300)


def test_one_of_another_key_or_known_before_is_not_it(atlas: Atlas, private_key: Any) -> None:
    issued(atlas, keys.generate(keys.KeyKind("ECDSA", 256)), not_after=END, not_before=NOW)
    known = issued(atlas, private_key, not_after=END, not_before=NOW)
    look_up = LookUp(atlas, 9)
    of_others = identity(private_key, known=frozenset([SerialNumber(known.lower().lstrip("0"))]))
    assert look_up.find(of_others, thoroughly=True) is None
    assert ("certificate", known) not in atlas.calls


@pytest.mark.parametrize("status", ["REVOKED", "SUSPENDED"])
def test_one_that_is_revoked_is_it_only_if_there_is_no_other(
    atlas: Atlas, private_key: Any, status: str
) -> None:
    revoked = issued(atlas, private_key, not_after=END, not_before=NOW)
    atlas.statuses[revoked] = status
    look_up = LookUp(atlas, 9)
    assert look_up.find(identity(private_key), thoroughly=False) is None
    found = look_up.find(identity(private_key), thoroughly=True)
    assert found is not None
    assert (found.serial, found.issued.status) == (SerialNumber(revoked), status)
    good = issued(atlas, private_key, not_after=END - 9, not_before=NOW)
    found = look_up.find(identity(private_key), thoroughly=True)
    assert found is not None
    assert (found.serial, found.issued.status) == (SerialNumber(good), "ISSUED")


@pytest.mark.parametrize(("status", "goes_on"), [(422, True), (400, True), (500, False)])
def test_where_the_window_is_refused_all_are_looked_through(
    atlas: Atlas, private_key: Any, status: int, goes_on: bool
) -> None:
    serial = issued(atlas, private_key, not_before=NOW, not_after=END)
    refused = ApiError("from: invalid value", method="GET", path="/stats/expiring", status=status)
    atlas.failing = {"expiring": refused}
    look_up = LookUp(atlas, 1)
    if not goes_on:
        with pytest.raises(ApiError, match="invalid value"):
            look_up.find(identity(private_key), thoroughly=True)
        return
    assert look_up.find(identity(private_key), thoroughly=False) is None
    found = look_up.find(identity(private_key), thoroughly=True)
    assert found is not None
    assert found.serial == SerialNumber(serial)


def test_a_beginning_that_lies_in_the_future_hides_nothing(atlas: Atlas, private_key: Any) -> None:
    serial = issued(atlas, private_key, not_before=NOW, not_after=END - 9)
    found = LookUp(atlas, 1).find(identity(private_key, begun=1 << 53), thoroughly=True)
    assert found is not None
    assert found.serial == SerialNumber(serial)
    assert atlas.named("issued") == [("issued", NOW - 300, NOW + 300)]


def test_a_shared_key_is_not_enough_where_the_end_differs(atlas: Atlas, private_key: Any) -> None:
    issued(atlas, private_key, not_after=END - 2, not_before=NOW)
    asked: list[Any] = []

    def fits(leaf: Any) -> bool:
        asked.append(leaf)
        return False

    unfit = identity(private_key, fits=fits)
    assert LookUp(atlas, 9).find(unfit, thoroughly=True) is None
    assert len(asked) == 1
    exact = issued(atlas, private_key, not_after=END, not_before=NOW)
    found = LookUp(atlas, 9).find(unfit, thoroughly=True)
    assert found is not None
    assert (found.serial, len(asked)) == (SerialNumber(exact), 1)
    near = identity(private_key, fits=fits, not_after=END + 1)
    assert LookUp(atlas, 9).find(near, thoroughly=False) is None
    assert len(asked) == 2


def test_keys_that_the_library_does_not_know_are_those_of_others(
    atlas: Atlas, private_key: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued(atlas, keys.generate(keys.KeyKind("ECDSA", 256)), not_after=END)
    serial = issued(atlas, private_key, not_after=END)
    digest, seen = certificates.public_key_digest, []

    def first_fails(leaf: Any) -> str:
        seen.append(leaf)
        if len(seen) == 1:
            raise UnsupportedAlgorithm("a curve of others")
        return digest(leaf)

    monkeypatch.setattr(certificates, "public_key_digest", first_fails)
    found = LookUp(atlas, 0).find(identity(private_key), thoroughly=False)
    assert found is not None
    assert found.serial == SerialNumber(serial)


@pytest.mark.parametrize(("most", "is_refused"), [(3, False), (2, True)])
def test_no_more_are_looked_through_than_is_stated(
    atlas: Atlas, private_key: Any, most: int, is_refused: bool
) -> None:
    other = keys.generate(keys.KeyKind("ECDSA", 256))
    for _each in range(3):
        issued(atlas, other, not_before=NOW)
    look_up = LookUp(atlas, most)
    if is_refused:
        with pytest.raises(AtlasError) as caught:
            look_up.find(identity(private_key), thoroughly=True)
        assert caught.value.message == (
            "more than 2 certificates were issued since the request was begun, and looking through"
            " them all for one whose answer was lost would take too many requests; raise"
            " lookup_max, or look for it in the Atlas portal"
        )
    else:
        assert look_up.find(identity(private_key), thoroughly=True) is None
        assert len(atlas.named("certificate")) == 3


def test_look_ups_share_what_they_fetched(atlas: Atlas, private_key: Any) -> None:
    serial = issued(atlas, private_key, not_after=END)
    revoked = issued(atlas, private_key, not_after=END)
    atlas.statuses[revoked] = "REVOKED"
    look_up = LookUp(atlas, 9)
    other = identity(keys.generate(keys.KeyKind("ECDSA", 256)))
    assert look_up.find(other, thoroughly=False) is None
    assert look_up.find(other, thoroughly=False) is None
    assert look_up.find(identity(private_key), thoroughly=False) is not None
    assert atlas.named("certificate") == [("certificate", serial), ("certificate", revoked)]


def test_one_that_is_still_being_issued_is_nobodys_yet(
    atlas: Atlas, private_key: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    serial = issued(atlas, private_key, not_after=END)
    monkeypatch.setattr(atlas, "certificate", lambda _serial: None)
    with pytest.raises(AtlasError) as caught:
        LookUp(atlas, 9).find(identity(private_key), thoroughly=False)
    assert caught.value.message == (
        f"the service lists {serial} and is still issuing it, so nobody can tell yet whose it is"
    )


def test_what_is_not_it_is_passed_over_wherever_it_is_listed(
    atlas: Atlas, private_key: Any
) -> None:
    """One of another key, one that was known before, a revoked one: then the right one."""
    issued(atlas, keys.generate(keys.KeyKind("ECDSA", 256)), not_after=END)
    known, revoked = (issued(atlas, private_key, not_after=END) for _each in range(2))
    atlas.statuses[revoked] = "REVOKED"
    serial = issued(atlas, private_key, not_after=END)
    sought = identity(private_key, known=frozenset([SerialNumber(known)]))
    found = LookUp(atlas, 0).find(sought, thoroughly=False)
    assert found is not None
    assert found.serial == SerialNumber(serial)


def test_text_around_a_certificate_is_passed_over(
    atlas: Atlas, private_key: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued(atlas, private_key, not_after=END)
    with_text_around(atlas, monkeypatch)
    assert LookUp(atlas, 0).find(identity(private_key), thoroughly=False) is not None
