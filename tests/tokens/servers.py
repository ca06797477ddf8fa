# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real name servers on loopback, all on one port, as the servers of zones are.

| address | is |
|---|---|
| 127.0.0.1 | the primary server of all zones; stands for the resolvers too |
| 127.0.0.2 | a secondary of shop.test that follows when told; the server of apart.test too |
| 127.0.0.3 | the server of other.shop.test, which is delegated to it, and of test |
"""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import dns.message
import dns.query
import dns.rdatatype
from simulator.name_servers import (
    free_port,
    installed,
    running_knot,
    running_server,
    wait_for_answer,
)

PRIMARY, SECONDARY, OTHER = "127.0.0.1", "127.0.0.2", "127.0.0.3"

SECRETS = {
    name: base64.b64encode(f"{name} has a secret of its own".encode()).decode()
    for name in ("shop-key", "acme-key", "reader-key")
}

_START = """$TTL 600
@ SOA {primary} admin.shop.test. 1 2 1 600 1
"""
_HOSTS = """@ NS ns1
@ NS ns2
ns1 A 127.0.0.1
ns2 A 127.0.0.2
"""

_ZONES = {
    "shop.test": (
        "ns1",
        _HOSTS
        + """@ TXT "v=spf1 -all"
@ TXT "another" " text"
www A 127.0.0.1
_acme-challenge.www CNAME www.acme.test.
_alias CNAME _other-alias
_other-alias CNAME _end.sub
_loop CNAME _loop2
_loop2 CNAME _loop
_far CNAME _token.elsewhere.invalid.
dname DNAME acme.test.
xn--bcher-kva A 127.0.0.1
*.wild TXT "for any name"
sub NS ns1
other NS ns3.other
ns3.other A 127.0.0.3
broken NS ns3.other
site A 127.0.0.1
site AAAA ::1
""",
    ),
    "acme.test": ("ns1.shop.test.", "@ NS ns1.shop.test.\n"),
    "sub.shop.test": ("ns1.shop.test.", "@ NS ns1.shop.test.\n"),
    "apart.test": ("ns1", _HOSTS),
    "lame.test": ("ns1", _HOSTS),
    "deaf.test": ("ns1", '@ NS ns1\nns1 A 127.0.0.1\nns1 AAAA ::1\n@ TXT "seen"\n'),
    "mute.test": ("ns1", "@ NS ns1\n@ NS ns9\nns1 A 127.0.0.1\n@ TXT seen\n"),
    "void.test": ("ns9", "@ NS ns9\n"),
    "caa.test": (
        "ns1",
        """@ NS ns1
ns1 A 127.0.0.1
@ CAA 0 issue "letsencrypt.org"
@ CAA 0 iodef "mailto:admin@caa.test"
ours CAA 0 issue "GlobalSign.com; account=1"
ours CAA 0 issue "letsencrypt.org"
nobody CAA 0 issue ";"
wild CAA 0 issue "globalsign.com"
wild CAA 0 issuewild "letsencrypt.org"
alias CNAME ours
contact CAA 0 iodef "mailto:admin@caa.test"
""",
    ),
    "signed.test": ("ns1", "@ NS ns1\nns1 A 127.0.0.1\n"),
    "unsigned.test": ("ns1", '@ NS ns1\nns1 A 127.0.0.1\n@ TXT "there"\n'),
}
_OTHER_ZONES = {
    "other.shop.test": ("ns3", "@ NS ns3\nns3 A 127.0.0.3\n"),
    "test": ("ns3.other.shop.test.", "@ NS ns3.other.shop.test.\n"),
}

_SERVER = """
server:
    rundir: "{folder}"
    listen: {address}@{port}
database:
    storage: "{folder}"
log:
  - target: stderr
    any: info
key:
{keys}
acl:
  - id: transfer
    action: transfer
    address: 127.0.0.0/8
  - id: shop
    action: update
    key: shop-key
    update-type: [TXT]
  - id: acme
    action: update
    key: acme-key
  - id: anybody
    action: update
    address: 127.0.0.0/8
remote:
  - id: primary
    address: {primary}@{port}
template:
  - id: default
    storage: "{folder}"
    zonefile-sync: -1
