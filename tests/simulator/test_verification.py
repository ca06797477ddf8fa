# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Verification by DNS, HTTPS and mail, of domains and IP addresses, against real servers."""

from __future__ import annotations

import datetime
import http.server
import socket
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import dns.message
import dns.rcode
import pytest
from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from .conftest import Simulator, good_request, running
from .name_servers import free_port, name_server

PATH = "/.well-known/pki-validation/gsdv.txt"
PREFIX = "globalsign-domain-verification="


@contextmanager
def verifying(folder: Path, *zones: dict[str, str], **settings: Any) -> Iterator[Simulator]:
    """A simulator with a resolver for each dictionary of zones."""
    with ExitStack() as stack:
        arguments = ["--control", "127.0.0.1:0"]
        for number, served in enumerate(zones):
            address = stack.enter_context(name_server(folder / f"dns{number}", served))
            arguments += ["--resolver", address]
        for name, value in settings.items():
            arguments += ["--set", f"{name}={value}"]
        yield stack.enter_context(running(folder / "simulator", *arguments))


class Claimed:
    """A claim whose token is known before the DNS servers start."""

    def __init__(self, folder: Path, domain: str) -> None:
        self._folder = folder
        self.domain = domain
        with running(folder / "simulator") as simulator:
            self.id, self.token = simulator.claim(domain)

    def verify(self, *zones: dict[str, str], body: Any = None, **settings: Any) -> Any:
        """The claim after one assertion by DNS, with these zones served."""
        with verifying(self._folder, *zones, **settings) as simulator:
            answer = simulator.send("POST", f"/claims/domains/{self.id}/dns", body)
            assert (answer.status, answer.document) == (201, None)
            return simulator.wait_for_log(self.id, 1)


@pytest.fixture
def claimed(tmp_path: Path) -> Claimed:
    return Claimed(tmp_path, "shop.test")


def test_a_domain_is_verified_by_a_txt_record(claimed: Claimed) -> None:
    claim = claimed.verify({"shop.test": f'@ TXT "{claimed.token}"'})
    assert (claim["status"], claim["last_verification_method"]) == ("VERIFIED", "DNS")
    (entry,) = claim["log"]
    assert (entry["status"], entry["method"]) == ("SUCCESS", "DNS")


def test_other_records_and_a_bare_token_in_pieces_do_not_matter(claimed: Claimed) -> None:
    bare = claimed.token.removeprefix(PREFIX)
    records = f'@ TXT "v=spf1 -all"\n@ TXT "{bare[:10]}" "{bare[10:]}"\n@ TXT "other"'
    assert claimed.verify({"shop.test": records})["status"] == "VERIFIED"


@pytest.mark.parametrize(
    ("zones", "text"),
    [
        (
            {"shop.test": '@ TXT "globalsign-domain-verification=00"'},
            "no valid DNS records returned",
        ),
        ({"shop.test": "www A 192.0.2.1"}, "no valid DNS records returned"),
        ({"other.test": "@ A 192.0.2.1"}, "answered REFUSED"),
        ({"shop.test": "@ MX 1 mail\n_a CNAME _b\n_b CNAME _a"}, "no valid DNS records returned"),
    ],
)
def test_without_its_token_a_domain_stays_pending(
    claimed: Claimed, zones: dict[str, str], text: str
) -> None:
    claim = claimed.verify(zones)
    assert claim["status"] == "PENDING"
    assert claim["log"][0]["status"] == "ERROR"
    assert text in claim["log"][0]["description"]


def test_the_token_may_be_behind_an_alias_in_another_zone(claimed: Claimed) -> None:
    zones = {
        "shop.test": "_acme-challenge CNAME shop.validation.test.",
        "validation.test": f'shop CNAME deep\ndeep TXT "{claimed.token}"',
    }
    body = {"authorization_domain": "_acme-challenge.shop.test"}
    assert claimed.verify(zones, body=body)["status"] == "VERIFIED"


def test_aliases_in_a_circle_end(claimed: Claimed) -> None:
    zones = {"shop.test": "_a CNAME a.other.test.", "other.test": "a CNAME _a.shop.test."}
    claim = claimed.verify(zones, body={"authorization_domain": "_a.shop.test"})
    assert "lead in a circle" in claim["log"][0]["description"]


