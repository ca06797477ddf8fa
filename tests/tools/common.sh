# shellcheck shell=bash
# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# What the scripts of this folder share. Sourced, not run.

set -euo pipefail
umask 022

tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
root=$(cd "$tools/../.." && pwd -P)
venv=$root/.venv
# A symbolic link to the checkout stands here under the name that Ansible looks collections up by.
collections=$venv/collections
collection=$collections/ansible_collections/globalsign/atlas
simulator=$root/roles/atlas_simulator/files

say() {
    printf '%s\n' "$*" >&2
}

die() {
    say "$*"
    exit 1
}

# Ansible refuses to run where the locale's encoding is not UTF-8, as under LC_ALL=C.
use_utf8() {
    if [ "$(locale charmap 2>/dev/null)" != UTF-8 ]; then
        export LC_ALL=C.UTF-8
    fi
}

# Makes the environment of `make env`, or with --tools that of `make test`, and goes into it.
enter_environment() {
    local exports
    exports=$("$tools/environment" "$@")
    eval "$exports"
    use_utf8
}

# Waits for an earlier run that works in the same folder. The lock ends with this process; the
# programs that Ansible starts do not inherit it. Without flock(1) there is no waiting.
take_turns_in() {
    mkdir -p "$1"
    exec 9<"$1"
    if command -v flock >/dev/null; then
        flock 9
    fi
}
