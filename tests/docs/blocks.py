# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where documentation is, and the blocks of code in it.

All blocks are found by what they are, not by a list: fences in Markdown files, the EXAMPLES of
modules and filters, and the commands in the comments of playbooks.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
PLAYBOOKS = sorted((ROOT / "playbooks").glob("*.yml"))
_NO_DOCUMENTATION = {"changelogs", "CHANGELOG.md"}
_FENCE = re.compile(r"^( *)```(.*)$")


@dataclass(frozen=True)
class Block:
    """A block of code. `line` is that of its first line, `text` has no common indentation."""

    file: str
    line: int
    heading: str
    language: str
    text: str
    number: int

    @property
    def name(self) -> str:
        """A name that says where it is: file, heading, and the number below that heading."""
        return f"{self.file}#{self.heading}#{self.number}"

    @property
    def place(self) -> str:
        """Where to look."""
        return f"{self.file}:{self.line}"

    @property
    def content(self) -> Any:
        """The content of YAML."""
        return yaml.safe_load(self.text)


def documents() -> list[Path]:
    """All Markdown files that are not made by a tool."""
    return [
        path
        for path in sorted(ROOT.rglob("*.md"))
        if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
        and not _NO_DOCUMENTATION & set(path.relative_to(ROOT).parts)
        and "output" not in path.relative_to(ROOT).parts
    ]


def name_of(path: Path) -> str:
    """The path below the root of the collection."""
    return path.relative_to(ROOT).as_posix()


def blocks_of(text: str, file: str) -> list[Block]:
    """The fenced blocks of a Markdown text."""
    found: list[Block] = []
    heading, numbers = "", dict[str, int]()
    lines = iter(enumerate(text.splitlines(), 1))
    for number, line in lines:
        fence = _FENCE.match(line)
        if fence is None:
            if line.startswith("#"):
                heading = line.lstrip("#").strip()
            continue
        indent, language = len(fence[1]), fence[2].strip()
        inner = []
        for _number, inside in lines:
            if inside.strip() == "```":
                break
            inner.append(inside[indent:])
        else:
            raise AssertionError(f"{file}:{number}: this block has no end")
        numbers[heading] = numbers.get(heading, 0) + 1
        content = "".join(f"{each}\n" for each in inner)
        found.append(Block(file, number + 1, heading, language, content, numbers[heading]))
    return found


def fenced_blocks() -> list[Block]:
    """Those of all documents."""
    return [
        block for path in documents() for block in blocks_of(path.read_text("utf-8"), name_of(path))
    ]


def prose_lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines outside of fences, with their numbers."""
    is_inside = False
    for number, line in enumerate(text.splitlines(), 1):
        if _FENCE.match(line):
            is_inside = not is_inside
        elif not is_inside:
            yield number, line


def section(text: str, heading: str) -> str:
    """What is below a heading, up to the next one of any level."""
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", text, re.M | re.S)
    assert found, heading
    return found[1]


def plugin_strings(path: Path) -> dict[str, str]:
    """DOCUMENTATION, EXAMPLES and RETURN of a module or filter, without importing it."""
    return {
        statement.targets[0].id: statement.value.value
        for statement in ast.parse(path.read_text("utf-8")).body
        if isinstance(statement, ast.Assign)
        and isinstance(statement.targets[0], ast.Name)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    }


def example_blocks() -> list[Block]:
    """The EXAMPLES of all plugins that have documentation."""
    found = []
    for path in sorted((ROOT / "plugins").glob("*/*.py")):
        strings = plugin_strings(path)
        if path.parent.name not in ("modules", "filter"):
            assert "EXAMPLES" not in strings, f"{path}: a kind of plugin that is not looked at"
            continue
        assert "EXAMPLES" in strings, f"{path} has no EXAMPLES"
        lines = path.read_text("utf-8").splitlines()
        line = next(number for number, each in enumerate(lines, 1) if each.startswith("EXAMPLES"))
        found.append(
            Block(name_of(path), line + 1, "EXAMPLES", "yaml", strings["EXAMPLES"].lstrip("\n"), 1)
        )
    return found


def comment_blocks() -> list[Block]:
    """The commands in the comments at the head of each playbook."""
    found = []
    for path in PLAYBOOKS:
        number = 0
        for line, text in enumerate(path.read_text("utf-8").splitlines(), 1):
            if text.startswith("#   "):
                number += 1
                command = text.removeprefix("#   ") + "\n"
                found.append(Block(name_of(path), line, "comment", "shell", command, number))
    return found


def all_blocks() -> list[Block]:
    """Everything."""
    return fenced_blocks() + example_blocks() + comment_blocks()