def test_the_token_may_be_at_a_parent(tmp_path: Path) -> None:
    claimed = Claimed(tmp_path, "www.shop.test")
    zones = {"shop.test": f'@ TXT "{claimed.token}"'}
    claim = claimed.verify(zones, body={"authorization_domain": "shop.test."})
    assert claim["status"] == "VERIFIED"


@pytest.mark.parametrize(("agree", "status"), [(0, "PENDING"), (2, "PENDING"), (1, "VERIFIED")])
def test_resolvers_must_agree(claimed: Claimed, agree: int, status: str) -> None:
    seen, unseen = {"shop.test": f'@ TXT "{claimed.token}"'}, {"shop.test": '@ TXT "none"'}
    claim = claimed.verify(seen, unseen, resolvers_must_agree=agree)
    assert claim["status"] == status


@pytest.mark.parametrize(
    "place", ["", "test", "other.test", "shop.test.evil.test", "www.shop.test", "a.b.shop.test"]
)
def test_a_place_that_proves_nothing_is_refused(simulator: Simulator, place: str) -> None:
    claims = simulator.send("GET", "/claims/domains?domain=shop.test").document
    claim_id = claims[0]["id"] if claims else simulator.claim("shop.test")[0]
    body = {"authorization_domain": place}
    answer = simulator.send("POST", f"/claims/domains/{claim_id}/dns", body)
    assert (answer.status, answer.description) == (422, "authorization_domain: invalid value")


def test_the_places_of_a_token_are_listed(simulator: Simulator) -> None:
    claim_id, _token = simulator.claim("a.b.list.co.uk")
    answer = simulator.send("GET", f"/claims/domains/{claim_id}/dns")
    assert answer.document == ["a.b.list.co.uk", "b.list.co.uk", "list.co.uk"]


@pytest.mark.parametrize(
    ("caa", "names", "status"),
    [
        ("", ["www.shop.test"], 201),
        ('@ CAA 0 issue "globalsign.com"', ["www.shop.test", "*.shop.test"], 201),
        ('@ CAA 0 issue "other.test"', ["www.shop.test"], 422),
        ('@ CAA 0 issue ";"', ["www.shop.test"], 422),
        ('@ CAA 0 issue "other.test"\nwww CAA 0 issue "globalsign.com"', ["www.shop.test"], 201),
        ('@ CAA 0 issue "globalsign.com"\n@ CAA 0 issuewild ";"', ["www.shop.test"], 201),
        ('@ CAA 0 issue "globalsign.com"\n@ CAA 0 issuewild ";"', ["*.shop.test"], 422),
        ('@ CAA 0 iodef "mailto:a@shop.test"', ["www.shop.test"], 201),
        ('@ CAA 128 future "unknown"', ["www.shop.test"], 422),
    ],
)
def test_caa_is_checked_if_asked(tmp_path: Path, caa: str, names: list[str], status: int) -> None:
    zones = {"shop.test": caa, "test": "@ A 192.0.2.1"}
    with ExitStack() as stack:
        address = stack.enter_context(name_server(tmp_path / "dns", zones))
        arguments = ("--resolver", address, "--verified", "shop.test", "--set", "caa_checked=true")
        simulator = stack.enter_context(running(tmp_path / "simulator", *arguments))
        request = good_request(subject_dn={}, san={"dns_names": names})
        answer = simulator.send("POST", "/certificates", request)
        assert answer.status == status
        if status == 422:
            assert list(answer.document["errors"]) == names


def self_signed(folder: Path) -> ssl.SSLContext:
    """A TLS context with a certificate that nobody trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "self-signed")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    pem += certificate.public_bytes(serialization.Encoding.PEM)
    (folder / "server.pem").write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context


@contextmanager
def serving(content: list[str], tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """The port of a web server that has one file."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = content[0].encode() if self.path == PATH else b""
            self.send_response(200 if body else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: Any) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def test_a_domain_is_verified_over_https(tmp_path: Path) -> None:
    content = [""]
    with serving(content, self_signed(tmp_path)) as port:
        arguments = ("--verify-https-port", str(port), "--resolve", "shop.test=127.0.0.1")
        with running(tmp_path / "simulator", *arguments) as simulator:
            claim_id, content[0] = simulator.claim("shop.test")
            body = {"scheme": "https", "authorization_domain": "shop.test"}
            assert simulator.send("POST", f"/claims/domains/{claim_id}/http", body).status == 201
            claim = simulator.wait_for_log(claim_id, 1)
    assert (claim["status"], claim["last_verification_method"]) == ("VERIFIED", "HTTP")


