# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading certificates without a library, and bytes that are none."""

from __future__ import annotations

from datetime import datetime

import pytest
from cryptography import x509
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID

from ansible_collections.globalsign.atlas.plugins.module_utils.asn1.der import MalformedError
from ansible_collections.globalsign.atlas.plugins.module_utils.endpoint.certificate import (
    read_certificate,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.endpoint.certificate_message import (
    certificates_in,
)

TLS_1_2 = 0x0303
TLS_1_3 = 0x0304


def attribute(value, oid=NameOID.ORGANIZATION_NAME, **kind):
    return x509.NameAttribute(oid, value, **kind)


def test_names_are_sorted_and_each_once(authority):
    leaf = authority.leaf("b.example", "*.a.example", "b.example", "2001:db8::1", "192.0.2.7")
    assert read_certificate(leaf.der).names == (
        "*.a.example",
        "192.0.2.7",
        "2001:db8::1",
        "b.example",
    )


def test_other_kinds_of_names_are_passed_over(authority):
    assert read_certificate(authority.leaf().der).names == ()
    assert read_certificate(authority.root.der).subject == "CN=Root"


@pytest.mark.parametrize(
    "relative_names",
    [
        [[attribute("DE", NameOID.COUNTRY_NAME)], [attribute('A, B + C; <D> \\ "E"')]],
        [[attribute(" leading and trailing ")]],
        [[attribute("#1")]],
        [[attribute("München")], [attribute("日本", _type=_ASN1Type.BMPString)]],
        [[attribute("𝄞", _type=_ASN1Type.UniversalString)]],
        [[attribute("HRB 1", NameOID.SERIAL_NUMBER)], [attribute("a@b.c", NameOID.EMAIL_ADDRESS)]],
        [],
    ],
)
def test_subjects_are_written_as_in_the_rest_of_the_collection(authority, relative_names):
    subject = x509.Name([x509.RelativeDistinguishedName(names) for names in relative_names])
    leaf = authority.leaf(subject=subject)
    assert read_certificate(leaf.der).subject == leaf.certificate.subject.rfc4514_string()


def test_attributes_of_one_relative_name_are_in_the_order_of_the_encoding(authority):
    # Not compared with the library: cryptography 3.3 has them in any order.
    names = [attribute("one"), attribute("two", NameOID.COMMON_NAME)]
    leaf = authority.leaf(subject=x509.Name([x509.RelativeDistinguishedName(names)]))
    assert read_certificate(leaf.der).subject == "CN=two+O=one"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1, "0" * 31 + "1"),
        (0xF0 << 120, "F0" + "0" * 30),
        (0x1F << 152, "1F" + "0" * 38),
        (0x1 << 148, "10" + "0" * 36),
        (0x1 << 128, "01" + "0" * 32),
    ],
)
def test_serial_numbers_have_an_even_number_of_digits(authority, number, text):
    assert read_certificate(authority.leaf(serial_number=number).der).serial_number == text


def encoded(tag, *contents):
    content = b"".join(contents)
    assert len(content) < 0x80
    return bytes([tag, len(content)]) + content


def small(version=b"", serial=b"\x02\1\1", time=b"\x17\x0d200101000000Z", extensions=b""):
    """A certificate with the least in it."""
    empty = encoded(0x30)
    signed = encoded(
        0x30, version, serial, empty, empty, encoded(0x30, time, time), empty, empty, extensions
    )
    return encoded(0x30, signed, empty, encoded(0x03))


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (b"\x17\x0d491231235959Z", "2049-12-31T23:59:59Z"),
        (b"\x17\x0d500101000000Z", "1950-01-01T00:00:00Z"),
        (b"\x18\x0f99991231235959Z", "9999-12-31T23:59:59Z"),
        (b"\x18\x0f00010101000000Z", "0001-01-01T00:00:00Z"),
    ],
)
def test_times_have_four_digits_for_the_year(time, text):
    assert read_certificate(small(time=time)).not_after == text


