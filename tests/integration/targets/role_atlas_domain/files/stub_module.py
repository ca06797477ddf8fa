# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stands for the modules of other collections: writes down how it was called, and answers as they
do, of a zone with one other record. WANT_JSON"""

from __future__ import annotations

import json
import os
import sys

with open(sys.argv[1]) as file:
    arguments = json.load(file)
name = arguments["_ansible_module_name"]


def typed(value: object) -> object:
    """Numbers and truth values as a module's own options have them; templates may give text."""
    if value in ("True", "False"):
        return value == "True"
    return int(value) if isinstance(value, str) and value.isdigit() else value


given = {key: typed(value) for key, value in arguments.items() if not key.startswith("_ansible")}
with open(os.environ["STUB_LOG"], "a") as log:
    log.write(json.dumps({"module": name, "with": given}) + "\n")

OTHER, OURS = "v=spf1 -all", "token=1"
with open(os.environ["STUB_LOG"]) as log:
    calls = [json.loads(line) for line in log]
of_its_collection = name.rpartition(".")[0] + "."
added = any(
    call["with"].get("state") == "present"
    for call in calls
    if call["module"].startswith(of_its_collection)
)
texts = [OTHER, OURS] if added else [OTHER]
quoted = [f'"{text}"' for text in texts]
answers = {
    "amazon.aws.route53": {
        "resource_record_sets": [
            {"ttl": 300, "resource_records": [{"value": text} for text in quoted]}
        ]
    },
    "azure.azcollection.azure_rm_dnsrecordset_info": {
        "dnsrecordsets": [{"time_to_live": 300, "records": [{"value": [text]} for text in texts]}]
    },
    "google.cloud.gcp_dns_resource_record_set_info": {
        "resources": [
            {"name": "www.example.com.", "type": "A", "ttl": 60, "rrdatas": ["192.0.2.1"]},
            {"name": "www.example.com.", "type": "TXT", "ttl": 300, "rrdatas": quoted},
        ]
    },
    "community.digitalocean.digital_ocean_domain_record_info": {
        "data": {
            "records": [
                {"id": number, "name": "www", "type": "TXT", "data": text}
                for number, text in enumerate(texts, 1)
            ]
        }
    },
}
print(json.dumps({"changed": not name.endswith("_info"), **answers.get(name, {})}))