def test_the_address_of_a_site_comes_from_the_resolver(tmp_path: Path) -> None:
    content = [""]
    with ExitStack() as stack:
        port = stack.enter_context(serving(content))
        zones = {"shop.test": "@ A 127.0.0.1"}
        resolver = stack.enter_context(name_server(tmp_path / "dns", zones))
        arguments = ("--verify-http-port", str(port), "--resolver", resolver)
        simulator = stack.enter_context(running(tmp_path / "simulator", *arguments))
        claim_id, content[0] = simulator.claim("shop.test")
        simulator.send("POST", f"/claims/domains/{claim_id}/http", {"scheme": "http"})
        assert simulator.wait_for_log(claim_id, 1)["status"] == "VERIFIED"
        other_id, _token = simulator.claim("www.shop.test")
        simulator.send("POST", f"/claims/domains/{other_id}/http", {"scheme": "http"})
        (entry,) = simulator.wait_for_log(other_id, 1)["log"]
    assert entry["description"].endswith("connection failed: no address")


def test_an_ip_address_is_claimed_and_verified(tmp_path: Path) -> None:
    content = [""]
    with serving(content) as port:
        arguments = ("--verify-http-port", str(port), "--control", "127.0.0.1:0")
        with running(tmp_path, *arguments) as simulator:
            answer = simulator.send("POST", "/claims/ipaddresses/127.0.0.1")
            assert answer.status == 201
            location = answer.headers["Location"].removeprefix("/v2")
            assert location.startswith("/claims/ipaddresses/01")
            content[0] = answer.document["token"]
            assert simulator.send("POST", "/claims/ipaddresses/127.0.0.1").status == 409
            (listed,) = simulator.send("GET", "/claims/ipaddresses").document
            assert (listed["ip_address"], listed["status"]) == ("127.0.0.1", "PENDING")
            assert simulator.send("GET", "/claims/domains").document == []

            for body, status in (
                ({"scheme": "http"}, 422),
                ({"authorization_ip_address": "127.0.0.1"}, 422),
                ({"scheme": "http", "authorization_ip_address": "127.0.0.2"}, 422),
                ({"scheme": "http", "authorization_ip_address": "127.0.0.1"}, 201),
            ):
                assert simulator.send("POST", f"{location}/http", body).status == status
            claim = wait_for_address(simulator, location)
            assert claim["status"] == "VERIFIED"
            assert simulator.send("POST", f"{location}/reassert").status == 201
            assert simulator.send("DELETE", location).status == 204
            assert simulator.send("GET", location).status == 404


def wait_for_address(simulator: Simulator, path: str) -> Any:
    for _each in range(200):
        claim = simulator.send("GET", path).document
        if claim["log"]:
            return claim
        threading.Event().wait(0.05)
    raise AssertionError(claim)


@pytest.mark.parametrize("address", ["192.0.2.999", "example.com", "::g"])
def test_what_is_no_address_is_refused(simulator: Simulator, address: str) -> None:
    assert simulator.send("POST", f"/claims/ipaddresses/{address}").status == 422


def test_an_ip_address_version_6_in_any_spelling(simulator: Simulator) -> None:
    assert simulator.send("POST", "/claims/ipaddresses/2001:DB8::0:1").status == 201
    assert simulator.send("POST", "/claims/ipaddresses/2001:db8::1").status == 409
    (claim,) = simulator.send("GET", "/claims/ipaddresses").document
    assert claim["ip_address"] == "2001:db8::1"


class Mailbox:
    """What an SMTP server received."""

    def __init__(self) -> None:
        self.mails: list[Any] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails.append(envelope)
        return "250 OK"


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, str]]:
    box = Mailbox()
    port = free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, f"127.0.0.1:{port}"
    controller.stop()


