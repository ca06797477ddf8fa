# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Libraries of Python that are missing, too old or broken: on which machine, and what to do."""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass
from typing import NoReturn

from .errors import AtlasError


@dataclass(frozen=True)
class Library:
    """A library: its name, the module to import, the least version, the package of systems."""

    name: str
    module: str
    least: tuple[int, int]
    package: str

    @property
    def least_text(self) -> str:
        """The least version as people write it."""
        return ".".join(map(str, self.least))


CRYPTOGRAPHY = Library("cryptography", "cryptography", (3, 3), "python3-cryptography")
DNSPYTHON = Library("dnspython", "dns.version", (2, 3), "python3-dnspython")
REQUESTS = Library("requests", "requests", (2, 31), "python3-requests")


def require(library: Library) -> None:
    """Raise `AtlasError` with the reason if the library is missing, broken or too old here."""
    why = _obstacle(library)
    if why:
        raise AtlasError(f"{why}: install {_remedy(library)}.")


def refuse(library: Library, error: BaseException) -> NoReturn:
    """Raise `AtlasError` for a library of which something could not be imported."""
    require(library)  # it may be missing, or too old to have it
    raise AtlasError(f"{_broken(library, error)}: install {_remedy(library)} anew.")


def here() -> str:
    """The machine that this runs on. What runs tasks is imported on the controller only."""
    return "the controller" if "ansible.plugins.action" in sys.modules else "the managed node"


def version_of(text: str) -> tuple[int, int]:
    """Major and minor version of a text such as `3.4.8` or `42.0.0.dev1`; zeros for others."""
    parts = [part for part in text.split(".")[:2] if part.isdigit()]
    numbers = [*map(int, parts), 0, 0]
    return numbers[0], numbers[1]


def _obstacle(library: Library) -> str:
    try:
        module = importlib.import_module(library.module)
    except ModuleNotFoundError as error:
        if error.name in (library.module, library.module.partition(".")[0]):
            return f"The Python library {library.name} is missing on {here()}"
        return _broken(library, error)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # one in Rust panics with what is no Exception
        return _broken(library, error)
    found = str(getattr(module, "__version__", None) or getattr(module, "version", ""))
    if version_of(found) < library.least:
        return (
            f"The Python library {library.name} {found} on {here()} is too old, needed is"
            f" {library.least_text} or newer"
        )
    return ""


def _broken(library: Library, error: BaseException) -> str:
    why = " ".join(str(error).split())[:200] or type(error).__name__
    return f"The Python library {library.name} on {here()} is broken ({why})"


def _remedy(library: Library) -> str:
    other = (
        ""
        if here() == "the controller"
        else ", or set ansible_python_interpreter to a Python that has it"
    )
    return (
        f"{library.name} {library.least_text} or newer for {sys.executable} (most systems have it"
        f" as the package {library.package}){other}"
    )
