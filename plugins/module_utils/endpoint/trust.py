# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whom to trust when an endpoint is verified."""

from __future__ import annotations

import ssl

from ..asn1 import der, pem
from ..errors import AtlasError

# ssl.VERIFY_X509_PARTIAL_CHAIN, which Python names from 3.10 on.
_PARTIAL_CHAIN = 0x80000


def trust(context: ssl.SSLContext, root: str | None) -> None:
    """Let `context` trust the CA certificates in PEM text, or this machine's store for None.

    AtlasError says what is wrong with the text.
    """
    if root is None:
        context.load_default_certs()
        return
    # Who is named as trusted is trusted: an issuing CA too, without the root above it.
    context.verify_flags |= _PARTIAL_CHAIN
    blocks = list(pem.blocks(root.encode("utf-8", "replace"), pem.CERTIFICATES))
    if not blocks:
        raise AtlasError(
            "root: there is no certificate in PEM format in it; give the text of the file and not"
            " its path, such as {{ lookup('ansible.builtin.file', 'root.pem') }}."
        )
    for number, block in enumerate(blocks, start=1):
        try:
            context.load_verify_locations(cadata=der.first(block.content()).encoded)
        except (ValueError, ssl.SSLError):
            raise AtlasError(
                f"root: certificate {number} of {len(blocks)} is damaged; give the CA certificates"
                " again, each whole from BEGIN CERTIFICATE to END CERTIFICATE."
            ) from None