def general_names(*names):
    value = encoded(0x04, encoded(0x30, *names))
    extension = encoded(0x30, b"\x06\3\x55\x1d\x11", value)
    return encoded(0xA3, encoded(0x30, extension))


def test_negative_serial_numbers_and_odd_names_are_told_as_they_are():
    odd = small(serial=b"\x02\1\xff", extensions=general_names(b"\x82\4a\xffb\n", b"\x81\3a@b"))
    told = read_certificate(odd)
    assert told.serial_number == "-" + "0" * 31 + "1"
    assert told.names == ("a\\xffb\n",)


@pytest.mark.parametrize(
    ("certificate", "text"),
    [
        (b"", "a certificate has 0 parts instead of 1"),
        (b"\x30\0", "a certificate has 0 parts instead of 3"),
        (b"\x31\0", "a value has the tag 0x31 where 0x30 belongs"),
        (b"\x30", "a value has no length"),
        (b"\x30\1", "a value is longer than what holds it"),
        (b"\x30\x80\0\0", "a length is indefinite, too long or cut off"),
        (b"\x30\x85\0\0\0\0\1\0", "a length is indefinite, too long or cut off"),
        (b"\x30\x82\1", "a length is indefinite, too long or cut off"),
        (b"\x3f\x81\1\0", "a tag has several octets, which certificates do not use"),
        (encoded(0x30, b"\x30\0\x30\0\x03\0"), "a certificate lacks required fields"),
        (small(serial=b"\x02\0"), "an INTEGER is empty"),
        (small(time=b"\x17\x0d201301000000Z"), "a time is not a date and time"),
        (small(time=b"\x17\x07200101Z"), "a time is not a date and time"),
        (small(time=b"\x17\x0d20010100000\xffZ"), "a time is not a date and time"),
        (small(time=b"\x13\x0d200101000000Z"), "a time is not a date and time"),
        (
            small(extensions=general_names(b"\x87\5\1\2\3\4\5")),
            "an IP address has 5 octets instead of 4 or 16",
        ),
        (
            small(extensions=encoded(0xA3, encoded(0x30, encoded(0x30, b"\x06\2\x55\x9d")))),
            "an OBJECT IDENTIFIER is cut off",
        ),
    ],
)
def test_what_breaks_the_rules_is_refused_with_the_rule(certificate, text):
    with pytest.raises(MalformedError) as caught:
        read_certificate(certificate)
    assert str(caught.value) == text


def test_whatever_is_cut_off_is_refused(authority):
    certificate = authority.leaf("www.example.com").der
    for length in range(len(certificate)):
        with pytest.raises(MalformedError):
            read_certificate(certificate[:length])


def test_any_other_octet_anywhere_is_read_or_refused(authority):
    certificate = authority.leaf("www.example.com", "192.0.2.1").der
    for position in range(len(certificate)):
        for changed in (0x00, 0x1F, 0x7F, 0x80, 0xFF, certificate[position] ^ 1):
            hostile = certificate[:position] + bytes([changed]) + certificate[position + 1 :]
            try:
                told = read_certificate(hostile)
            except MalformedError:
                continue
            assert datetime.strptime(told.not_after, "%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize(
    ("protocol", "body"),
    [
        (TLS_1_2, b"\0\0\x09\0\0\3abc\0\0\0"),
        (TLS_1_3, b"\1x\0\0\x0f\0\0\3abc\0\2ee\0\0\0\0\0"),
    ],
)
def test_a_certificate_message_is_read_whole_or_refused(protocol, body):
    message = b"\x0b" + len(body).to_bytes(3, "big") + body
    assert certificates_in(message, protocol) == (b"abc", b"")
    for length in range(len(message)):
        with pytest.raises(MalformedError, match="it is cut off"):
            certificates_in(message[:length], protocol)


def test_a_certificate_message_without_certificates_is_refused():
    with pytest.raises(MalformedError, match="it is empty"):
        certificates_in(b"\x0b\0\0\3\0\0\0", TLS_1_2)
