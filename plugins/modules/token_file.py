#!/usr/bin/python
# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Place a token below the webroot of a web server."""

DOCUMENTATION = r"""
module: token_file
short_description: Place a token below the webroot of a web server
version_added: 0.1.0
author:
  - globalsign.atlas contributors (@globalsign)
description:
  - Writes the file that a domain is verified with over HTTP, with the folders that it takes, or removes it.
  - One remote call does what would take a task for each folder, and what is there already is left as it is.
  - Who may write to the webroot gains nothing from what this does as root. Only regular files are read, no symbolic link below the
    webroot is followed, and nothing that exists gets another owner or mode.
  - Needs nothing on the managed node but CPython 3.9 or newer.
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying target.
    support: full
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
    support: none
options:
  state:
    description:
      - V(present) writes the file. One with another content is replaced, since all claims have the same file, and so is a
        symbolic link in its place.
      - V(absent) removes the file if it has just O(content), and nothing else. Folders stay.
    type: str
    choices: [present, absent]
    default: present
  webroot:
    description:
      - The folder that the web server serves at the root of the name, as an absolute path. It has to exist.
      - A symbolic link on the way to it is followed if nobody but root and the user of the task could have made it. Where it is
        another user's, as with tools that deploy as a user of their own, let the task become that user.
    type: path
    required: true
  path:
    description: The path of the URL, in printable ASCII.
    type: str
    required: true
  content:
    description: The content of the file, as it is, without a newline added.
    type: str
    required: true
  owner:
    description:
      - The owner of the file, and of folders that are made.
      - The default is that of O(webroot), or the user of the task if that is not root, who cannot give files away.
    type: str
  group:
    description: Their group, with the same default.
    type: str
notes:
  - The file has the mode C(0644), folders that are made have C(0755), whatever the umask is.
  - Where SELinux is on, what is made gets the label of the folder that it is in, as that is what the web server may read.
seealso:
  - module: globalsign.atlas.token_listener
  - module: globalsign.atlas.atlas_domain_claim
"""

EXAMPLES = r"""
- name: Claim a domain
  globalsign.atlas.atlas_domain_claim:
    domain: www.example.com
    method: http
  register: claimed

- name: Place a token
  globalsign.atlas.token_file:
    webroot: /var/www/html
    path: "{{ claimed.claims[0].place.http.path }}"
    content: "{{ claimed.claims[0].place.http.content }}"

- name: Remove it again
  globalsign.atlas.token_file:
    webroot: /var/www/html
    path: "{{ claimed.claims[0].place.http.path }}"
    content: "{{ claimed.claims[0].place.http.content }}"
    state: absent
"""

RETURN = r"""
file:
  description: The file on the node.
  returned: success
  type: str
  sample: /var/www/html/.well-known/pki-validation/gsdv.txt
"""

from ansible_collections.globalsign.atlas.plugins.module_utils.old_python import refuse_old_python

refuse_old_python()  # before anything is imported that it could not read

