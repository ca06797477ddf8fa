# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starting and stopping, and what is on disk."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest
from atlas_simulator.command_line import _loopback_address, _parser, _port, _settings
from atlas_simulator.problems import StartError
from atlas_simulator.settings import Address
from cryptography import x509

from .conftest import PACKAGE, Simulator, good_request, launcher, running

MODES = {
    "env": 0o600,
    "connection.json": 0o600,
    "client.key": 0o600,
    "server.key": 0o600,
    "issuing-1.key": 0o600,
    "root.key": 0o600,
    "atlas.sqlite": 0o600,
}


def refused(folder: Path, *arguments: str) -> str:
    """Start with bad arguments; the one line that says why not."""
    with tempfile.TemporaryDirectory() as place:
        output, errors = Path(place) / "output", Path(place) / "errors"
        command = ["serve", "--data-dir", str(folder), *arguments]
        assert launcher().start(command, output, errors).wait(20) == 2
        assert output.read_text() == ""
        sentence = errors.read_text()
    assert sentence.count("\n") == 1
    return sentence


def test_it_is_a_program(tmp_path: Path) -> None:
    """As the role starts it, and not as most tests here do."""
    command = [sys.executable, "-m", "atlas_simulator", "serve", "--data-dir", str(tmp_path)]
    with subprocess.Popen(
        [*command, "--listen", "127.0.0.1:0"], cwd=PACKAGE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert re.fullmatch(r"ready https://127\.0\.0\.1:\d+/v2\n", process.stdout.readline())
        process.terminate()
        assert process.stdout.read() == ""
    assert process.returncode == 0
    ended = subprocess.run(
        [*command, "--listen", "nowhere"], cwd=PACKAGE, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)


def test_it_ends_cleanly_on_sigterm(tmp_path: Path) -> None:
    simulator = Simulator(tmp_path / "data")
    assert simulator.login().status == 200
    assert simulator.stop() == 0


def test_a_request_under_way_does_not_hold_up_the_end(tmp_path: Path) -> None:
    simulator = Simulator(tmp_path / "data")
    host, port = simulator.url.removeprefix("https://").removesuffix("/v2").split(":")
    with socket.create_connection((host, int(port))):
        assert simulator.stop() == 0


def test_secrets_are_for_the_owner_only(simulator: Simulator) -> None:
    assert simulator.folder.stat().st_mode & 0o777 == 0o700
    modes = {name: (simulator.folder / name).stat().st_mode & 0o777 for name in MODES}
    assert modes == MODES


def test_connection_json_says_the_same_as_env(simulator: Simulator) -> None:
    options = json.loads((simulator.folder / "connection.json").read_text())
    assert {f"ATLAS_{name.upper()}": value for name, value in options.items()} == simulator.account


def test_what_was_issued_and_claimed_outlives_a_kill(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    first = Simulator(folder, "--verified", "quillon.example")
    location = first.send("POST", "/certificates", good_request()).headers["Location"]
    path = location.removeprefix("/v2")
    certificate = first.send("GET", path).document
    claim_id, token = first.claim("other.example")
    chain = first.send("GET", "/trustchain").document
    old_token = first.token
    first.stop(signal.SIGKILL)

    with running(folder) as second:
        assert second.account["ATLAS_API_SECRET"] == first.account["ATLAS_API_SECRET"]
        assert second.send("GET", path).document == certificate
        assert second.send("GET", f"/claims/domains/{claim_id}").document["token"] == token
        assert second.send("GET", "/trustchain").document == chain
        assert second.send("GET", "/quotas/issuance").document == {"value": 999_999}
        claims = second.send("GET", "/claims/domains").document
        assert [(claim["domain"], claim["status"]) for claim in claims] == [
            ("quillon.example.", "VERIFIED"),
            ("other.example.", "PENDING"),
        ]
        used_again = second.send(
            "GET", "/trustchain", headers={"Authorization": f"Bearer {old_token}"}
        )
        assert (used_again.status, used_again.description) == (401, "Signature is invalid")


def test_a_kill_at_any_moment_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    acknowledged: list[str] = []
    for round_number in range(3):
        simulator = Simulator(folder, "--verified", "quillon.example")
        assert simulator.token

        def issue_until_killed(simulator: Simulator = simulator) -> None:
            while True:
                try:
                    acknowledged.append(simulator.issue())
                except (OSError, http.client.HTTPException):
                    return

        threads = [threading.Thread(target=issue_until_killed) for _each in range(4)]
        for thread in threads:
            thread.start()
        while len(acknowledged) < 20 * (round_number + 1):
            time.sleep(0.01)
        simulator.stop(signal.SIGKILL)
        for thread in threads:
            thread.join(20)
    assert len(set(acknowledged)) == len(acknowledged)
    with running(folder) as simulator:
        for serial in acknowledged:
            assert simulator.certificate(serial).serial_number == int(serial, 16)
        # What was not acknowledged may have been issued all the same.
        left = simulator.send("GET", "/quotas/issuance").document["value"]
        assert left <= 1_000_000 - len(acknowledged)


def test_server_names_are_in_the_certificate(tmp_path: Path) -> None:
    with running(tmp_path, "--server-name", "atlas.example", "--server-name", "192.0.2.7"):
        certificate = x509.load_pem_x509_certificate((tmp_path / "server.crt").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {str(name.value) for name in names} == {
        "atlas.example",
        "192.0.2.7",
        "localhost",
        "127.0.0.1",
        "::1",
    }


def test_other_server_names_make_a_new_certificate(tmp_path: Path) -> None:
    with running(tmp_path):
        first = (tmp_path / "server.crt").read_bytes()
    with running(tmp_path):
        assert (tmp_path / "server.crt").read_bytes() == first
    with running(tmp_path, "--server-name", "atlas.example"):
        assert (tmp_path / "server.crt").read_bytes() != first


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("10.0.0.1", "10.0.0.1", 53),
        ("10.0.0.1:5353", "10.0.0.1", 5353),
        ("2001:db8::1", "2001:db8::1", 53),
        ("2001:db8::1:53", "2001:db8::1:53", 53),
        ("[2001:db8::1]", "2001:db8::1", 53),
        ("[2001:db8::1]:5353", "2001:db8::1", 5353),
        ("::1", "::1", 53),
        ("localhost", "localhost", 53),
        ("dns.example.com", "dns.example.com", 53),
        ("dns.example.com:65535", "dns.example.com", 65535),
    ],
)
def test_a_resolver_needs_no_port(text: str, host: str, port: int) -> None:
    parsed = _parser().parse_args(["serve", "--data-dir", "data", "--resolver", text])
    assert _settings(parsed).verification.resolvers == (Address(host, port),)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":53",
        "10.0.0.1:",
        "10.0.0.1:0",
        "10.0.0.1:65536",
        "10.0.0.1:dns",
        "[2001:db8::1]:0",
        "[2001:db8::1",
        "dns..example",
        "dns.example:53:53",
        "2001:db8::g",
    ],
)
def test_what_is_no_resolver(text: str) -> None:
    parsed = _parser().parse_args(["serve", "--data-dir", "data", "--resolver", text])
    with pytest.raises(
        StartError, match=r"is neither HOST nor HOST:PORT, such as 192\.0\.2\.53 or"
    ):
        _settings(parsed)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--listen", "8443"), "--listen: 8443 is not HOST:PORT, such as 127.0.0.1:8443."),
        (("--listen", "127.0.0.1:65536"), "--listen: 127.0.0.1:65536 is not HOST:PORT"),
        (("--control", "0.0.0.0:0"), "--control: 0.0.0.0 is not a loopback address"),
        (("--policy", "dv-tsl"), "neither a file nor a ready-made policy (dv-tls, dv-tls-rsa"),
        (("--verified", "localhost"), "--verified: localhost is not a domain"),
        (("--resolve", "www.example.com"), "is not NAME=ADDRESS"),
        (("--resolve", "www.example.com=www"), "is not NAME=ADDRESS"),
        (("--resolver", "dns server"), "--resolver: dns server is neither HOST nor HOST:PORT"),
        (("--verify-http-port", "0"), "--verify-http-port: 0 is no port."),
    ],
)
def test_bad_arguments_are_named(tmp_path: Path, arguments: tuple[str, ...], sentence: str) -> None:
    assert sentence in refused(tmp_path / "data", *arguments)


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        sentence = refused(tmp_path / "data", "--listen", address)
    assert f"--listen: {address} cannot be listened on: Address already in use." in sentence


