# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The connection options: each mistake is one sentence that names its option, and no secret."""

from __future__ import annotations

import ssl
import time
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from ansible_collections.globalsign.atlas.plugins.module_utils.account import credentials
from ansible_collections.globalsign.atlas.plugins.module_utils.account import (
    identity as identity_module,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.account.credentials import (
    account_of,
    as_content,
    open_session,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.account.identity import identity_of
from ansible_collections.globalsign.atlas.plugins.module_utils.account.sources import (
    Source,
    from_file,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.api.options import ConnectionOptions
from ansible_collections.globalsign.atlas.plugins.module_utils.api.session import Account
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import certificates, keys

PASSPHRASE = "a passphrase for tests"
KEY = keys.generate(keys.KeyKind("ECDSA", 256))


def find(option: str, given: str) -> Source:
    return from_file(option, Path(given).name, given)


def opened(options: dict[str, Any]) -> Any:
    """A session, once nothing of it is left on the disk."""
    folder = Path(options["ca_path"] or options["client_pkcs12"]).parent
    before = set(folder.iterdir())
    session = open_session(options, find, str(folder))
    assert set(folder.iterdir()) == before
    return session


@pytest.fixture
def options(tmp_path: Path, hierarchy: Any) -> dict[str, Any]:
    """Options that are all right, with their files."""
    now = int(time.time())
    leaf = hierarchy.issuing.issue(KEY.public_key(), not_before=now - 100, not_after=now + 100)
    (tmp_path / "client.crt").write_text(certificates.certificate_pem(leaf))
    (tmp_path / "client.key").write_bytes(keys.private_key_pem(KEY))
    (tmp_path / "ca.crt").write_text(hierarchy.chain[1])
    return {
        "api_url": "https://localhost:8443/v2",
        "api_key": "e510e289e6cd8947",
        "api_secret": "a9c4f6d27be0514c83d6f10b2e97a4c5d80e3b61",
        "client_cert": str(tmp_path / "client.crt"),
        "client_key": str(tmp_path / "client.key"),
        "ca_path": str(tmp_path / "ca.crt"),
        "validate_certs": True,
        "connect_timeout": 10,
        "read_timeout": 60,
        "total_timeout": 180,
        "retries": 5,
    }


def encrypted(key: keys.PrivateKey, kind: serialization.PrivateFormat) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        kind,
        serialization.BestAvailableEncryption(PASSPHRASE.encode()),
    )


def test_good_options_open_a_session(options: dict[str, Any]) -> None:
    opened(options).close()


def test_without_a_ca_the_system_decides(options: dict[str, Any], tmp_path: Path) -> None:
    open_session({**options, "ca_path": None}, find, str(tmp_path)).close()


@pytest.mark.parametrize(
    "kind", [serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL]
)
def test_a_key_with_a_passphrase(
    options: dict[str, Any], kind: serialization.PrivateFormat
) -> None:
    Path(options["client_key"]).write_bytes(encrypted(KEY, kind))
    opened({**options, "client_key_passphrase": PASSPHRASE}).close()


@pytest.mark.parametrize("option", ["api_key", "api_secret", "client_cert", "client_key"])
@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_option_is_named_with_its_variable(
    options: dict[str, Any], option: str, value: str | None
) -> None:
    with pytest.raises(AtlasError, match=f"^{option} is not set.*ATLAS_{option.upper()}"):
        open_session({**options, option: value}, find, "/tmp")


def refused(options: dict[str, Any]) -> str:
    with pytest.raises(AtlasError) as error:
        open_session(options, find, "/tmp")
    message = error.value.message
    assert "\n" not in message
    assert PASSPHRASE not in message
    assert "BEGIN" not in message
    return message


def test_an_expired_certificate(options: dict[str, Any], hierarchy: Any) -> None:
    leaf = hierarchy.issuing.issue(KEY.public_key(), not_before=0, not_after=1_700_000_000)
    Path(options["client_cert"]).write_text(certificates.certificate_pem(leaf))
    assert refused(options) == (
        "client_cert: client.crt expired on 2023-11-14; make a new mTLS certificate in the Atlas"
        " portal."
    )


def test_a_key_of_another_certificate(options: dict[str, Any]) -> None:
    other = keys.generate(keys.KeyKind("ECDSA", 256))
    Path(options["client_key"]).write_bytes(keys.private_key_pem(other))
    expected = "client_key: client.key is not the private key of client_cert"
    assert refused(options).startswith(expected)


def test_a_passphrase_that_is_missing(options: dict[str, Any]) -> None:
    Path(options["client_key"]).write_bytes(encrypted(KEY, serialization.PrivateFormat.PKCS8))
    assert "give it as client_key_passphrase" in refused(options)


def test_a_passphrase_that_is_wrong(options: dict[str, Any]) -> None:
    Path(options["client_key"]).write_bytes(encrypted(KEY, serialization.PrivateFormat.PKCS8))
    message = refused({**options, "client_key_passphrase": "another secret passphrase"})
    assert "client_key_passphrase is wrong" in message
    assert "another secret" not in message


def test_a_passphrase_for_a_key_without_one(options: dict[str, Any]) -> None:
    message = refused({**options, "client_key_passphrase": PASSPHRASE})
    assert message.endswith("leave client_key_passphrase out.")


@pytest.mark.parametrize("option", ["client_cert", "client_key", "ca_path"])
@pytest.mark.parametrize("content", [b"", b"nothing of the kind", b"\xff\xfe"])
def test_a_file_that_holds_something_else(
    options: dict[str, Any], option: str, content: bytes
) -> None:
    Path(options[option]).write_bytes(content)
    assert refused(options).startswith(f"{option}: {Path(options[option]).name} ")


@pytest.mark.parametrize("option", ["client_cert", "client_key"])
def test_a_file_that_cannot_be_read(options: dict[str, Any], option: str, tmp_path: Path) -> None:
    assert refused({**options, option: str(tmp_path)}).startswith(f"{option}: ")


def test_certificate_and_key_as_content(options: dict[str, Any]) -> None:
    contents = {
        f"{name}_content": Path(options[name]).read_text() for name in ("client_cert", "client_key")
    }
    opened({**options, "client_cert": None, "client_key": None, **contents}).close()


@pytest.mark.parametrize("passphrase", ["", PASSPHRASE])
def test_a_pkcs12_file(options: dict[str, Any], tmp_path: Path, passphrase: str) -> None:
    leaf = certificates.load_certificates(Path(options["client_cert"]).read_bytes())[0]
    encryption: Any = serialization.NoEncryption()
    if passphrase:
        encryption = serialization.BestAvailableEncryption(passphrase.encode())
    content = pkcs12.serialize_key_and_certificates(
        b"atlas", KEY, certificates.to_library(leaf), None, encryption
    )
    (tmp_path / "client.p12").write_bytes(content)
    given = {"client_pkcs12": str(tmp_path / "client.p12"), "client_key_passphrase": passphrase}
    opened({**options, "client_cert": None, "client_key": None, **given}).close()
    if passphrase:
        wrong = {**options, **given, "client_key_passphrase": "another"}
        assert "client_pkcs12: client.p12 cannot be read" in refused(wrong)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"connect_timeout": 0}, "connect_timeout: 0 is too small; give at least 1."),
        ({"retries": -1}, "retries: -1 is too small; give at least 0."),
        ({"extra_headers": {"X-A": ["b"]}}, "extra_headers: the value of X-A is not a text."),
        ({"api_url": "http://atlas.example/v2"}, "plain http is for this machine only"),
    ],
)
def test_a_bad_connection_option(
    options: dict[str, Any], changes: dict[str, Any], text: str
) -> None:
    assert text in refused({**options, **changes})


