# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a certificate task, as the certificates that it wants."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ...errors import AtlasError
from ...times import duration, renew_before
from ..wanted import CSR, PUBLIC_KEY, ExternalKey, Misstated, Target, Wanted
from . import request_fields, targets, validity

DEFAULTS: Mapping[str, Any] = {
    "layout": "plain",
    "follow": True,
    "privatekey_type": "auto",
    "privatekey_rotation": "on_renewal",
    "renew_before": "auto",
    "force": False,
    "rekey": False,
    "replace_foreign": False,
    "revoke_superseded": False,
    "mode": "0644",
    "privatekey_mode": "0600",
    "backup": False,
    "backup_count": 3,
}
_EXTERNAL = {
    "csr_path": CSR,
    "csr_content": CSR,
    "public_key_path": PUBLIC_KEY,
    "public_key_content": PUBLIC_KEY,
}
_NEEDS_OWN_KEY = {
    "rekey": "the old key is not here, so nobody can show that the certificate is the node's own",
    "revoke_superseded": "the old key is not here, so nobody can show that the certificate is the"
    " node's own",
}
_ALTERNATIVES = (tuple(_EXTERNAL), ("valid_for", "not_after"))
_KEY_COMPROMISE = "keyCompromise"


def wanted_certificates(task: Mapping[str, Any]) -> tuple[Wanted | Misstated, ...]:
    """The certificates of a task: the items of `certificates`, or the one at the top level.

    `task` holds the validated options; what an item leaves out is taken from the top level, for
    options with members member by member. An item that is stated wrong does not stop the others;
    `AtlasError` is raised if there are no others, and where two are at odds.
    """
    shared = {option: value for option, value in task.items() if option != "certificates"}
    if task.get("certificates") is None:
        return (_wanted(shared, ""),)
    items = enumerate(task["certificates"])
    stated = tuple(_stated_item(_merged(shared, item), index) for index, item in items)
    wanted = [each for each in stated if isinstance(each, Wanted)]
    if stated and not wanted:
        raise AtlasError(" ".join(each.error for each in stated if isinstance(each, Misstated)))
    _refuse_shared_files(wanted)
    return stated


def _stated_item(options: Mapping[str, Any], index: int) -> Wanted | Misstated:
    where = f"certificates[{index}]"
    try:
        return _wanted(options, f"{where}.")
    except AtlasError as error:
        named = (options.get(option) for option in targets.FLAT_TARGETS)
        return Misstated(str(next(filter(None, named), where)), error.message)


def _merged(shared: Mapping[str, Any], item: Mapping[str, Any]) -> dict[str, Any]:
    """The options of an item; of options that exclude each other its own one counts."""
    merged = dict(shared)
    for group in _ALTERNATIVES:
        if any(item.get(option) is not None for option in group):
            merged.update(dict.fromkeys(group))
    for option, value in item.items():
        if value is None:
            continue
        if isinstance(value, Mapping):
            members = dict(shared.get(option) or {})
            members.update({name: member for name, member in value.items() if member is not None})
            merged[option] = members
        else:
            merged[option] = value
    return merged


def _wanted(given: Mapping[str, Any], where: str) -> Wanted:
    stated = {option: value for option, value in given.items() if value is not None}
    options = {**dict.fromkeys(given), **DEFAULTS, **stated}
    external = _external_key(options, where)
    files = targets.read_targets(options, where)
    targets.refuse_long_passphrase(
        options.get("privatekey_passphrase"), f"{where}privatekey_passphrase"
    )
    _check_targets(options, files, external, where)
    subject = request_fields.subject(options.get("subject") or {})
    san = request_fields.san(options.get("san") or {}, where)
    label = files[0].path if files else _first_name(subject, san, where)
    lasting = validity.validity(options, where)
    is_compromised = (
        options["revoke_superseded"] and options.get("revocation_reason") == _KEY_COMPROMISE
    )
    return Wanted(
        label=label,
        state_dir=_state_dir(options.get("state_dir"), where),
        identity=_identity(subject, san, external),
        targets=files,
        layout=options["layout"],
        follow=options["follow"],
        subject=subject,
        san=san,
        sections=request_fields.sections(options, where),
        valid_for=lasting.valid_for,
        not_before=lasting.not_before,
        not_after=lasting.not_after,
        privatekey_type=options["privatekey_type"],
        privatekey_size=options.get("privatekey_size"),
        keeps_key=external is not None
        or (options["privatekey_rotation"] == "never" and not is_compromised),
        external_key=external,
        renew_before=renew_before(options["renew_before"], where),
        renew_spread=duration(options.get("renew_spread"), f"{where}renew_spread") or 0,
        force=options["force"],
        rekey=options["rekey"],
        replace_foreign=options["replace_foreign"],
        revoke_superseded=options["revoke_superseded"],
        destroys_old_key=options.get("revocation_reason") == _KEY_COMPROMISE,
        validate=_command(options.get("validate"), where),
        backups=_backups(options, where),
    )


