# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options: what they may be, and what is said when they are something else."""

from __future__ import annotations

import re

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.endpoint.description import describe
from ansible_collections.globalsign.atlas.plugins.module_utils.endpoint.target import (
    Target,
    target_of,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError

BEGIN = "-----BEGIN CERTIFICATE-----"
END = "-----END CERTIFICATE-----"


@pytest.mark.parametrize(
    ("address", "server_name", "host", "name"),
    [
        ("www.example.com", None, "www.example.com", "www.example.com"),
        ("www.example.com.", None, "www.example.com.", "www.example.com"),
        ("127.0.0.1", "my_host", "127.0.0.1", "my_host"),
        ("2001:DB8:0::1", None, "2001:db8::1", "2001:db8::1"),
        ("fe80::1%eth0", None, "fe80::1%eth0", "fe80::1"),
        ("bücher.example", None, "xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("BÜCHER.example", None, "xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("bu\u0308cher.example", None, "xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("\uff57\uff57\uff57\uff0eexample", None, "www.example", "www.example"),
        ("a" * 63 + ".example", "1.example", "a" * 63 + ".example", "1.example"),
    ],
)
def test_hosts_are_written_in_their_canonical_form(address, server_name, host, name):
    assert target_of(address, 8443, server_name) == Target(host, 8443, name)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        ".example.com",
        "www..example.com",
        "-www.example.com",
        "*.example.com",
        "https://www.example.com",
        "www.example.com:443",
        "[::1]",
        "www example com",
        "bü cher.example",
        "www.example.com\n",
        "a" * 64 + ".example",
        ".".join(["a" * 49] * 6),
        "\udcff.example\0",
    ],
)
def test_what_is_no_host_is_refused_with_the_option(text):
    rule = f"{text!r} is neither a host name nor an IP address; give one like www.example.com"
    with pytest.raises(AtlasError, match=re.escape(f"address: {rule}")):
        target_of(text, 443, "www.example.com")
    with pytest.raises(AtlasError, match=re.escape(f"server_name: {rule}")):
        target_of("127.0.0.1", 443, text)


@pytest.mark.parametrize("port", [-1, 0, 65536])
def test_what_is_no_port_is_refused(port):
    with pytest.raises(AtlasError, match=f"port: {port} is not a port; give a number from 1 to"):
        target_of("www.example.com", port, None)


def test_texts_name_the_server_only_where_it_is_not_the_address():
    assert str(target_of("::1", 443, None)) == "::1 port 443"
    assert str(target_of("::1", 443, "www.example.com")) == "::1 port 443 (as www.example.com)"


@pytest.mark.parametrize("root", ["", "/etc/ssl/root.pem", BEGIN])
def test_a_root_without_a_certificate_is_refused_before_anything_is_sent(root):
    with pytest.raises(AtlasError, match=r"root: there is no certificate in PEM .* not its path"):
        describe("192.0.2.1", 443, None, root)


@pytest.mark.parametrize("body", ["", "MIIB", "!!!!", "A", "MIIBé"])
def test_a_damaged_root_is_refused_with_its_place(authority, body):
    root = f"# É\n{authority.root.pem}{BEGIN}\n{body}\n{END}\n"
    with pytest.raises(AtlasError, match="root: certificate 2 of 2 is damaged; give"):
        describe("192.0.2.1", 443, None, root)
