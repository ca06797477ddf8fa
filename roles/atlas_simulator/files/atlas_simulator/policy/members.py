# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The names of members and values that requests and policies share (API reference, 3 and 4)."""

from __future__ import annotations

# In the order of section 4.1, in which problems are reported.
SUBJECT_MEMBERS = (
    "common_name",
    "given_name",
    "surname",
    "pseudonym",
    "organization",
    "organizational_unit",
    "organization_identifier",
    "country",
    "state",
    "locality",
    "street_address",
    "postal_code",
    "email",
    "serial_number",
    "jurisdiction_of_incorporation_locality_name",
    "jurisdiction_of_incorporation_state_or_province_name",
    "jurisdiction_of_incorporation_country_name",
    "business_category",
)
SUBJECT_STRINGS = tuple(name for name in SUBJECT_MEMBERS if name != "organizational_unit")
SAN_KINDS = ("dns_names", "emails", "ip_addresses", "uris")
KEY_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_certificate_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)

OPTIONAL, REQUIRED, FORBIDDEN, STATIC = "OPTIONAL", "REQUIRED", "FORBIDDEN", "STATIC"
PRESENCES = (OPTIONAL, REQUIRED, FORBIDDEN, STATIC)
STATIC_TRUE, STATIC_FALSE = "STATIC_TRUE", "STATIC_FALSE"
OPTIONAL_STATICS = (OPTIONAL, STATIC_TRUE, STATIC_FALSE)
PKCS8, PKCS10 = "PKCS8", "PKCS10"
RSA, RSA_PSS, ECDSA = "RSA", "RSA-PSS", "ECDSA"
HASHES = ("SHA-256", "SHA-384", "SHA-512")