def _state_dir(stated: str | None, where: str) -> str | None:
    if not stated:
        return None
    path, option = stated.rstrip("/") or "/", f"{where}state_dir"
    return targets.absolute(path, option, "folder", "/var/lib/globalsign-atlas")


def _external_key(options: Mapping[str, Any], where: str) -> ExternalKey | None:
    given = [option for option in _EXTERNAL if options.get(option)]
    proof = options.get("public_key_signature")
    if not given:
        if proof:
            raise AtlasError(
                f"{where}public_key_signature: it belongs to a key that lives elsewhere; give that"
                " with public_key_path or public_key_content, or leave it out."
            )
        return None
    if len(given) > 1:
        raise AtlasError(
            f"{where}{given[1]}: the key is given by {given[0]} already; give only one of them."
        )
    for option in ("privatekey_passphrase", "privatekey_size", "privatekey_path"):
        if options.get(option):
            raise AtlasError(
                f"{where}{option}: with {given[0]} no private key is made or kept here; leave one"
                " of them out."
            )
    for option, why in _NEEDS_OWN_KEY.items():
        if options[option]:
            raise AtlasError(
                f"{where}{option}: with {given[0]} {why}; leave {option} out, and do that in the"
                " Atlas portal."
            )
    value = options[given[0]]
    is_path = given[0].endswith("_path")
    return ExternalKey(
        kind=_EXTERNAL[given[0]],
        path=targets.absolute(value, where + given[0]) if is_path else None,
        content=None if is_path else value,
        proof=proof,
    )


def _check_targets(
    options: Mapping[str, Any], files: Sequence[Target], external: ExternalKey | None, where: str
) -> None:
    has_certificate = any(target.holds_certificate for target in files)
    holders = [target for target in files if target.holds_key]
    if external is None:
        if not has_certificate:
            raise AtlasError(
                f"{where}path is not set: say where the certificate is kept, with path,"
                " fullchain_path or files."
            )
        if not holders:
            raise AtlasError(
                f"{where}privatekey_path is not set: say where the private key is kept on the node."
            )
        if options.get("privatekey_passphrase") and not options.get("privatekey_path"):
            raise AtlasError(
                f"{where}privatekey_passphrase: it protects the file at privatekey_path, which is"
                " not set; give the passphrase of each entry of files instead."
            )
        return
    if holders:
        raise AtlasError(
            f"{where}{holders[0].option}: the private key cannot be in it, because it lives"
            " elsewhere; leave privatekey out of contains."
        )
    if files and not has_certificate:
        raise AtlasError(
            f"{where}{files[0].option}: no file holds the certificate itself; add path or"
            " fullchain_path, or leave all files out."
        )


def _first_name(
    subject: Mapping[str, Sequence[str]], san: Mapping[str, Sequence[str]], where: str
) -> str:
    names = [*subject.get("common_name", ()), *(name for kind in san.values() for name in kind)]
    if not names:
        raise AtlasError(
            f"{where}san is not set: without any file the certificate is known by its first name;"
            " give a common_name or a subject alternative name."
        )
    return names[0]


def _identity(
    subject: Mapping[str, Sequence[str]],
    san: Mapping[str, Sequence[str]],
    external: ExternalKey | None,
) -> str:
    """Which certificate it is, where there is no file to tell: for whom, and where its key is."""
    key = [external.kind, external.path, external.content] if external and external.path else []
    return json.dumps([subject, san, key], sort_keys=True)


def _command(text: str | None, where: str) -> list[str]:
    if not text:
        return []
    try:
        return shlex.split(text)
    except ValueError as error:
        raise AtlasError(
            f"{where}validate: {text!r} is not a command: {str(error).lower()}; give one such as"
            " 'nginx -t', which is run without a shell."
        ) from None


def _backups(options: Mapping[str, Any], where: str) -> int:
    count: int = options["backup_count"]
    if count < 1:
        raise AtlasError(
            f"{where}backup_count: {count} is too small; give at least 1, or backup: false."
        )
    return count if options["backup"] else 0


def _refuse_shared_files(wanted: Sequence[Wanted]) -> None:
    counted = Counter(target.path for item in wanted for target in item.targets)
    twice = sorted(path for path, count in counted.items() if count > 1)
    if twice:
        raise AtlasError(
            f"{twice[0]} is named by more than one path of this task; each certificate, chain and"
            " private key needs a file of its own."
        )
    without_files = Counter((item.state_dir, item.identity) for item in wanted if not item.targets)
    shared = sorted(
        item.label for item in wanted if without_files[item.state_dir, item.identity] > 1
    )
    if shared:
        raise AtlasError(
            f"{shared[0]}: another certificate of this task is for the same names and has no file,"
            " either, so nothing tells them apart; give one of them a file, or leave it out."
        )