def test_a_domain_is_verified_by_the_link_in_a_mail(
    tmp_path: Path, mailbox: tuple[Mailbox, str]
) -> None:
    box, smtp = mailbox
    with ExitStack() as stack:
        resolver = stack.enter_context(
            name_server(tmp_path / "dns", {"shop.test": "@ A 192.0.2.1"})
        )
        arguments = ("--smtp", smtp, "--pki-listen", "127.0.0.1:0", "--resolver", resolver)
        simulator = stack.enter_context(running(tmp_path / "simulator", *arguments))
        claim_id, _token = simulator.claim("shop.test")
        path = f"/claims/domains/{claim_id}/email"
        assert simulator.send("GET", path).document == {
            "constructed": [
                f"{name}@shop.test"
                for name in ("admin", "administrator", "webmaster", "hostmaster", "postmaster")
            ],
            "DNS": {"SOA": {"emails": ["dns.admin@example"]}},
        }
        stranger = simulator.send("POST", path, {"email_address": "ida@shop.test"})
        assert (stranger.status, stranger.description) == (422, "email_address: invalid value")
        missing = simulator.send("POST", path, {})
        assert (missing.status, missing.description) == (422, "email_address: is required")
        assert box.mails == []

        answer = simulator.send("POST", path, {"email_address": "Admin@shop.test"})
        assert answer.status == 201
        (mail,) = box.mails
        assert mail.rcpt_tos == ["Admin@shop.test"]
        text = mail.content.decode()
        (link,) = (line for line in text.splitlines() if line.startswith("http://"))
        for wrong in (link[:-1], f"{link}A", link.rpartition("/")[0] + "/"):
            with pytest.raises(urllib.error.HTTPError):
                urllib.request.urlopen(wrong, timeout=10)
        with urllib.request.urlopen(link, timeout=10) as page:
            assert "shop.test is verified" in page.read().decode()
        claim = simulator.send("GET", f"/claims/domains/{claim_id}").document
        assert (claim["status"], claim["last_verification_method"]) == ("VERIFIED", "EMAIL")
        assert simulator.send("POST", path, {"email_address": "admin@shop.test"}).status == 204
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(link, timeout=10)


@pytest.fixture
def refusing_resolver() -> Iterator[str]:
    """The address of a DNS server that answers everything with REFUSED."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))

        def refuse() -> None:
            query, sender = server.recvfrom(512)
            while query:
                answer = dns.message.make_response(dns.message.from_wire(query))
                answer.set_rcode(dns.rcode.REFUSED)
                server.sendto(answer.to_wire(), sender)
                query, sender = server.recvfrom(512)

        refusing = threading.Thread(target=refuse, daemon=True)
        refusing.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        server.sendto(b"", server.getsockname())
        refusing.join(10)


def test_a_failed_look_up_of_caa_forbids(tmp_path: Path, refusing_resolver: str) -> None:
    arguments = ("--verified", "shop.test", "--set", "caa_checked=true")
    with running(tmp_path, *arguments, "--resolver", refusing_resolver) as simulator:
        request = good_request(subject_dn={}, san={"dns_names": ["*.shop.test"]})
        answer = simulator.send("POST", "/certificates", request)
        assert answer.status == 422
        (reason,) = answer.document["errors"].values()
        assert "answered REFUSED" in reason
        counted = simulator.send("GET", "/counters/certificates/issued")
        assert counted.document == {"value": 0}


def test_without_a_mail_server_no_mail_is_promised(tmp_path: Path, refusing_resolver: str) -> None:
    with running(tmp_path, "--resolver", refusing_resolver) as simulator:
        claim_id, _token = simulator.claim("shop.test")
        body = {"email_address": "admin@shop.test"}
        assert simulator.send("POST", f"/claims/domains/{claim_id}/email", body).status == 503
        assert simulator.send("GET", f"/claims/domains/{claim_id}").document["log"] == []


def test_a_mail_that_cannot_be_sent_is_in_the_log(tmp_path: Path, refusing_resolver: str) -> None:
    arguments = ("--smtp", "127.0.0.1:1", "--pki-listen", "127.0.0.1:0")
    with running(tmp_path, *arguments, "--resolver", refusing_resolver) as simulator:
        claim_id, _token = simulator.claim("shop.test")
        body = {"email_address": "admin@shop.test"}
        assert simulator.send("POST", f"/claims/domains/{claim_id}/email", body).status == 201
        (entry,) = simulator.wait_for_log(claim_id, 1)["log"]
    assert entry["description"].startswith("no mail could be sent to admin@shop.test")