def test_the_name_of_a_region_stands_for_its_url(options: dict[str, Any]) -> None:
    assert account_of({**options, "api_url": "EMEA"}).url == (
        "https://emea.api.hvca.globalsign.com:8443/v2"
    )


class Recording:
    """In place of a Session: what it was opened with."""

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "Session", Recording)


@pytest.mark.usefixtures("recorded")
def test_each_option_reaches_the_session(options: dict[str, Any], tmp_path: Path) -> None:
    given = {"connect_timeout": 1, "read_timeout": 2, "total_timeout": 3, "retries": 0}
    more = {"proxy": "http://proxy:3128", "extra_headers": {"X-A": "b", "X-N": 7}}
    opened = open_session({**options, **given, **more}, find, str(tmp_path), "the store")  # type: ignore[arg-type]
    account, context, connection, store = opened.arguments  # type: ignore[attr-defined]
    assert account == Account(options["api_url"], options["api_key"], options["api_secret"])
    assert connection == ConnectionOptions(
        connect_timeout=1,
        read_timeout=2,
        total_timeout=3,
        retries=0,
        proxy="http://proxy:3128",
        extra_headers={"X-A": "b", "X-N": "7"},
    )
    assert store == "the store"
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)
    assert context.cert_store_stats()["x509"] == 1


