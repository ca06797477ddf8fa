# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A short-lived web server for one file, with Python's standard library alone."""

from __future__ import annotations

from .control import start, stop
from .file import ServedFile

__all__ = ["ServedFile", "start", "stop"]
