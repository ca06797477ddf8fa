# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the simulator serves, as an OpenAPI 3.1 description: `python -m atlas_simulator openapi`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..policy.members import KEY_USAGES, SUBJECT_STRINGS

_TEXT: dict[str, Any] = {"type": ["string", "null"]}
_TEXTS: dict[str, Any] = {"type": ["array", "null"], "items": {"type": "string"}}
_BOOLEAN: dict[str, Any] = {"type": ["boolean", "null"]}
_INTEGER: dict[str, Any] = {"type": ["integer", "null"]}
_ERROR = {"description": {"type": "string"}, "errors": {"type": "object"}}
_PAIRS = {
    "type": ["array", "null"],
    "items": {
        "type": "object",
        "properties": {"type": {"type": "string"}, "value": _TEXT},
        "required": ["type"],
    },
}


def _object(members: Mapping[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": dict(members), "required": list(required)}


def _optional(members: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": ["object", "null"], "properties": dict(members)}


_LOGIN = _object({"api_key": {"type": "string"}, "api_secret": {"type": "string"}})
_KEY = {"public_key": _TEXT, "public_key_signature": _TEXT}
_SIGNATURE = _optional({"algorithm": _TEXT, "hash_algorithm": _TEXT})
_REQUEST = _object(
    {
        "validity": _object(
            {"not_before": {"type": "integer"}, "not_after": _INTEGER}, "not_before"
        ),
        "subject_dn": _optional(
            {
                **dict.fromkeys(SUBJECT_STRINGS, _TEXT),
                "organizational_unit": _TEXTS,
                "extra_attributes": _PAIRS,
            }
        ),
        "san": _optional(
            {
                "dns_names": _TEXTS,
                "emails": _TEXTS,
                "ip_addresses": _TEXTS,
                "uris": _TEXTS,
                "other_names": _PAIRS,
            }
        ),
        "key_usages": _optional(dict.fromkeys(KEY_USAGES, _BOOLEAN)),
        "extended_key_usages": _TEXTS,
        "subject_da": _optional(
            {
                "gender": _TEXT,
                "date_of_birth": _TEXT,
                "place_of_birth": _TEXT,
                "country_of_citizenship": _TEXTS,
                "country_of_residence": _TEXTS,
                "extra_attributes": _PAIRS,
            }
        ),
        "qualified_statements": _optional(
            {
                "semantics": _optional({"identifier": _TEXT, "name_authorities": _TEXTS}),
                "etsi_qc_compliance": _BOOLEAN,
                "etsi_qc_sscd_compliance": _BOOLEAN,
                "etsi_qc_type": _TEXT,
                "etsi_qc_retention_period": _INTEGER,
                "etsi_qc_pds": {"type": ["object", "null"]},
            }
        ),
        "ms_extension_template": _optional(
            {"id": _TEXT, "major_version": _INTEGER, "minor_version": _INTEGER}
        ),
        "custom_extensions": {"type": ["object", "null"]},
        "signature": _SIGNATURE,
        **_KEY,
    },
    "validity",
)
_REKEY = _object({**_KEY, "signature": _SIGNATURE})
_REVOCATION = _object(
    {
        "revocation_reason": _TEXT,
        "revocation_time": _INTEGER,
        "key_compromise_attestation": _TEXT,
    }
)
_DNS = _object({"authorization_domain": _TEXT})
_HTTP = _object({"scheme": _TEXT, "authorization_domain": _TEXT})
_IP_HTTP = _object({"scheme": _TEXT, "authorization_ip_address": _TEXT})
_EMAIL = _object({"email_address": _TEXT})
_PAGE = ("page", "per_page")
_WINDOW = (*_PAGE, "from", "to")
_CLAIM_QUERY = (*_WINDOW, "status", "domain")
_IP_CLAIM_QUERY = (*_WINDOW, "status", "ip_address")

# Path, method, queries, body, what it is.
_OPERATIONS: tuple[tuple[str, str, tuple[str, ...], dict[str, Any] | None, str], ...] = (
    ("/login", "post", (), _LOGIN, "Log in"),
    ("/validationpolicy", "get", (), None, "The validation policy"),
    ("/trustchain", "get", (), None, "The trust chain, the issuing CA first"),
    ("/quotas/issuance", "get", (), None, "How many certificates may still be issued"),
    ("/counters/certificates/issued", "get", (), None, "How many were issued"),
    ("/counters/certificates/revoked", "get", (), None, "How many were revoked"),
    ("/stats/issued", "get", _WINDOW, None, "Certificates by time of issuance"),
    ("/stats/revoked", "get", _WINDOW, None, "Certificates by time of revocation"),
    ("/stats/expiring", "get", _WINDOW, None, "Certificates by their end"),
    ("/certificates", "post", (), _REQUEST, "Ask for a certificate"),
    ("/certificates/{certificate}", "get", (), None, "A certificate"),
    ("/certificates/{certificate}", "patch", (), _REVOCATION, "Revoke a certificate"),
    ("/certificates/{certificate}", "delete", (), None, "Revoke a certificate, the old form"),
    ("/certificates/{certificate}/rekey", "post", (), _REKEY, "The same with another key"),
    ("/claims/domains", "get", _CLAIM_QUERY, None, "Claims of domains"),
    ("/claims/domains/{claim}", "post", (), None, "Claim a domain"),
    ("/claims/domains/{claim}", "get", (), None, "A claim"),
    ("/claims/domains/{claim}", "delete", (), None, "Forget a claim"),
    ("/claims/domains/{claim}/dns", "get", (), None, "Where a token may be looked up"),
    ("/claims/domains/{claim}/dns", "post", (), _DNS, "Verify by DNS"),
    ("/claims/domains/{claim}/http", "post", (), _HTTP, "Verify by HTTP or HTTPS"),
    ("/claims/domains/{claim}/email", "get", (), None, "Who may approve by mail"),
    ("/claims/domains/{claim}/email", "post", (), _EMAIL, "Verify by mail"),
    ("/claims/domains/{claim}/reassert", "post", (), None, "A new token"),
    ("/claims/ipaddresses", "get", _IP_CLAIM_QUERY, None, "Claims of IP addresses"),
    ("/claims/ipaddresses/{claim}", "post", (), None, "Claim an IP address"),
    ("/claims/ipaddresses/{claim}", "get", (), None, "A claim"),
    ("/claims/ipaddresses/{claim}", "delete", (), None, "Forget a claim"),
    ("/claims/ipaddresses/{claim}/http", "post", (), _IP_HTTP, "Verify by HTTP or HTTPS"),
    ("/claims/ipaddresses/{claim}/reassert", "post", (), None, "A new token"),
)


def description() -> dict[str, Any]:
    """The whole description."""
    paths: dict[str, dict[str, Any]] = {}
    for path, method, queries, body, summary in _OPERATIONS:
        names = [name.strip("{}") for name in path.split("/") if name.startswith("{")]
        operation: dict[str, Any] = {
            "summary": summary,
            "parameters": [
                *(_parameter("path", name) for name in names),
                *(_parameter("query", name) for name in queries),
            ],
            "responses": {
                "2XX": {"description": "done"},
                "default": {
                    "description": "not done, and why",
                    "content": {"application/problem+json": {"schema": _object(_ERROR)}},
                },
            },
        }
        if path != "/login":
            operation["security"] = [{"token": []}]
        if body:
            content = {"application/json;charset=utf-8": {"schema": body}}
            operation["requestBody"] = {"required": True, "content": content}
        paths.setdefault(path, {})[method] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "A simulated GlobalSign Atlas", "version": "v2"},
        "servers": [{"url": "/v2"}],
        "paths": paths,
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }


def _parameter(place: str, name: str) -> dict[str, Any]:
    return {"name": name, "in": place, "required": place == "path", "schema": {"type": "string"}}
