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
      - V(present) writes the file. One with another content is replaced, since all claims have the same file.
      - V(absent) removes the file if it has just O(content), and nothing else. Folders stay.
    type: str
    choices: [present, absent]
    default: present
  webroot:
    description: The folder that the web server serves at the root of the name. It has to exist.
    type: path
    required: true
  path:
    description: The path of the URL.
    type: str
    required: true
  content:
    description: The content of the file, as it is, without a newline added.
    type: str
    required: true
  owner:
    description: The owner of the file, and of folders that are made. The default is that of O(webroot).
    type: str
  group:
    description: Their group. The default is that of O(webroot).
    type: str
notes:
  - Where SELinux is on, what is made gets the label that the policy has for its place.
  - A symbolic link that leads out of O(webroot) is not followed.
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

import os
import posixpath
import tempfile

from ansible_collections.globalsign.atlas.plugins.module_utils.old_python import refuse_old_python

refuse_old_python()  # before anything is imported that it could not read

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError


class TokenFile:
    """The file of a token below a webroot."""

    def __init__(self, module: AnsibleModule) -> None:
        self._module = module
        options = module.params
        self._webroot: str = options["webroot"]
        self._content = options["content"].encode("utf-8")
        path: str = options["path"]
        if not path.startswith("/") or ".." in path.split("/") or path.endswith("/"):
            raise AtlasError(
                f"path: {path!r} is not the path of a file in a URL; give one such as"
                " '/.well-known/pki-validation/gsdv.txt'."
            )
        self.path = posixpath.join(self._webroot, path.lstrip("/"))

    def place(self) -> bool:
        """Write the file; whether anything was changed."""
        if not os.path.isdir(self._webroot):
            raise AtlasError(
                f"webroot: {self._webroot} is not a folder on this host; give the one that the web"
                " server serves as the root of the name."
            )
        missing = self._missing_folders()
        self._refuse_escape()
        if not missing and self._is_there():
            return False
        if not self._module.check_mode:
            for folder in missing:
                os.mkdir(folder, 0o755)
                self._dress(folder, 0o755)
            self._write()
        return True

    def remove(self) -> bool:
        """Remove the file if it is ours; whether it was."""
        if not self._is_there():
            return False
        if not self._module.check_mode:
            os.unlink(self.path)
        return True

    def _missing_folders(self) -> list[str]:
        missing: list[str] = []
        folder = posixpath.dirname(self.path)
        while not os.path.isdir(folder):
            missing.insert(0, folder)
            folder = posixpath.dirname(folder)
        return missing

    def _refuse_escape(self) -> None:
        """Whoever may write to the webroot is not to choose where this user writes."""
        webroot = os.path.realpath(self._webroot)
        folder = os.path.realpath(posixpath.dirname(self.path))
        if os.path.commonpath([webroot, folder]) != webroot:
            raise AtlasError(
                f"path: {self.path} leads out of the webroot by a symbolic link, to {folder};"
                " remove the link, or give the folder that is served as webroot."
            )

    def _is_there(self) -> bool:
        try:
            with open(self.path, "rb") as file:
                return bool(file.read(len(self._content) + 1) == self._content)
        except (FileNotFoundError, NotADirectoryError):
            return False

    def _write(self) -> None:
        handle, draft = tempfile.mkstemp(prefix=".token-", dir=posixpath.dirname(self.path))
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(self._content)
            self._dress(draft, 0o644)
            os.replace(draft, self.path)
        except BaseException:
            os.unlink(draft)
            raise
        # The label depends on the name.
        self._module.set_default_selinux_context(self.path, False)

    def _dress(self, path: str, mode: int) -> None:
        """Give what was made its owner, label and mode."""
        webroot = os.stat(self._webroot)
        options = self._module.params
        self._module.set_owner_if_different(path, options["owner"] or str(webroot.st_uid), False)
        self._module.set_group_if_different(path, options["group"] or str(webroot.st_gid), False)
        self._module.set_default_selinux_context(path, False)
        os.chmod(path, mode)


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
    try:
        token = TokenFile(module)
        changed = token.place() if module.params["state"] == "present" else token.remove()
    except AtlasError as error:
        module.fail_json(msg=error.message)
    except OSError as error:
        module.fail_json(
            msg=f"{error.filename}: {error.strerror}; run the task as a user who may write there."
        )
    module.exit_json(changed=changed, file=token.path)


if __name__ == "__main__":
    main()
