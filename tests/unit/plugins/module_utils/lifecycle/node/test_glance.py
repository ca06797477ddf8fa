# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether nothing is due, without reading a certificate: None whenever anything is off."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.files.places import Places
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.exchange import Inspection
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node.glance import glance
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node.inspect import inspect
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node.store import Stores
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import keys

from ..conftest import ALL_FILES, NOW, Site
from .setups import LAYOUTS, deployed, foreign, record_path, rewrite, serials

DAY = 86400
END = NOW + 89 * DAY


def seen(site: Site, now: int = NOW) -> Inspection | None:
    with Stores(makes=False) as stores, Places() as places:
        return glance(site.wanted, stores.of(site.wanted, places), places, now)


def looked_at(site: Site, now: int = NOW) -> Inspection:
    """What a closer look finds."""
    with Stores(makes=False) as stores, Places() as places:
        return inspect(site.wanted, stores.of(site.wanted, places), places, now, False)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("now", [NOW, END - 30 * DAY - 1])
def test_what_is_as_recorded_is_seen_at_a_glance(site: Site, layout: str, now: int) -> None:
    site.options["layout"] = layout
    site.deploy()
    found = seen(site, now)
    assert found is not None
    assert found == looked_at(site, now)
    assert found.certificate is not None
    assert (found.certificate.serial_number, found.is_own) == (site.serial(), True)


def test_what_is_mended_is_seen_at_a_glance_again(site: Site) -> None:
    site.deploy()
    (site.folder / "cert.pem").write_text("# a comment\n" + site.content("cert.pem"))
    assert seen(site) is None
    (site.folder / "chain.pem").unlink()
    site.install("", action="mend")
    assert seen(site) == looked_at(site)


def test_what_is_still_to_be_revoked_is_named(site: Site) -> None:
    site.options["revoke_superseded"] = True
    site.deploy()
    old = site.serial()
    site.deploy()
    found = seen(site)
    assert found is not None
    assert (found, found.superseded) == (looked_at(site), [old])


def test_a_stated_end_that_is_close_is_reported(site: Site) -> None:
    site.options["not_after"] = "2027-04-14T08:00:00Z"
    site.deploy()
    found = seen(site, END - DAY)
    assert found is not None
    assert len(found.notices) == 1
    assert found == looked_at(site, END - DAY)
    quiet = seen(site)
    assert quiet is not None
    assert quiet.notices == []


def test_a_chain_that_is_empty_is_right_if_it_is_not_there(site: Site) -> None:
    site.hierarchy = type(site.hierarchy)(site.hierarchy.root, site.hierarchy.root)
    issued = site.issue(site.prepare()["public_key"])
    assert site.install(issued, chain=[site.hierarchy.chain[1]])["obstacle"] == ""
    site.acknowledge()
    assert site.names() == ["cert.pem", "fullchain.pem", "key.pem"]
    assert seen(site) == looked_at(site)
    (site.folder / "chain.pem").write_text("")
    assert seen(site) is None
    (site.folder / "chain.pem").unlink()
    (site.folder / "chain.pem").symlink_to("nowhere")
    site.options["follow"] = False
    assert seen(site) is None


def test_nothing_is_seen_of_what_is_not_recorded(site: Site, private_key: Any) -> None:
    assert seen(site) is None
    foreign(site, private_key)
    assert seen(site) is None


