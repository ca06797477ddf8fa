# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All texts that the service answers with, in one table (API reference, "Responses and errors").

Texts that no source tells are of the form `<path>: <what>`, as the known ones are.
"""

from __future__ import annotations

BAD_REQUEST = "Bad Request"
BAD_CERTIFICATE_REQUEST = "Invalid certificate issuance request"
UNAUTHORIZED = "Unauthorized"
EXPIRED = "Token is expired"
FORGED = "Signature is invalid"
QUOTA_REACHED = "Quota Reached"
NOT_FOUND = "Not Found"
METHOD_NOT_ALLOWED = "Method Not Allowed"
LENGTH_REQUIRED = "Content-Length required"
TOO_LARGE = "Request Entity Too Large"
BAD_CONTENT_TYPE = "Bad Content-Type"
BAD_LOGIN = "Invalid login request"
RATE_LIMIT = "Rate Limit Reached"
BUSY = "Service busy, please retry later"
IN_PROGRESS = "Operation in Progress"
INTERNAL = "Internal Server Error"

CLAIM_EXPIRED = "Claim expired. Reassert first"
CLAIM_EXISTS = "Claim for domain {domain}. already exists"
IP_CLAIM_EXISTS = "Claim for IP address {domain} already exists"
NO_MAIL = "No mail can be sent: the simulator was started without --smtp or --pki-listen"
RISK = "Risk scoring validation failure"
BAD_ID = "invalid ID length"
BAD_SERIAL = "invalid serial number length"
BAD_FROM = "from: invalid value"
BAD_TO = "to: invalid value"
LONG_WINDOW = "to: time window exceeding max of 30 days"
CANNOT_REVOKE = "Cannot revoke a REJECTED certificate"
ALREADY_REVOKED = "Certificate is already revoked"
NOT_ACTIVE = "Certificate is not active"
BAD_PAGE = "page: invalid value"
BAD_PAGE_SIZE = "per_page: must be between 1 and 100"

REQUIRED = "{path}: is required"
FORBIDDEN = "{path}: is forbidden"
STATIC = "{path}: is static"
INVALID_VALUE = "{path}: invalid value"
COUNT = "{path}: has to have between {least} and {most} items"
BAD_PUBLIC_KEY = "public_key: invalid encoding"
BAD_KEY_TYPE = "public_key: unsupported key type: {required}"
BAD_PROOF = "public_key_signature: invalid signature"
NOT_ISSUABLE = "CA validation error"
UNVERIFIED_NAMES = "san: failed dns/email domain name verification"
NO_CLAIM = "no verified claim"

VERIFIED = "claim successfully verified"
CHECK_STATUS = "{url}: status code of the request is not 200: {status}"
CHECK_CONTENT = "{url}: no valid token returned"
CHECK_UNREACHABLE = "{url}: connection failed: {reason}"

NO_STATIC_VALUE = "{path}: the identity has no value"
NO_RECORDS = "no valid DNS records returned"
CNAME_LOOP = "{name}: the CNAME records lead in a circle, or too far"
DNS_UNREACHABLE = "{name}: the DNS server {server} did not answer: {reason}"
DNS_STATUS = "{name}: the DNS server {server} answered {status}"
CAA_UNKNOWN = "the CAA record of {domain} has the critical tag {tag}, which is not known"
CAA_FORBIDS = "the CAA records of {domain} do not name {allowed}"
