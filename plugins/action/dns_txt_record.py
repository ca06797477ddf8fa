# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action of `dns_txt_record`."""

from __future__ import annotations

from typing import Any

from ansible_collections.globalsign.atlas.plugins.module_utils.arguments.numbers import (
    require_between,
    require_port,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.arguments.txt_record import (
    TXT_RECORD_OPTIONS,
    TXT_RECORD_RULES,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.names import dns_name
from ansible_collections.globalsign.atlas.plugins.plugin_utils.base_action import ControllerAction

_LONGEST_TTL = 2**31 - 1  # seconds (RFC 2181, 8)
_LONGEST_TIMEOUT = 3600  # seconds
_LONGEST_VALUE = 32768  # octets: half of what a DNS message can hold


class ActionModule(ControllerAction):
    """Keep one TXT record; the key stays on the controller, and no connection is needed."""

    OPTIONS = TXT_RECORD_OPTIONS
    RULES = TXT_RECORD_RULES
    _requires_connection = False

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        """Bring the record to the state that is wanted."""
        _check(options)
        # Imported late: actions are imported in the parent, for each of which this would be paid.
        from ansible_collections.globalsign.atlas.plugins.module_utils.tokens import record
        from ansible_collections.globalsign.atlas.plugins.module_utils.tokens.library import (
            dns,
            require_dnspython,
        )
        from ansible_collections.globalsign.atlas.plugins.module_utils.tokens.resolvers import (
            Resolvers,
        )
        from ansible_collections.globalsign.atlas.plugins.module_utils.tokens.update import (
            Primary,
            tsig_key,
        )

        require_dnspython()
        resolvers = Resolvers(options["resolvers"])
        zone = options["zone"]
        wanted = record.Wanted(
            name=dns.name.from_text(dns_name(options["name"], "name")),
            value=options["value"],
            present=options["state"] == "present",
            ttl=options["ttl"],
            zone=dns.name.from_text(dns_name(zone, "zone")) if zone else None,
        )
        primary = Primary(
            host=_host(options["server"]),
            port=options["port"],
            key=tsig_key(options["tsig_name"], options["tsig_key"], options["tsig_algorithm"]),
            seconds=options["timeout"],
            over_tcp=options["protocol"] == "tcp",
            resolvers=resolvers,
        )
        return self._result(record.keep(wanted, primary, resolvers, self.check_mode))

    def _result(self, outcome: Any) -> dict[str, Any]:
        result: dict[str, Any] = {
            "changed": outcome.changed,
            "name": outcome.name,
            "server": outcome.server,
            "texts": list(outcome.after),
            "zone": outcome.zone,
        }
        if self._task.diff:
            header = f"TXT records of {outcome.name}"
            result["diff"] = {
                "before_header": header,
                "after_header": header,
                "before": _lines(outcome.before),
                "after": _lines(outcome.after),
            }
        return result


def _check(options: dict[str, Any]) -> None:
    if not 0 < len(options["value"].encode()) <= _LONGEST_VALUE:
        raise AtlasError(
            f"value: it is empty or longer than {_LONGEST_VALUE} octets; give the text that"
            " atlas_domain_claim returns."
        )
    require_port("port", options["port"])
    require_between("ttl", options["ttl"], 0, _LONGEST_TTL, "seconds")
    require_between("timeout", options["timeout"], 1, _LONGEST_TIMEOUT, "seconds")


def _host(server: str | None) -> str | None:
    """The server of the option; an IP address is one of its forms."""
    return server.strip().rstrip(".") if server else None


def _lines(texts: tuple[str, ...]) -> str:
    return "".join(f"{text}\n" for text in texts)
