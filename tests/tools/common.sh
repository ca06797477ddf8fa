# shellcheck shell=bash
# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# What the scripts of this folder share. Sourced, not run.
# shellcheck disable=SC2034

set -euo pipefail
umask 022

tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
root=$(cd "$tools/../.." && pwd -P)
cache=${XDG_CACHE_HOME:-${HOME:-}/.cache}/globalsign.atlas
venv=$root/.venv
# Ansible does not quote the path of the Python that runs a module, so one with a space or the like
# does not work: .venv is then a link to a place elsewhere.
if [[ $root == *[!A-Za-z0-9/._+-]* ]]; then
    venv=$cache/venv-$(printf '%s' "$root" | cksum | cut -d ' ' -f 1)
fi
# A symbolic link to the checkout stands here under the name that Ansible looks collections up by.
collections=$venv/collections
collection=$collections/ansible_collections/globalsign/atlas
simulator=$root/roles/atlas_simulator/files
# The exit status of what this machine lacks something for, after a word about it.
cannot_run_here=77

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

# Makes an environment and goes into it: that of `make env` (--ansible) or of `make test` (--tools),
# or a small one with another ansible-core (--core=newest, --core=oldest).
enter_environment() {
    local exports status=0
    exports=$("$tools/environment" "$1") || status=$?
    if [ "$status" = "$cannot_run_here" ]; then
        exit 0
    elif [ "$status" != 0 ]; then
        exit "$status"
    fi
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
