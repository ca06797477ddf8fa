# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is told of real TLS servers."""

from __future__ import annotations

import socket
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from ansible_collections.globalsign.atlas.plugins.module_utils.endpoint import handshake
from ansible_collections.globalsign.atlas.plugins.module_utils.endpoint.description import describe
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError

NAME = "www.example.com"
WANTED = pytest.mark.parametrize(
    "wanted", [ssl.CERT_NONE, ssl.CERT_REQUIRED], ids=["open", "client certificate"]
)
VERSIONS = pytest.mark.parametrize(
    "version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["TLSv1.2", "TLSv1.3"]
)


def described(server, root=None, name=NAME):
    return describe("127.0.0.1", server.port, name, root.pem if root else None)


def refusal(port, address="127.0.0.1", name=NAME):
    with pytest.raises(AtlasError) as caught:
        describe(address, port, name, None)
    return caught.value.message


@VERSIONS
@WANTED
def test_tells_all_of_an_endpoint_that_verifies(authority, serve, version, wanted):
    leaf = authority.leaf(NAME, "example.com", "192.0.2.1", "2001:db8::1", serial_number=0xA1B)
    server = serve(leaf, minimum_version=version, maximum_version=version, verify_mode=wanted)
    assert described(server, authority.root) == {
        "chain": [leaf.pem, authority.issuing.pem],
        "fingerprint": leaf.certificate.fingerprint(hashes.SHA256()).hex(),
        "issuer": "CN=Issuing CA",
        "names": ["192.0.2.1", "2001:db8::1", "example.com", NAME],
        "not_after": f"{leaf.ends:%Y-%m-%dT%H:%M:%SZ}",
        "not_before": f"{leaf.starts:%Y-%m-%dT%H:%M:%SZ}",
        "protocol": {"TLSv1_2": "TLSv1.2", "TLSv1_3": "TLSv1.3"}[version.name],
        "reason": "",
        "serial_number": "00000000000000000000000000000A1B",
        "subject": "CN=leaf",
        "verified": True,
    }
    assert server.names_asked == [NAME]


@VERSIONS
@WANTED
def test_shows_what_does_not_verify(authority, serve, version, wanted):
    leaf = authority.leaf("other.example.com")
    server = serve(leaf, minimum_version=version, maximum_version=version, verify_mode=wanted)
    told = described(server, authority.root)
    assert not told["verified"]
    assert NAME in told["reason"]
    assert told["chain"] == [leaf.pem, authority.issuing.pem]
    assert told["names"] == ["other.example.com"]


def test_an_expired_certificate_does_not_verify(authority, serve):
    leaf = authority.leaf(NAME, lifetime=(-2, -1))
    told = described(serve(leaf), authority.root)
    assert (told["verified"], told["reason"]) == (False, "certificate has expired")


def test_a_self_signed_certificate_does_not_verify(authority, serve):
    alone = authority.self_signed(NAME)
    told = described(serve(alone), authority.root)
    assert not told["verified"]
    assert "not in root or the trust store" in told["reason"]
    assert told["chain"] == [alone.pem]


def test_a_missing_issuing_certificate_does_not_verify(authority, serve):
    leaf = authority.leaf(NAME).without_chain()
    told = described(serve(leaf), authority.root)
    assert not told["verified"]
    assert "does not send the certificates up to a CA that is trusted" in told["reason"]


def test_an_issuing_certificate_in_root_is_trusted_by_itself(authority, serve):
    leaf = authority.leaf(NAME).without_chain()
    assert described(serve(leaf), authority.issuing)["verified"]


def test_a_common_name_is_not_a_name(authority, serve):
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    told = described(serve(authority.leaf(subject=subject)), authority.root)
    assert (told["verified"], told["names"]) == (False, [])


def test_without_root_the_trust_store_of_the_machine_counts(
    authority, serve, tmp_path, monkeypatch
):
    server = serve(authority.leaf(NAME))
    store = tmp_path / "store.pem"
    store.write_text(authority.issuing.pem + authority.root.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(store))
    assert described(server)["verified"]
    store.write_text(authority.self_signed("other").pem)
    assert not described(server)["verified"]


def test_root_alone_is_trusted(authority, serve, tmp_path, monkeypatch):
    store = tmp_path / "store.pem"
    store.write_text(authority.root.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(store))
    told = described(serve(authority.leaf(NAME)), authority.self_signed("other"))
    assert not told["verified"]


