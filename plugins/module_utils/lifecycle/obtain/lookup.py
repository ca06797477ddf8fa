# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find certificates that were issued although nobody was told so."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ...api.client import Client, IssuedCertificate, ListedCertificate, SerialNumber
from ...errors import AtlasError
from ...pki import certificates
from ...pki.library import x509

_CLOCK_TOLERANCE = 300
"""Seconds by which the clock that dated the attempt and the service's may differ."""
_LONGEST_LOOK_BACK = 400 * 86400


@dataclass(frozen=True)
class Identity:
    """What tells the certificate of an attempt from all others: its public key (as digest), the
    exact end that was asked for, and which serial numbers are not its own. `fits` is what one that
    ends otherwise has to be, where the key is that of other certificates, too."""

    key_digest: str
    not_after: int
    known: frozenset[SerialNumber]
    begun: int
    fits: Callable[[x509.Certificate], bool]


def any_leaf(_leaf: x509.Certificate) -> bool:
    """Where the key tells enough."""
    return True


@dataclass(frozen=True)
class FoundCertificate:
    """A certificate that was found, by its serial number."""

    serial: SerialNumber
    leaf: x509.Certificate


class LookUp:
    """Look-ups of one run, which share what they fetched. Several threads may look up at a time.

    `most` is how many certificates may be fetched for one that the service may have dated
    otherwise than it was asked to.
    """

    def __init__(self, client: Client, most: int) -> None:
        self._client = client
        self._most = most
        self._leaves: dict[SerialNumber, x509.Certificate | None] = {}
        self._lock = threading.Lock()

    def find(self, identity: Identity, thoroughly: bool) -> FoundCertificate | None:
        """The certificate of an attempt, if it was issued. Raises `AtlasError` if nobody can tell.

        First among those that end in just this second. If `thoroughly`, among all that were
        issued since the attempt began, as a CA may grant another end.
        """
        found = self._first(self._ending(identity), identity, any_leaf)
        if found is None and thoroughly:
            found = self._first(self._issued_since(identity), identity, identity.fits)
        return found

    def _ending(self, identity: Identity) -> Iterator[ListedCertificate]:
        if not identity.not_after:
            return iter(())
        return self._client.expiring_between(identity.not_after, identity.not_after)

    def _issued_since(self, identity: Identity) -> Iterator[ListedCertificate]:
        now = self._client.service_time()
        since = max(identity.begun - _CLOCK_TOLERANCE, now - _LONGEST_LOOK_BACK)
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
        fits: Callable[[x509.Certificate], bool],
    ) -> FoundCertificate | None:
        for listed in listing:
            if listed.serial in identity.known:
                continue
            leaf = self._leaf(listed.serial)
            if leaf is None or certificates.public_key_digest(leaf) != identity.key_digest:
                continue
            if fits(leaf):
                return FoundCertificate(listed.serial, leaf)
        return None

    def _leaf(self, serial: SerialNumber) -> x509.Certificate | None:
        with self._lock:
            if serial in self._leaves:
                return self._leaves[serial]
        issued = self._client.certificate(serial)
        if issued is None:
            raise AtlasError(
                f"the service lists {serial} and is still issuing it, so nobody can tell yet whose"
                " it is"
            )
        leaf = _read(issued) if issued.status != "REVOKED" else None
        with self._lock:
            self._leaves[serial] = leaf
        return leaf


def _read(issued: IssuedCertificate) -> x509.Certificate:
    return certificates.load_certificates(issued.pem.encode("ascii", "replace"))[0]
