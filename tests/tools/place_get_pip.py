# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Put `get_pip.py` into the cache of ansible-test where the real one cannot be downloaded.

Nothing is done when the cache has a file already, or when the host of the real one answers:
ansible-test then downloads it itself.
"""

from __future__ import annotations

import shutil
import sys
import urllib.error
import urllib.request
from pathlib import Path
from types import SimpleNamespace

from ansible_test._internal.python_requirements import get_venv_packages

URL = "https://ci-files.testing.ansible.com/ansible-test/get-pip-{version}.py"
CACHE = Path("~/.ansible/test/cache").expanduser()
TIMEOUT_SECONDS = 5


def pip_version() -> str:
    """Return the version of pip that this ansible-test wants in its virtual environments."""
    running = SimpleNamespace(version=f"{sys.version_info[0]}.{sys.version_info[1]}")
    return get_venv_packages(running)["pip"]


def is_reachable(url: str) -> bool:
    """Say whether `url` can be downloaded now."""
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS):
            return True
    except (OSError, urllib.error.URLError):
        return False


def main() -> None:
    """Place the stand-in if it is needed."""
    version = pip_version()
    cached = CACHE / f"get_pip_{version.replace('.', '_')}.py"
    if cached.exists() or is_reachable(URL.format(version=version)):
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    partial = cached.with_suffix(".partial")
    shutil.copy(Path(__file__).with_name("get_pip.py"), partial)
    partial.replace(cached)
    print(f"ansible-test's host for get-pip.py is out of reach: placed {cached}", file=sys.stderr)


if __name__ == "__main__":
    main()