@pytest.mark.parametrize("given", ["straße.example", "XN--strae-oqa.example", "Straße。example."])
def test_an_internationalized_name_is_taken_in_either_form(authority, serve, given):
    server = serve(authority.leaf("xn--strae-oqa.example"))
    told = described(server, authority.root, given)
    assert told["verified"], told["reason"]
    assert [name.lower() for name in server.names_asked] == ["xn--strae-oqa.example"]


def test_an_address_is_verified_and_not_sent(authority, serve):
    server = serve(authority.leaf("127.0.0.1"))
    told = described(server, authority.root, None)
    assert told["verified"], told["reason"]
    assert server.names_asked == [None]
    assert not described(server, authority.root, "192.0.2.1")["verified"]


def test_a_name_is_connected_to(authority, serve):
    server = serve(authority.leaf("localhost"))
    told = describe("localhost", server.port, None, authority.root.pem)
    assert told["verified"], told["reason"]


def test_a_server_without_the_key_does_not_verify(authority, serve, listen):
    genuine = serve(authority.leaf(NAME), maximum_version=ssl.TLSVersion.TLSv1_2)

    def forge_signature(client):
        with socket.create_connection(("127.0.0.1", genuine.port)) as upstream:
            upstream.sendall(client.recv(65536))
            flight = b""
            while not flight.endswith(b"\x0e\0\0\0"):  # ServerHelloDone
                flight += upstream.recv(65536)
            end = flight.rindex(b"\x16\x03\x03\0\4\x0e") - 1  # of the signature before it
            client.sendall(flight[:end] + bytes([flight[end] ^ 1]) + flight[end + 1 :])
            client.recv(65536)

    told = describe("127.0.0.1", listen(forge_signature), NAME, authority.root.pem)
    assert not told["verified"]
    assert "broke off after the certificate (bad signature)" in told["reason"]
    assert told["names"] == [NAME]


def test_a_server_that_speaks_something_else_fails(listen):
    def http(connection):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        connection.recv(1)

    port = listen(http)
    message = refusal(port)
    assert f"127.0.0.1 port {port} (as {NAME}) answered with something that is not TLS;" in message


def test_a_server_that_hangs_up_fails(listen):
    message = refusal(listen(lambda connection: connection.recv(65536)))
    assert "closed the connection in the TLS handshake; check" in message


def test_a_silent_server_fails_at_the_time_out(listen, monkeypatch):
    monkeypatch.setattr(handshake, "TIMEOUT", 0.2)

    def silent(connection):
        while connection.recv(65536):
            pass

    assert "no TLS handshake within 0.2 seconds; check" in refusal(listen(silent))


def test_a_server_that_refuses_the_name_fails(authority, serve):
    def refuse(*_arguments):
        return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME

    message = refusal(serve(authority.leaf(NAME), sni_callback=refuse).port)
    assert "sent no certificate because the TLS handshake failed (tlsv1 unrecognized name)" in (
        message
    )


def test_a_closed_port_fails():
    with socket.socket() as bound:  # and not listening: nobody else can open the port meanwhile
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        assert f"127.0.0.1 port {port} (as {NAME}) refused the connection; check" in refusal(port)


def test_an_unknown_name_fails():
    message = refusal(443, "nowhere.invalid")
    assert message.startswith("The name nowhere.invalid was not found (")
    assert "check the option address" in message


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (socket.timeout("timed out"), "did not accept a connection within 10 seconds; check"),
        (OSError(113, "No route to host"), "was not reached (No route to host); check"),
    ],
)
def test_an_unreachable_host_fails(monkeypatch, error, text):
    def fail(*_arguments):
        raise error

    monkeypatch.setattr(socket, "create_connection", fail)
    assert refusal(443, "192.0.2.1", None) == f"192.0.2.1 port 443 {text}" + (
        " the address, the route and the firewalls on the way."
        if isinstance(error, socket.timeout)
        else " the address and the route."
    )


def test_a_python_that_shows_no_handshake_fails(authority, serve, monkeypatch):
    monkeypatch.setattr(ssl.SSLContext, "_msg_callback", None)
    with pytest.raises(AtlasError, match="set ansible_python_interpreter to a CPython"):
        described(serve(authority.leaf(NAME)), authority.root)
