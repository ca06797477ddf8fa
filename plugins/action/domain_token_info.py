# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action of `domain_token_info`."""

from __future__ import annotations

from typing import Any

from ansible_collections.globalsign.atlas.plugins.module_utils.arguments.numbers import (
    require_between,
    require_port,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.arguments.token_info import (
    TOKEN_INFO_OPTIONS,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.names import dns_name, ip_address
from ansible_collections.globalsign.atlas.plugins.plugin_utils.base_action import ControllerAction

_FOR_DNS = ("authorization_domain", "servers", "dns_port")
_FOR_HTTP = ("addresses", "http_port")
_LONGEST_TIMEOUT = 86400  # seconds


class ActionModule(ControllerAction):
    """Look for a token as the service would; no connection to the host is needed."""

    OPTIONS = TOKEN_INFO_OPTIONS
    _requires_connection = False

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        """Look once, or until the token can be seen everywhere."""
        _check(options)
        # Imported late: actions are imported in the parent, for each of which this would be paid.
        from ansible_collections.globalsign.atlas.plugins.module_utils.tokens import sight, watch
        from ansible_collections.globalsign.atlas.plugins.module_utils.tokens.library import (
            require_dnspython,
        )

        require_dnspython()
        search = _search(options)
        sightings = watch.watch(search.places, options["timeout"])
        visible = watch.seen_everywhere(sightings)
        result: dict[str, Any] = {
            "changed": False,
            "visible": visible,
            "sightings": [
                {
                    "at": one.at,
                    "found": list(one.found),
                    "problem": one.problem,
                    "visible": one.visible,
                }
                for one in sightings
            ],
        }
        if search.record:
            result["record"] = sight.described(search.record)
        if search.warnings:
            result["warnings"] = search.warnings
        if options["timeout"] and not visible:
            result["failed"] = True
            result["msg"] = sight.missing(search.what, options["timeout"], sightings)
        return result


def _search(options: dict[str, Any]) -> Any:
    from ansible_collections.globalsign.atlas.plugins.module_utils.tokens import sight
    from ansible_collections.globalsign.atlas.plugins.module_utils.tokens.library import dns
    from ansible_collections.globalsign.atlas.plugins.module_utils.tokens.resolvers import (
        Resolvers,
    )

    resolvers = Resolvers(options["resolvers"])
    if options["method"] != "dns" and _is_ip_address(options["domain"]):
        address = ip_address(options["domain"], "domain")
        return _over_http(address, options, lambda: [address])
    given = dns_name(options["domain"], "domain")
    domain = dns.name.from_text(given.removeprefix("*."))
    if options["method"] == "dns":
        at = options["authorization_domain"]
        name = dns.name.from_text(dns_name(at, "authorization_domain")) if at else domain
        asks_resolvers = options["servers"] == "resolvers"
        search = sight.in_dns(
            name, options["token"], resolvers, options["dns_port"], asks_resolvers
        )
    else:
        search = _over_http(given, options, lambda: resolvers.addresses(domain))
    zone = search.record.zone if search.record else None
    search.warnings.extend(sight.cautions(domain, given.startswith("*."), zone, resolvers))
    return search


def _over_http(host: str, options: dict[str, Any], addresses: Any) -> Any:
    from ansible_collections.globalsign.atlas.plugins.module_utils.tokens import http_file, sight

    scheme = options["method"]
    port = options["http_port"] or http_file.DEFAULT_PORTS[scheme]
    given = [ip_address(address, "addresses") for address in options["addresses"] or ()]
    return sight.over_http(scheme, host, port, options["token"], given or addresses())


def _check(options: dict[str, Any]) -> None:
    for option in _FOR_HTTP if options["method"] == "dns" else _FOR_DNS:
        if options[option] and options[option] != TOKEN_INFO_OPTIONS[option].get("default"):
            raise AtlasError(
                f"{option}: it has no meaning with method: {options['method']}; leave it out."
            )
    if not options["token"]:
        raise AtlasError("token: it is empty; give the text that atlas_domain_claim returns.")
    _check_domain(options["domain"], options["method"])
    require_port("dns_port", options["dns_port"])
    if options["http_port"] is not None:
        require_port("http_port", options["http_port"])
    require_between("timeout", options["timeout"], 0, _LONGEST_TIMEOUT, "seconds")


def _check_domain(domain: str, method: str) -> None:
    if method == "dns" and _is_ip_address(domain):
        raise AtlasError(
            f"domain: {domain} is an IP address, which has no TXT record; choose http or https as"
            " method."
        )
    if method != "dns" and domain.strip().startswith("*."):
        raise AtlasError(
            f"domain: {domain} cannot be proven with method: {method}, which covers one name and no"
            " wildcard; choose dns as method."
        )


def _is_ip_address(text: str) -> bool:
    try:
        ip_address(text, "domain")
    except AtlasError:
        return False
    return True
