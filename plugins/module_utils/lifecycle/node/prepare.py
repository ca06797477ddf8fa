# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Before anything is asked for: the key on disk, and proof that the files can be put in place."""

from __future__ import annotations

import os

from ...errors import AtlasError
from ...pki import keys
from ..exchange import Prepared
from ..wanted import Wanted
from . import files
from .inspect import attributes_of
from .staging import StagingArea


def prepare(wanted: Wanted, kind: keys.KeyKind) -> Prepared:
    """Stage a key of this kind, after each target was found writable with its attributes."""
    staging = StagingArea(wanted)
    try:
        _try_targets(wanted)
        key = staging.stage(kind)
    except AtlasError as error:
        # A key that an earlier run left stays: what it was sent with may have been issued.
        staging.remove_empty_folders()
        return Prepared("", "", "", error.message)
    common_name = wanted.subject.get("common_name", [None])[0]
    return Prepared(
        public_key=keys.public_key_pem(key.public_key()),
        proof=keys.prove_possession(key),
        signing_request=keys.signing_request_pem(key, common_name),
        obstacle="",
    )


def _try_targets(wanted: Wanted) -> None:
    """What fails at the end would cost a certificate, so it is made to fail now."""
    for option, path in wanted.targets.items():
        folder = os.path.dirname(os.path.realpath(path))
        if not os.path.isdir(folder):
            raise AtlasError(
                f"{option}: the folder {folder} does not exist on the node; create it before this"
                " task."
            )
        files.Replacement(path, b"", attributes_of(wanted, option)).discard()