@pytest.mark.usefixtures("recorded")
def test_without_them_there_is_no_proxy_and_no_header(options: dict[str, Any]) -> None:
    for nothing in ({}, {"proxy": "", "extra_headers": None}):
        connection = open_session({**options, **nothing}, find, "/tmp").arguments[2]  # type: ignore[attr-defined]
        assert (connection.proxy, connection.extra_headers) == (None, {})


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize("with_ca", [True, False])
def test_verification_is_off_only_where_the_task_says_so(
    options: dict[str, Any], with_ca: bool
) -> None:
    given = {**options, "ca_path": options["ca_path"] if with_ca else None}
    on = open_session(given, find, "/tmp").arguments[1]  # type: ignore[attr-defined]
    assert (on.check_hostname, on.verify_mode) == (True, ssl.CERT_REQUIRED)
    off = open_session({**given, "validate_certs": False}, find, "/tmp").arguments[1]  # type: ignore[attr-defined]
    assert (off.check_hostname, off.verify_mode) == (False, ssl.CERT_NONE)
    assert off.minimum_version == ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize(
    ("option", "least"),
    [("connect_timeout", 1), ("read_timeout", 1), ("total_timeout", 1), ("retries", 0)],
)
def test_the_least_of_each_number(options: dict[str, Any], option: str, least: int) -> None:
    opened({**options, option: least}).close()
    assert refused({**options, option: least - 1}) == (
        f"{option}: {least - 1} is too small; give at least {least}."
    )


@pytest.mark.parametrize("value", [None, True, 1.5, ["b"], {}])
def test_what_is_no_header(options: dict[str, Any], value: Any) -> None:
    assert refused({**options, "extra_headers": {"X-A": value}}) == (
        "extra_headers: the value of X-A is not a text."
    )


def test_the_key_is_on_the_disk_encrypted_for_this_user_and_no_longer_than_it_takes(
    options: dict[str, Any], tmp_path: Path
) -> None:
    identity = identity_of(options, find)
    seen: list[Any] = []

    class Context:
        def load_cert_chain(self, path: str, password: Any) -> None:
            content = Path(path).read_bytes()
            seen.append((Path(path).parent, Path(path).stat().st_mode & 0o777))
            assert b"BEGIN ENCRYPTED PRIVATE KEY" in content
            assert b"BEGIN PRIVATE KEY" not in content
            key = serialization.load_pem_private_key(content, password())
            assert key.private_numbers() == KEY.private_numbers()  # type: ignore[union-attr]
            seen.append((password(), Path(path)))
            error = ssl.SSLError()
            error.reason = "NO_SUCH_CURVE"
            raise error

    folder = tmp_path / "own"
    folder.mkdir()
    for _time in range(2):
        with pytest.raises(
            AtlasError,
            match=r"^client_cert: OpenSSL .* does not take the certificate: NO_SUCH_CURVE\.$",
        ):
            identity.load_into(Context(), str(folder))  # type: ignore[arg-type]
        assert list(folder.iterdir()) == []
    assert seen[0] == seen[2] == (folder, 0o600)
    (first, _path), (second, _other) = seen[1], seen[3]
    assert first != second
    assert len(first) == 64


def test_an_identity_shows_no_key(options: dict[str, Any]) -> None:
    identity = identity_of(options, find)
    assert "key" not in repr(identity)
    assert identity.certificates_pem == Path(options["client_cert"]).read_text()
    assert serialization.load_pem_private_key(identity.key_pem.encode(), None)


def test_the_issuers_are_sent_along(options: dict[str, Any], hierarchy: Any) -> None:
    leaf = Path(options["client_cert"]).read_text()
    Path(options["client_cert"]).write_text(leaf + hierarchy.chain[0])
    assert identity_of(options, find).certificates_pem == leaf + hierarchy.chain[0]


