# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a module says on a Python that is too old.

This file and those of the modules that run on a node have to be readable by the oldest Python that
ansible-core still runs modules with, which is 3.6: no annotations of the future, no walrus.
"""

import json
import sys

LEAST = (3, 9)


def refuse_old_python():
    # type: () -> None
    """End the module with one sentence if this Python is too old for all that it imports next."""
    if sys.version_info[:2] < LEAST:
        said = too_old(sys.version_info[:3], sys.executable)
        sys.stdout.write(json.dumps({"failed": True, "msg": said}) + "\n")
        raise SystemExit(1)


def too_old(found, executable):
    # type: (tuple[int, ...], str) -> str
    """The sentence about a Python of a version, and where it lies."""
    return (
        f"Python {_dotted(found)} on the managed node ({executable}) is too old, needed is"
        f" {_dotted(LEAST)} or newer: install one beside it, such as python39 of RHEL 8, with its"
        " package cryptography, and set ansible_python_interpreter to it."
    )


def _dotted(version):
    # type: (tuple[int, ...]) -> str
    return ".".join(str(part) for part in version)
