# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is there: read what is deployed, and tell what is due. Changes nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...errors import AtlasError
from ...pki import certificates, chains, keys
from ...pki.library import x509
from .. import due
from ..exchange import Inspection
from ..facts import facts_of
from ..wanted import Wanted
from . import files


@dataclass(frozen=True)
class Found:
    """What was found on the node: what is deployed, and which issuers of it.

    `issuers` is None where the files hold no issuer of the certificate.
    """

    deployed: due.Deployed
    issuers: tuple[x509.Certificate, ...] | None


def inspect(wanted: Wanted, now: int) -> Inspection:
    """Compare what is deployed with what is wanted at `now`, in UNIX seconds."""
    found = look(wanted)
    reasons = due.reasons(wanted, found.deployed, now)
    needs_chain = False
    repairs: list[str] = []
    obstacle = ""
    if not reasons:
        needs_chain = found.issuers is None and wants_issuers(wanted)
        try:
            repairs = needed_repairs(wanted, found)
        except AtlasError as error:
            obstacle = error.message
    missing_folders = sorted(_missing_folders(wanted)) if reasons or repairs else []
    if not obstacle and (reasons or repairs):
        obstacle = next(_obstacles(wanted), "")
    leaf = found.deployed.certificate
    return Inspection(
        reasons=reasons,
        repairs=repairs,
        needs_chain=needs_chain,
        obstacle=obstacle,
        missing_folders=missing_folders,
        certificate=facts_of(leaf) if leaf else None,
    )


def look(wanted: Wanted) -> Found:
    """Read the files of one certificate."""
    key_kind, key_digest, key_error = _read_key(wanted.privatekey_path)
    sets, certificate_error = _read_certificates(wanted)
    leaf = _deployed_leaf(sets, key_digest)
    others = [certificate for found in sets.values() for certificate in found]
    return Found(
        deployed=due.Deployed(leaf, certificate_error, key_kind, key_digest, key_error),
        issuers=chains.issuers_of(leaf, others) if leaf else None,
    )


def _read_key(path: str) -> tuple[keys.KeyKind | None, str, str]:
    try:
        content = files.read(path)
        if content is None:
            return None, "", ""
        public_key = keys.load_private_key(content).public_key()
        return keys.kind_of(public_key), keys.public_key_digest(public_key), ""
    except AtlasError as error:
        return None, "", error.message


def _read_certificates(
    wanted: Wanted,
) -> tuple[dict[str, tuple[x509.Certificate, ...]], str]:
    """The certificates in each file, and why the one that stands for the set is unreadable."""
    sets: dict[str, tuple[x509.Certificate, ...]] = {}
    error = ""
    for option in ("path", "fullchain_path", "chain_path"):
        path = wanted.targets.get(option)
        if path is None:
            continue
        try:
            content = files.read(path)
            if content is not None:
                sets[option] = _known_certificates(content)
        except AtlasError as problem:
            if option != "chain_path":
                error = problem.message
    return sets, error


def _known_certificates(content: bytes) -> tuple[x509.Certificate, ...]:
    found = certificates.load_certificates(content)
    try:
        facts_of(found[0])
    except ValueError:  # cryptography reads extensions and names only when they are asked for
        raise AtlasError("holds a damaged certificate") from None
    return found


def _deployed_leaf(
    sets: dict[str, tuple[x509.Certificate, ...]], key_digest: str
) -> x509.Certificate | None:
    """The certificate that is deployed; where two files differ, the one of the private key."""
    leaves = [sets[option][0] for option in ("path", "fullchain_path") if option in sets]
    for leaf in leaves:
        if certificates.public_key_digest(leaf) == key_digest:
            return leaf
    return leaves[0] if leaves else None


def wants_issuers(wanted: Wanted) -> bool:
    """Whether any file of the set holds issuers."""
    return bool(wanted.chain_path or wanted.fullchain_path)


def wanted_certificates(
    option: str, leaf: x509.Certificate, issuers: Sequence[x509.Certificate]
) -> tuple[x509.Certificate, ...]:
    """Which certificates the file of an option holds, in their order."""
    return {
        "path": (leaf,),
        "chain_path": tuple(issuers),
        "fullchain_path": (leaf, *issuers),
    }[option]


def attributes_of(wanted: Wanted, option: str) -> files.Attributes:
    """The attributes of the file of an option."""
    mode = wanted.privatekey_mode if option == "privatekey_path" else wanted.mode
    return files.Attributes(wanted.owner, wanted.group, mode)


def needed_repairs(wanted: Wanted, found: Found) -> list[str]:
    """What to mend of a set whose certificate is as wanted, each as `<path>: <what>`."""
    return [f"{wanted.targets[option]}: {what}" for option, what in _repairs(wanted, found)]


def _repairs(wanted: Wanted, found: Found) -> Iterator[tuple[str, str]]:
    for option, path in wanted.targets.items():
        if option != "privatekey_path" and not holds(option, path, found):
            yield option, "not as it should be" if os.path.lexists(path) else "missing"
        elif os.path.exists(path):
            differences = files.differing_attributes(path, attributes_of(wanted, option))
            if differences:
                yield option, ", ".join(differences)


def holds(option: str, path: str, found: Found) -> bool:
    """Whether a public file holds just the certificates that it should."""
    leaf = found.deployed.certificate
    if leaf is None or (found.issuers is None and option != "path"):
        return False
    expected = wanted_certificates(option, leaf, found.issuers or ())
    if not expected:
        return True
    try:
        content = files.read(path)
        return content is not None and certificates.load_certificates(content) == expected
    except AtlasError:
        return False


def _missing_folders(wanted: Wanted) -> set[str]:
    folders = {os.path.dirname(os.path.realpath(path)) for path in wanted.targets.values()}
    return {folder for folder in folders if not os.path.lexists(folder)}


def _obstacles(wanted: Wanted) -> Iterator[str]:
    """Why files cannot be put in place, as far as can be seen without writing."""
    for option, path in wanted.targets.items():
        folder = os.path.dirname(os.path.realpath(path))
        if os.path.isdir(path):
            yield f"{option}: {path} is a folder; give the path of a file."
        elif not os.path.lexists(folder):
            continue
        elif not os.path.isdir(folder):
            yield f"{option}: {path} cannot be written, because {folder} is not a folder."
        elif not os.access(folder, os.W_OK | os.X_OK):
            yield (
                f"{option}: {path} cannot be written, because the folder {folder} is not writable"
                f" for the user {os.geteuid()} on the node; let this task become a user who may"
                " write there, or choose another folder."
            )