def test_a_certificate_ends_at_its_last_second(
    options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    leaf = certificates.load_certificates(Path(options["client_cert"]).read_bytes())[0]
    end = certificates.not_after(leaf)
    monkeypatch.setattr(identity_module.time, "time", lambda: end - 1)
    identity_of(options, find)
    monkeypatch.setattr(identity_module.time, "time", lambda: end)
    with pytest.raises(AtlasError, match=r"client\.crt expired on "):
        identity_of(options, find)


def test_content_comes_before_a_path(options: dict[str, Any]) -> None:
    contents = {
        f"{name}_content": Path(options[name]).read_text() for name in ("client_cert", "client_key")
    }
    paths = {"client_cert": "/nowhere", "client_key": "/nowhere"}
    opened({**options, **paths, **contents}).close()


def test_what_goes_to_a_node_is_content(options: dict[str, Any]) -> None:
    given = {**options, "client_key_passphrase": None, "config_file": "/a", "max_issue": 7}
    moved, files = as_content(given, find)
    assert moved == {
        **given,
        "client_cert": None,
        "client_key": None,
        "client_pkcs12": None,
        "config_file": None,
        "ca_path": None,
        "client_cert_content": Path(options["client_cert"]).read_text(),
        "client_key_content": Path(options["client_key"]).read_text(),
    }
    assert files == {"ca_path": Path(options["ca_path"]).read_bytes()}
    assert as_content({**options, "ca_path": None}, find)[1] == {}


def test_a_key_goes_to_a_node_decrypted_and_its_passphrase_not_at_all(
    options: dict[str, Any],
) -> None:
    Path(options["client_key"]).write_bytes(encrypted(KEY, serialization.PrivateFormat.PKCS8))
    moved, _files = as_content({**options, "client_key_passphrase": PASSPHRASE}, find)
    assert moved["client_key_passphrase"] is None
    assert moved["client_key_content"] == keys.private_key_pem(KEY).decode("ascii")


def test_a_file_that_cannot_go_to_a_node_is_named(options: dict[str, Any]) -> None:
    with pytest.raises(AtlasError, match=r"^ca_path: gone\.crt cannot be read: no such file"):
        as_content({**options, "ca_path": "/gone.crt"}, find)


@pytest.mark.parametrize("use", [open_session, as_content])
def test_without_cryptography_that_is_said_first(use: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise AtlasError("cryptography is missing.")

    monkeypatch.setattr(credentials, "require_cryptography", fail)
    with pytest.raises(AtlasError, match=r"^cryptography is missing\.$"):
        use({}, find, *(["/tmp"] if use is open_session else []))


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize("with_ca", [True, False])
def test_old_versions_of_tls_are_off_whatever_the_system_says(
    options: dict[str, Any], with_ca: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = ssl.create_default_context

    def permissive(**given: Any) -> ssl.SSLContext:
        context = original(**given)
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        return context

    monkeypatch.setattr(ssl, "create_default_context", permissive)
    given = {**options, "ca_path": options["ca_path"] if with_ca else None}
    context = open_session(given, find, "/tmp").arguments[1]  # type: ignore[attr-defined]
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("parts", ["key", "certificate"])
def test_a_pkcs12_file_that_lacks_something(
    options: dict[str, Any], tmp_path: Path, parts: str
) -> None:
    leaf = certificates.load_certificates(Path(options["client_cert"]).read_bytes())[0]
    content = pkcs12.serialize_key_and_certificates(
        b"atlas",
        KEY if parts == "key" else None,
        certificates.to_library(leaf) if parts == "certificate" else None,
        None,
        serialization.NoEncryption(),
    )
    (tmp_path / "client.p12").write_bytes(content)
    assert refused({**options, "client_pkcs12": str(tmp_path / "client.p12")}) == (
        "client_pkcs12: client.p12 does not hold a private key with its certificate."
    )


@pytest.mark.parametrize(
    ("passphrase", "message"),
    [
        (None, "client_key: client.key is not a private key in PEM format."),
        ("", "client_key: client.key is not a private key in PEM format."),
        (
            PASSPHRASE,
            "client_key: client.key cannot be read: client_key_passphrase is wrong, or it is"
            " damaged.",
        ),
    ],
)
def test_what_is_no_key_is_told_by_what_was_given(
    options: dict[str, Any], passphrase: str | None, message: str
) -> None:
    Path(options["client_key"]).write_text("nothing of the kind")
    assert refused({**options, "client_key_passphrase": passphrase}) == message


def test_a_pkcs12_file_that_is_none(options: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "client.p12").write_bytes(b"nothing of the kind")
    for passphrase in (None, PASSPHRASE):
        given = {"client_pkcs12": str(tmp_path / "client.p12"), "client_key_passphrase": passphrase}
        assert refused({**options, **given}) == (
            "client_pkcs12: client.p12 cannot be read: client_key_passphrase is wrong or missing,"
            " or it is no PKCS#12 file."
        )


def test_a_source_shows_nothing_of_what_it_holds() -> None:
    assert repr(Source("client_key", "a.key", b"secret")) == (
        "Source(option='client_key', given='a.key')"
    )


@pytest.mark.parametrize("label", ["CERTIFICATE", "TRUSTED CERTIFICATE"])
def test_ca_certificates_may_have_comments_in_any_letters(
    options: dict[str, Any], tmp_path: Path, label: str
) -> None:
    """As in the bundles of distributions."""
    path = Path(options["ca_path"])
    certificate = path.read_text().replace("CERTIFICATE-----", f"{label}-----")
    path.write_bytes("\N{ZERO WIDTH NO-BREAK SPACE}# F\N{DOUBLE ACUTE ACCENT}\n".encode())
    with path.open("a") as file:
        file.write(certificate + "# end\n")
    open_session(options, find, str(tmp_path)).close()
