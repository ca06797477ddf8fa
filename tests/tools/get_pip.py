# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stand-in for get-pip.py where ansible-test cannot download it.

ansible-test makes its virtual environments without pip and then runs get-pip.py, which it
downloads from a host of the Ansible project (neither PyPI nor a mirror of it) and keeps in
`~/.ansible/test/cache/get_pip_<version>.py`. Behind a firewall that host is out of reach, while a
package index may well be configured. ansible-test uses a file that is already in its cache, and
that is where `run-ansible-test` puts this one, only then.

It does what get-pip.py does, by other means: pip comes out of the standard library (`ensurepip`)
and then installs the version of itself that was asked for, from the index that pip is set up for.

ansible-test runs it as `python get-pip.py --disable-pip-version-check pip==24.2 --no-setuptools
--no-wheel`. The last two switches are get-pip.py's own: nothing is installed that is not named.
"""

from __future__ import annotations

import subprocess
import sys

GET_PIP_SWITCHES = frozenset({"--no-setuptools", "--no-wheel"})


def main(arguments: list[str]) -> int:
    """Install the packages named in `arguments`; return the exit status of pip."""
    # In a process of its own: ensurepip turns pip's configuration off for the process it runs in.
    ensure_pip = [sys.executable, "-m", "ensurepip", "--default-pip"]
    subprocess.run(ensure_pip, check=True, stdout=subprocess.DEVNULL)
    pip_arguments = [argument for argument in arguments if argument not in GET_PIP_SWITCHES]
    return subprocess.call([sys.executable, "-m", "pip", "install", "-qq", *pip_arguments])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