import contextlib
import os
import re
import stat
from dataclasses import dataclass
from typing import Optional

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.files.changes import Draft, label_of
from ansible_collections.globalsign.atlas.plugins.module_utils.files.folder import (
    Folder,
    UnreadableError,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.files.ownership import Attributes
from ansible_collections.globalsign.atlas.plugins.module_utils.files.phases import Work, alone
from ansible_collections.globalsign.atlas.plugins.module_utils.files.places import (
    NoFolderError,
    open_folder,
)

_URL_PATH = re.compile(r"(/[!-.0-~]+)+")
_FILE_MODE, _FOLDER_MODE = 0o644, 0o755


@dataclass(frozen=True)
class TokenFile:
    """The file of a token below a webroot."""

    webroot: str
    path: str
    content: bytes
    owner: Optional[str] = None
    group: Optional[str] = None

    def require_sense(self) -> None:
        """Refuse what stands for no file."""
        if not os.path.isabs(self.webroot):
            raise AtlasError(
                f"webroot: {self.webroot!r} is not an absolute path; give one such as"
                " '/var/www/html'."
            )
        is_path = _URL_PATH.fullmatch(self.path) and not set("?#") & set(self.path)
        if not is_path or {".", ".."} & set(self._names):
            raise AtlasError(
                f"path: {self.path!r} is not the path of a file in a URL; give one such as"
                " '/.well-known/pki-validation/gsdv.txt'."
            )

    @property
    def file(self) -> str:
        """Where it lies."""
        return os.path.join(self.webroot, self.path[1:])

    @property
    def _names(self) -> list[str]:
        return self.path[1:].split("/")

    def place(self, check_mode: bool) -> bool:
        """Write the file; whether anything was changed, in check mode would be."""
        with contextlib.ExitStack() as opened:
            webroot = self._webroot()
            if webroot is None:
                raise AtlasError(
                    f"webroot: {self.webroot} does not exist on this host; give the folder that the"
                    " web server serves as the root of the name."
                )
            opened.enter_context(webroot)
            attributes = self._attributes(webroot)
            folder, missing = self._way(webroot, opened)
            if not missing:
                self._refuse_folder(folder)
                if self._is_there(folder):
                    return False
            self._require_permission(folder)
            if not check_mode:
                for name in missing:
                    folder = opened.enter_context(_made(folder, name, attributes))
                alone(self._write(folder, attributes))
            return True

    def remove(self, check_mode: bool) -> bool:
        """Remove the file if it is ours; whether it was."""
        with contextlib.ExitStack() as opened:
            webroot = self._webroot()
            if webroot is None:
                return False
            folder, missing = self._way(opened.enter_context(webroot), opened)
            if missing or not self._is_there(folder):
                return False
            self._require_permission(folder)
            if not check_mode:
                folder.unlink(self._names[-1])
                folder.sync()
            return True

    def _webroot(self) -> Optional[Folder]:
        try:
            return open_folder(self.webroot)
        except NoFolderError:
            return None
        except AtlasError as error:
            raise AtlasError(f"webroot: {error.message}") from None

    def _attributes(self, webroot: Folder) -> Attributes:
        """What the file gets; owner and group are looked up now, before anything is written."""
        is_root = os.geteuid() == 0
        owner = self.owner or (str(webroot.owner) if is_root else None)
        group = self.group or (str(webroot.group) if is_root else None)
        attributes = Attributes(owner, group, _FILE_MODE)
        _ = attributes.owner_id, attributes.group_id
        return attributes

    def _way(self, webroot: Folder, opened: contextlib.ExitStack) -> tuple[Folder, list[str]]:
        """The last folder on the way from the webroot to the file that is there, and the names of
        those that are not."""
        folder, missing = webroot, self._names[:-1]
        while missing:
            _refuse_other_than_folder(folder, missing[0])
            inner = folder.inner(missing[0])
            if inner is None:
                break
            folder = opened.enter_context(inner)
            del missing[0]
        return folder, missing

    def _is_there(self, folder: Folder) -> bool:
        name = self._names[-1]
        found = folder.stat(name)
        if found is None or not stat.S_ISREG(found.st_mode):
            return False
        if found.st_size != len(self.content):
            return False
        try:
            return folder.read(name) == self.content
        except UnreadableError as error:
            raise AtlasError(f"path: {folder.path_of(name)} {error.message}.") from None

    def _refuse_folder(self, folder: Folder) -> None:
        found = folder.stat(self._names[-1])
        if found is not None and stat.S_ISDIR(found.st_mode):
            raise AtlasError(
                f"path: {folder.path_of(self._names[-1])} is a folder, where the file of the token"
                " has to be; move the folder away."
            )

    def _require_permission(self, folder: Folder) -> None:
        if not folder.is_writable():
            raise AtlasError(
                f"path: {self.file} cannot be changed, because the folder {folder.path} is not"
                f" writable for the user {os.geteuid()}; let the task become a user who may write"
                " there."
            )

    def _write(self, folder: Folder, attributes: Attributes) -> Work[None]:
        yield [
            Draft(
                folder,
                self._names[-1],
                self.content,
                attributes,
                label_of(folder),
                is_raced=True,  # several hosts of a play may share the webroot
            )
        ]


def _made(folder: Folder, name: str, attributes: Attributes) -> Folder:
    return folder.make(name, _FOLDER_MODE, attributes.owner_id, attributes.group_id)


def _refuse_other_than_folder(folder: Folder, name: str) -> None:
    """Whoever may write to the webroot is not to choose where this user writes."""
    found, path = folder.stat(name), folder.path_of(name)
    if found is None or stat.S_ISDIR(found.st_mode):
        return
    if stat.S_ISLNK(found.st_mode):
        raise AtlasError(
            f"path: {path} is a symbolic link, and below webroot none is followed; have a folder"
            " there."
        )
    raise AtlasError(
        f"path: {path} is not a folder, and one has to be there; move what it is away."
    )


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "webroot": {"type": "path", "required": True},
            "path": {"type": "str", "required": True},
            "content": {"type": "str", "required": True},
            "owner": {"type": "str"},
            "group": {"type": "str"},
        },
        supports_check_mode=True,
    )
    given = module.params
    token = TokenFile(
        given["webroot"],
        given["path"],
        given["content"].encode("utf-8", "surrogateescape"),
        given["owner"],
        given["group"],
    )
    act = token.place if given["state"] == "present" else token.remove
    try:
        token.require_sense()
        changed = act(module.check_mode)
    except AtlasError as error:
        module.fail_json(msg=error.message)
    module.exit_json(changed=changed, file=token.file)


if __name__ == "__main__":
    main()