def test_nothing_is_seen_of_what_others_obtained(site: Site, private_key: Any) -> None:
    foreign(site, private_key)
    site.options["layout"] = "linked"
    site.install("", action="mend")
    assert serials(site)["confirmed"]
    assert seen(site) is None


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("force", True),
        ("csr_content", "CSR"),
        ("san", {"dns_names": ["other.example.com"]}),
        ("subject", {"common_name": "www.example.com"}),
        ("extended_key_usages", ["1.3.6.1.5.5.7.3.1"]),
        ("privatekey_type", "RSA"),
        ("privatekey_type", "ECDSA"),  # it is so, and was not stated when it was requested
        ("privatekey_size", 384),
        ("privatekey_size", 256),
        ("renew_before", "71d"),
        ("layout", "linked"),
        ("mode", "0640"),
        ("privatekey_mode", "0640"),
        ("owner", "4343"),
        ("group", "4343"),
        ("privatekey_format", "pkcs1"),
        ("privatekey_passphrase", "secret"),
        ("chain_path", None),  # the task names fewer files
        ("files", [{"path": "/dev/shm/other.pem", "contains": ["root"]}]),
    ],
)
def test_nothing_is_seen_if_the_task_states_otherwise(
    site: Site, member: str, value: object
) -> None:
    site.deploy()
    assert seen(site) is not None
    site.options[member] = value
    if member == "csr_content":
        site.options["privatekey_path"] = None
    assert seen(site, NOW + 20 * DAY) is None


@pytest.mark.parametrize("now", [END - 30 * DAY, END - 1, END, END + DAY])
def test_nothing_is_seen_of_what_is_close_to_its_end(site: Site, now: int) -> None:
    site.deploy()
    assert seen(site, now) is None


def test_what_the_task_states_of_the_key_is_known_from_the_record(site: Site) -> None:
    site.options.update(privatekey_type="ECDSA", privatekey_size=256)
    site.deploy()
    assert seen(site) == looked_at(site)
    name, held = site.record()["wanted_now"], deployed(site)
    for key in ("RSA 256", "ECDSA 384", "ECDSA"):
        rewrite(site, sets={name: {**held, "facts": {**held["facts"], "key": key}}})
        assert seen(site) is None


EMPTY_ATTEMPT = {
    "attempt_id": "a",
    "begun": NOW,
    "touched": NOW,
    "machine": "m",
    "account": "c",
    "key": "staged",
    "request": {},
    "not_after": NOW,
    "known": [],
    "lease": None,
    "key_pem": "",
    "key_digest": "",
    "serial": "",
    "failure": "",
}


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("attempt", EMPTY_ATTEMPT),
        ("confirmed", ""),
        ("wanted_now", ""),
        ("wanted_now", "0009-absent"),
        ("is_applied", False),
        ("kept", {"name": "0009-absent", "why": "w"}),
        ("rejected", {"serial": "0A", "why": "w", "request": {}, "certificate": "", "key": ""}),
        ("orphans", ["0A"]),
        ("revoked", ["0A"]),
    ],
)
def test_nothing_is_seen_while_something_is_open(site: Site, member: str, value: object) -> None:
    site.deploy()
    assert seen(site) is not None
    rewrite(site, **{member: value})
    assert seen(site) is None


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("request", None),
        ("request", {}),
        ("facts", None),
        ("differences", ["x"]),
        ("encrypted", ["/x"]),
        ("targets", []),
        ("files", {}),
        ("layout", "plain"),
    ],
)
def test_what_is_recorded_of_a_set_counts(site: Site, member: str, value: object) -> None:
    site.deploy()
    rewrite(site, sets={site.record()["wanted_now"]: {**deployed(site), member: value}})
    assert (seen(site) is not None) is (member == "layout")


def test_another_set_beside_it_is_something_open(site: Site) -> None:
    site.deploy()
    held = deployed(site)
    rewrite(site, sets={site.record()["wanted_now"]: held, "0009-0A": held})
    assert seen(site) is None


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("contains", ["certificate", "chain"]),
        ("format", "pkcs12"),
        ("key_format", "pkcs1"),
    ],
)
@pytest.mark.parametrize("position", range(4))
def test_a_file_that_held_something_else_is_read(
    site: Site, member: str, value: object, position: int
) -> None:
    site.deploy()
    held = deployed(site)
    is_other = held["targets"][position][member] != value
    held["targets"][position][member] = value
    rewrite(site, sets={site.record()["wanted_now"]: held})
    assert (seen(site) is None) is is_other


def missing(site: Site, name: str) -> None:
    (site.folder / name).unlink()


def touched(site: Site, name: str) -> None:
    with (site.folder / name).open("a") as file:
        file.write("\n")


