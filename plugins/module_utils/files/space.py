# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Space on a file system, held for what will be written there."""

from __future__ import annotations

import errno
import os

from ..errors import AtlasError
from .folder import Folder, explain

_CANNOT_ALLOCATE = (errno.ENOSYS, errno.ENOTSUP, errno.EINVAL)


class Space:
    """A file without content that takes up space until it is released.

    Its name is always the same, so that what a call left that was cut off is found again.
    """

    def __init__(self, folder: Folder, name: str) -> None:
        self._folder = folder
        self._name = name

    def hold(self, size: int) -> None:
        """Take so many bytes; raises `AtlasError` if there are not enough."""
        self.release()
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            handle = os.open(self._name, flags, 0o600, dir_fd=self._folder.handle)
        except OSError as error:
            path = self._folder.path_of(self._name)
            raise AtlasError(f"{path}: cannot be created: {explain(error)}.") from None
        try:
            _allocate(handle, size)
        except OSError as error:
            self.release()
            raise AtlasError(
                f"{self._folder.path}: there is not enough space for the new files:"
                f" {explain(error)}; make room first."
            ) from None
        finally:
            os.close(handle)

    @property
    def is_held(self) -> bool:
        """Whether space is taken up, now or since a call that was cut off."""
        return self._folder.stat(self._name) is not None

    def release(self) -> None:
        """Give it back."""
        self._folder.unlink(self._name)


def _allocate(handle: int, size: int) -> None:
    """Not every file system, and C library, can do it without writing."""
    try:
        os.posix_fallocate(handle, 0, size)
    except OSError as error:
        if error.errno not in _CANNOT_ALLOCATE:
            raise
        left = size
        while left:
            left -= os.write(handle, bytes(left))
