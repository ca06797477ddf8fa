# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find certificates that were issued although nobody was told so."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ...api.client import Client, IssuedCertificate, ListedCertificate, SerialNumber
from ...api.errors import ApiError
from ...asn1.certificate import Certificate
from ...errors import AtlasError
from ...pki import certificates
from .verdict import ISSUED, read_leaf

_CLOCK_TOLERANCE = 300
"""Seconds by which the clocks of the service's own machines may differ."""
_LONGEST_LOOK_BACK = 400 * 86400
_WINDOW_REFUSED = (400, 422)


@dataclass(frozen=True)
class Identity:
    """What tells the certificate of an attempt from all others: its public key (as digest), the
    exact end that was asked for, and which serial numbers are not its own. `fits` is what one that
    ends otherwise has to be, where the key is that of other certificates, too."""

    key_digest: str
    not_after: int
    known: frozenset[SerialNumber]
    begun: int
    fits: Callable[[Certificate], bool]


def any_leaf(_leaf: Certificate) -> bool:
    """Where the key tells enough."""
    return True


@dataclass(frozen=True)
class FoundCertificate:
    """A certificate that was found, by its serial number."""

    serial: SerialNumber
    issued: IssuedCertificate
    leaf: Certificate


class LookUp:
    """Look-ups of one run, which share what they fetched. Several threads may look up at a time.

    `most` is how many certificates may be fetched for one that the service may have dated
    otherwise than it was asked to.
    """

    def __init__(self, client: Client, most: int) -> None:
        self._client = client
        self._most = most
        self._found: dict[SerialNumber, FoundCertificate] = {}
        self._lock = threading.Lock()

    def find(self, identity: Identity, thoroughly: bool) -> FoundCertificate | None:
        """The certificate of an attempt, if it was issued. Raises `AtlasError` if nobody can tell.

        First among those that end when it was asked to. If `thoroughly`, among all that were
        issued since the attempt began, as a CA may grant another end; and one that was revoked
        counts, if there is no other.
        """
        found = self._among_ending(identity)
        if thoroughly and (found is None or found.issued.status != ISSUED):
            since = self._first(self._issued_since(identity), identity, identity.fits)
            found = since if found is None or (since and since.issued.status == ISSUED) else found
        return found if thoroughly or (found and found.issued.status == ISSUED) else None

    def _among_ending(self, identity: Identity) -> FoundCertificate | None:
        """A second around the end that was asked for: a window of none may not be allowed. Where
        this one is not allowed either, all that was issued has to be looked through."""
        end = identity.not_after
        if not end:
            return None

        def fits(leaf: Certificate) -> bool:
            return certificates.not_after(leaf) == end or identity.fits(leaf)

        try:
            return self._first(self._client.expiring_between(end - 1, end + 1), identity, fits)
        except ApiError as error:
            if error.status not in _WINDOW_REFUSED:
                raise
            return None

    def _issued_since(self, identity: Identity) -> Iterator[ListedCertificate]:
        now = self._client.service_time()
        since = max(min(identity.begun, now) - _CLOCK_TOLERANCE, now - _LONGEST_LOOK_BACK)
        for count, listed in enumerate(self._client.issued_between(since, now + _CLOCK_TOLERANCE)):
            if count >= self._most:
                raise AtlasError(
                    f"more than {self._most} certificates were issued since the request was begun,"
                    " and looking through them all for one whose answer was lost would take too"
                    " many requests; raise lookup_max, or look for it in the Atlas portal"
                )
            yield listed

    def _first(
        self,
        listing: Iterator[ListedCertificate],
        identity: Identity,
        fits: Callable[[Certificate], bool],
    ) -> FoundCertificate | None:
        """The first that is good, else the first that was revoked or has an unknown status."""
        other = None
        for listed in listing:
            if listed.serial in identity.known:
                continue
            found = self._fetched(listed.serial)
            if _is_for(found.leaf, identity.key_digest) and fits(found.leaf):
                if found.issued.status == ISSUED:
                    return found
                other = other or found
        return other

    def _fetched(self, serial: SerialNumber) -> FoundCertificate:
        with self._lock:
            if serial in self._found:
                return self._found[serial]
        issued = self._client.certificate(serial)
        if issued is None:
            raise AtlasError(
                f"the service lists {serial} and is still issuing it, so nobody can tell yet whose"
                " it is"
            )
        found = FoundCertificate(serial, issued, read_leaf(issued))
        with self._lock:
            self._found[serial] = found
        return found


def _is_for(leaf: Certificate, key_digest: str) -> bool:
    """Keys of other kinds than ours may be unknown to the library."""
    try:
        return certificates.public_key_digest(leaf) == key_digest
    except Exception:  # it has several for this
        return False