def test_two_on_one_folder_are_refused(tmp_path: Path) -> None:
    with running(tmp_path):
        assert "is in use by another simulator" in refused(tmp_path)


def test_a_damaged_key_is_named(tmp_path: Path) -> None:
    with running(tmp_path):
        pass
    (tmp_path / "issuing-1.key").write_text("no key")
    assert "issuing-1.key or issuing-1.crt" in refused(tmp_path)


def test_a_damaged_database_is_named(tmp_path: Path) -> None:
    with running(tmp_path):
        pass
    for name in ("atlas.sqlite-wal", "atlas.sqlite-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    (tmp_path / "atlas.sqlite").write_text("no database" * 1000)
    assert "atlas.sqlite is no database of the simulator" in refused(tmp_path)


@pytest.mark.parametrize(
    ("policy", "sentence"),
    [
        ("{", "cannot be read as JSON"),
        ("[]", "does not hold a JSON object"),
        ('{"colours": {}}', "colours in"),
        ('{"validity": {"secondsmax": "long"}}', "validity.secondsmax in"),
        ('{"subject_dn": {"country": {"presence": "MAYBE"}}}', "subject_dn.country in"),
        ('{"subject_dn": {"country": {"presence": "OPTIONAL", "format": "("}}}', "is not a string"),
        ('{"san": {"dns_names": {"static": false, "list": ["."]}}}', "san.dns_names in"),
        ('{"san": []}', "san in"),
    ],
)
def test_a_policy_that_cannot_be_enforced_is_refused(
    tmp_path: Path, policy: str, sentence: str
) -> None:
    file = tmp_path / "policy.json"
    file.write_text(policy)
    assert sentence in refused(tmp_path / "data", "--policy", str(file))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "[::1]", "localhost"])
def test_the_control_listener_is_on_loopback(host: str) -> None:
    assert str(_loopback_address(f"{host}:65535")) == f"{host}:65535"


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "[::]", "192.168.0.1", "10.0.0.1", "example.com", "localhost.example", "a"]
)
def test_the_control_listener_is_on_nothing_else(host: str) -> None:
    with pytest.raises(StartError, match="is not a loopback address, such as 127"):
        _loopback_address(f"{host}:8444")


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_what_is_no_port(port: int) -> None:
    assert _port("--verify-http-port", 65535) == 65535
    assert _port("--verify-http-port", 1) == 1
    with pytest.raises(StartError, match=f"{port} is no port"):
        _port("--verify-http-port", port)
