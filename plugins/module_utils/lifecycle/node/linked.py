# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The layout `linked`: paths are links into one version folder, and one rename switches all.

`<path>` -> `.atlas/<name>/live/<file>`, and `live` -> `versions/<version>/out`. What was at a path
before is adopted: copied to a version, and the path made a link to the same content, before
anything is switched.
"""

from __future__ import annotations

import hashlib
import os
import secrets

from ...errors import AtlasError
from ..wanted import Target, Wanted
from . import files, versions
from .material import Material, holds, render
from .plain import attributes_of, content_at, in_order, is_own_link
from .store import Store, make_folder

_ADOPTED = "0000-adopted"


def differences(store: Store, wanted: Wanted, material: Material) -> list[tuple[str, str]]:
    """What differs from the set that is deployed: path, and what about it."""
    found = [(target.path, _difference(store, target, material)) for target in wanted.targets]
    return [(path, what) for path, what in found if what]


def _difference(store: Store, target: Target, material: Material) -> str:
    content = content_at(target.path)
    if not holds(target, content, material):
        return "not as it should be" if os.path.exists(target.path) else "missing"
    if content is not None and not _is_link_to(target.path, _link_of(store, target)):
        return "not a link of the layout linked"
    if content is not None:
        return ", ".join(files.differing_attributes(target.path, attributes_of(target)))
    return ""


def fill(store: Store, folder: str, wanted: Wanted, material: Material) -> None:
    """Write the files of a version, each with its final owner and mode."""
    out = os.path.join(folder, "out")
    make_folder(out, 0o711)
    for target in wanted.targets:
        content = render(target, material)
        if content:
            path = os.path.join(out, _name(store, target))
            like = os.path.realpath(target.path) if os.path.exists(target.path) else None
            files.Replacement(path, content, attributes_of(target), like=like).put_in_place()
    files.sync_folder(out)


def keep(store: Store, wanted: Wanted, _version: str, _serial: str) -> str:
    """Make each path a link to the content that it has, and say which version is live.

    A link that the task names no more becomes a file of its own.
    """
    live = live_version(store)
    _let_go(store, wanted, live)
    foreign = [target for target in wanted.targets if not is_own_link(store, target.path)]
    for target in foreign:
        content = files.read_named(target.path)
        if content is None:
            continue
        if not live:
            live = _begin(store)
        copy = os.path.join(versions.path_of(store, live), "out", _name(store, target))
        attributes = files.attributes_found(target.path)
        files.Replacement(copy, content, attributes, like=target.path).put_in_place()
        _put_link(target.path, _link_of(store, target))
    return live


def _let_go(store: Store, wanted: Wanted, live: str) -> None:
    named = {target.path for target in wanted.targets}
    for path in versions.paths_of(store, live) if live else ():
        content = files.read_named(path) if path not in named else None
        if content is not None and is_own_link(store, path):
            like = os.path.realpath(path)
            attributes = files.attributes_found(like)
            files.Replacement(path, content, attributes, follow=False, like=like).put_in_place()


def _begin(store: Store) -> str:
    make_folder(store.versions, 0o711)
    folder = versions.path_of(store, _ADOPTED)
    files.remove_tree(folder)
    make_folder(folder, 0o711)
    make_folder(os.path.join(folder, "out"), 0o711)
    _put_link(store.live_link, _live_target(_ADOPTED))
    return _ADOPTED


def switch(store: Store, wanted: Wanted, material: Material, version: str) -> list[str]:
    """Let all paths lead to a version, by one rename; the files that were changed."""
    changed = [
        target.path
        for target in wanted.targets
        if not holds(target, content_at(target.path), material)
    ]
    out = os.path.join(versions.path_of(store, version), "out")
    is_in_version = {
        target.path: os.path.exists(os.path.join(out, _name(store, target)))
        for target in wanted.targets
    }
    for target in in_order(wanted.targets):
        link = _link_of(store, target)
        if is_in_version[target.path] and not _is_link_to(target.path, link):
            _put_link(target.path, link)
            changed.append(target.path)
    if live_version(store) != version:
        _put_link(store.live_link, _live_target(version))
    for target in wanted.targets:
        if not is_in_version[target.path] and os.path.lexists(target.path):
            files.unlink(target.path)
            changed.append(target.path)
    return list(dict.fromkeys(changed))


def has_previous(_store: Store, previous: str) -> bool:
    """Whether there was anything before."""
    return bool(previous)


def switch_back(store: Store, wanted: Wanted, previous: str) -> list[str]:
    """Let all paths lead to the version that was live before."""
    if previous and not os.path.isdir(os.path.join(versions.path_of(store, previous), "out")):
        raise AtlasError(
            f"{versions.path_of(store, previous)}: what was there before is gone, nothing was"
            " switched back."
        )
    if previous:
        _put_link(store.live_link, _live_target(previous))
    else:
        files.unlink(store.live_link)
    for target in wanted.targets:
        if is_own_link(store, target.path) and not os.path.exists(target.path):
            files.unlink(target.path)
        elif previous and not os.path.lexists(target.path):
            link = _link_of(store, target)
            if os.path.exists(os.path.join(store.live_link, os.path.basename(link))):
                _put_link(target.path, link)
    return [target.path for target in wanted.targets]


def leave(store: Store, wanted: Wanted) -> None:
    """Remove what only links led to, once no path is a link any more."""
    if not os.path.lexists(store.live_link):
        return
    if any(is_own_link(store, target.path) for target in wanted.targets):
        return
    files.unlink(store.live_link)
    for version in versions.names_in(store.versions):
        files.remove_tree(os.path.join(versions.path_of(store, version), "out"))


def live_version(store: Store) -> str:
    """The version that `live` leads to; empty if there is none."""
    try:
        return os.path.basename(os.path.dirname(os.readlink(store.live_link)))
    except OSError:
        return ""


def _live_target(version: str) -> str:
    return os.path.join("versions", version, "out")


def _name(store: Store, target: Target) -> str:
    """The name of a file within a version, which depends on no other file of the task: its own
    beside the records, else with a hash of its path in front."""
    folder, name = os.path.split(target.path)
    if folder == os.path.dirname(os.path.dirname(store.folder)):
        return name
    digest = hashlib.sha256(target.path.encode("utf-8", "surrogateescape")).hexdigest()
    return f"{digest[:8]}-{name}"


def _link_of(store: Store, target: Target) -> str:
    folder = os.path.realpath(os.path.dirname(target.path))
    live = os.path.join(os.path.realpath(store.folder), "live")
    return os.path.relpath(os.path.join(live, _name(store, target)), folder)


def _is_link_to(path: str, link: str) -> bool:
    return os.path.islink(path) and os.readlink(path) == link


def _put_link(path: str, link: str) -> None:
    """Make or replace a link by one rename, durably."""
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, f".{name[:200]}.atlas-{secrets.token_hex(8)}")
    try:
        os.symlink(link, temporary)
        os.replace(temporary, path)
        files.sync_folder(folder)
    except OSError as error:
        files.unlink(temporary)
        raise AtlasError(f"{path}: cannot be made a link: {files.explain(error)}.") from None