def swapped(site: Site, name: str) -> None:
    (site.folder / name).unlink()
    (site.folder / name).write_text(site.content("cert.pem" if name != "cert.pem" else "key.pem"))


def readable(site: Site, name: str) -> None:
    (site.folder / name).chmod(0o666)


def pipe(site: Site, name: str) -> None:
    (site.folder / name).unlink()
    os.mkfifo(site.folder / name)


def folder(site: Site, name: str) -> None:
    (site.folder / name).unlink()
    (site.folder / name).mkdir()


def hard_link(site: Site, name: str) -> None:
    os.link(site.folder / name, site.folder / "other")


def link_to_nothing(site: Site, name: str) -> None:
    (site.folder / name).unlink()
    (site.folder / name).symlink_to("nowhere")


DISORDER = (missing, touched, swapped, readable, pipe, folder, hard_link, link_to_nothing)


@pytest.mark.parametrize("name", ALL_FILES)
@pytest.mark.parametrize("disturb", DISORDER, ids=lambda each: each.__name__)
def test_nothing_is_seen_if_a_file_is_not_as_recorded(
    site: Site, disturb: Callable[[Site, str], None], name: str
) -> None:
    site.deploy()
    disturb(site, name)
    assert seen(site) is None


@pytest.mark.parametrize("name", ALL_FILES)
@pytest.mark.parametrize("how", ["a file", "dead", "elsewhere", "not switched"])
def test_nothing_is_seen_if_a_link_is_not_as_recorded(site: Site, name: str, how: str) -> None:
    site.options["layout"] = "linked"
    site.deploy()
    path, content = site.folder / name, site.content(name)
    real = os.path.realpath(path)
    if how == "a file":
        path.unlink()
        path.write_text(content)
        path.chmod(0o600 if name == "key.pem" else 0o644)
    elif how == "dead":
        os.unlink(real)
    elif how == "elsewhere":
        path.unlink()
        path.symlink_to(real)
    else:
        os.unlink(os.path.join(os.path.dirname(os.path.dirname(real)), "live"))
    assert seen(site) is None


def test_a_link_of_the_user_is_followed_as_before(site: Site) -> None:
    site.deploy()
    (site.folder / "cert.pem").rename(site.folder / "real.pem")
    (site.folder / "cert.pem").symlink_to("real.pem")
    assert seen(site) == looked_at(site)
    site.options["follow"] = False
    assert seen(site) is None


@pytest.mark.parametrize("layout", LAYOUTS)
def test_nothing_is_seen_while_something_is_to_be_cleared_away(site: Site, layout: str) -> None:
    site.options["layout"] = layout
    site.deploy()
    stray = record_path(site).with_suffix("") / "0009-0A"
    stray.mkdir(parents=True)
    assert seen(site) is None
    assert looked_at(site).is_untidy


def test_nothing_is_seen_of_what_is_on_probation(site: Site) -> None:
    site.put()
    assert seen(site) is None
    site.acknowledge()
    assert seen(site) is not None


def test_a_folder_that_is_gone_is_looked_at(site: Site) -> None:
    site.deploy()
    shutil.rmtree(site.folder)
    assert seen(site) is None


def test_a_task_without_files_is_looked_at(site: Site, private_key: Any) -> None:
    site.options = {
        **dict.fromkeys(("path", "fullchain_path", "chain_path", "privatekey_path")),
        "csr_content": keys.signing_request_pem(private_key, None),
    }
    site.install(site.issue(site.prepare()["public_key"]))
    site.acknowledge()
    assert seen(site) is None
    assert site.inspect()["reasons"] == []


def test_a_glance_needs_no_library() -> None:
    """It is what most runs do, and importing cryptography takes longer than all the rest."""
    module = "ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node.steps"
    script = f"import sys, {module}; print('cryptography' in sys.modules)"
    paths = {"PYTHONPATH": os.pathsep.join(sys.path), "PATH": os.environ["PATH"]}
    shown = subprocess.run(
        [sys.executable, "-c", script], env=paths, capture_output=True, text=True, check=True
    )
    assert shown.stdout == "False\n"