zone:
"""
_ACL = {
    "shop.test": "shop",
    "sub.shop.test": "shop",
    "acme.test": "acme",
    "apart.test": "anybody",
    "other.shop.test": "anybody",
}


@dataclass(frozen=True)
class NameServers:
    """The port of all of them, and how the tests look at them."""

    port: int
    folder: Path

    @property
    def resolver(self) -> str:
        """As an entry of the option resolvers."""
        return f"{PRIMARY}:{self.port}"

    @property
    def follow_command(self) -> list[str]:
        """The command that has the secondary ask the primary server for what is new."""
        control = self.folder / SECONDARY / "knot.sock"
        return [installed("knotc", "knot"), "-s", str(control), "zone-refresh", "shop.test"]

    def have_secondary_follow(self) -> None:
        """Have it ask the primary server for what is new."""
        subprocess.run(self.follow_command, check=True, capture_output=True, timeout=30)

    def texts(self, name: str, address: str = PRIMARY) -> list[str]:
        """The TXT records of a name as one server has them, sorted."""
        return sorted(text for text, _ttl in self.records(name, address))

    def records(self, name: str, address: str = PRIMARY) -> list[tuple[str, int]]:
        """The text and the TTL of each TXT record."""
        query = dns.message.make_query(name, "TXT")
        answer = dns.query.tcp(query, address, port=self.port, timeout=5)
        return [
            (b"".join(record.strings).decode(), rrset.ttl)
            for rrset in answer.answer
            if rrset.rdtype == dns.rdatatype.TXT
            for record in rrset
        ]


@contextmanager
def name_servers(folder: Path) -> Iterator[NameServers]:
    """All three, running."""
    port = free_port()
    with ExitStack() as stack:
        for address, zones, secondary in (
            (PRIMARY, _ZONES, ()),
            (SECONDARY, {"apart.test": _ZONES["apart.test"]}, ("shop.test",)),
            (OTHER, _OTHER_ZONES, ()),
        ):
            place = folder / address
            place.mkdir()
            configuration = _configuration(place, address, port, list(zones), secondary)
            for zone, (primary, text) in zones.items():
                content = _START.format(primary=primary) + text
                (place / f"{zone}.zone").write_text(content)
            stack.enter_context(running_knot(place, configuration))
        for address, zone in (
            (PRIMARY, "acme.test"),
            (SECONDARY, "shop.test"),
            (OTHER, "other.shop.test"),
        ):
            wait_for_answer(address, port, zone, folder / address / "log")
        yield NameServers(port, folder)


def _configuration(
    folder: Path, address: str, port: int, zones: Sequence[str], secondary: Sequence[str]
) -> str:
    keys = "".join(
        f"  - id: {name}\n    algorithm: hmac-sha256\n    secret: {secret}\n"
        for name, secret in SECRETS.items()
    )
    text = _SERVER.format(folder=folder, address=address, port=port, keys=keys, primary=PRIMARY)
    for zone in zones:
        acl = ", ".join(filter(None, ["transfer", _ACL.get(zone)]))
        text += f'  - domain: {zone}\n    file: "{zone}.zone"\n    acl: [{acl}]\n'
    for zone in secondary:
        text += f"  - domain: {zone}\n    master: primary\n"
        text += "    refresh-min-interval: 3600\n"
    return text


_UNBOUND = """
server:
    directory: "{folder}"
    chroot: ""
    username: ""
    pidfile: ""
    use-syslog: no
    interface: 127.0.0.4
    port: {port}
    do-daemonize: no
    do-not-query-localhost: no
    module-config: "validator iterator"
    local-zone: "test." nodefault
    trust-anchor: "signed.test. DS 4711 13 2 {digest}"
remote-control:
    control-enable: no
"""
_STUB = """stub-zone:
    name: "{zone}."
    stub-addr: {address}@{port}
    stub-no-cache: yes
"""


@contextmanager
def validating_resolver(folder: Path, servers: NameServers) -> Iterator[str]:
    """Unbound, which expects signatures of signed.test that it does not have.

    It is told where each zone is, as it would look for the servers on port 53.
    """
    program = installed("unbound", "unbound")
    port = free_port()
    configuration = _UNBOUND.format(
        folder=folder,
        port=port,
        digest="ab" * 32,
    )
    for address, zones in ((PRIMARY, _ZONES), (OTHER, _OTHER_ZONES)):
        for zone in zones:
            configuration += _STUB.format(zone=zone, address=address, port=servers.port)
    (folder / "unbound.conf").write_text(configuration)
    with running_server([program, "-d", "-c", str(folder / "unbound.conf")], folder / "log"):
        wait_for_answer("127.0.0.4", port, "unsigned.test", folder / "log")
        yield f"127.0.0.4:{port}"
