# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The base of the action plugins: options, environment, secrets, and the one place of failure."""

from __future__ import annotations

import gc
import os
import traceback
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from ansible import constants
from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible.module_utils.errors import UnsupportedError
from ansible.plugins.action import ActionBase

from ansible_collections.globalsign.atlas.plugins.module_utils.arguments.connection import (
    CONNECTION_OPTIONS,
    environment_variable,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.plugin_utils.connection_places import (
    Place,
    over_defaults,
    taken,
)
from ansible_collections.globalsign.atlas.plugins.plugin_utils.unsupported import (
    unsupported_sentence,
)

_PREFIX = "ATLAS_"
_ACTION_GROUP = "group/globalsign.atlas.atlas"


class ControllerAction(ActionBase):
    """An action that does its work on the controller.

    A subclass names its options and rules and has `perform`, which gets the validated options
    and returns the result.
    """

    OPTIONS: ClassVar[dict[str, dict[str, Any]]] = {}
    RULES: ClassVar[dict[str, Any]] = {}

    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Validate the options, perform the action, and turn an error into a failed result."""
        # What core had before this process was forked need not be searched for garbage here.
        gc.freeze()
        result: dict[str, Any] = super().run(tmp, task_vars)
        self._task_vars = task_vars or {}
        self._secrets: set[str] = set()
        self._warnings: list[str] = []
        environment = self._task.environment
        try:
            result.update(self.perform(self._validated_options()))
        except AtlasError as error:
            result.update(failed=True, msg=error.message)
        except AnsibleError:
            raise  # a lost connection, a missing interpreter: Ansible has words for these
        except Exception as error:
            result.update(
                failed=True,
                msg=f"This is a fault of globalsign.atlas, please report it: {error!r}",
                exception=traceback.format_exc(),
            )
        finally:
            # The same task is performed again where it says `until` or `loop`.
            self._task.environment = environment
        if self._warnings:
            result["warnings"] = [*result.get("warnings", []), *self._warnings]
        # Core cleans what a module returns, and leaves to an action what an action returns.
        cleaned: dict[str, Any] = remove_values(result, self._secrets)
        return cleaned

    @abstractmethod
    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        """Do what the task asks for with the validated options, and return its result."""

    @property
    def check_mode(self) -> bool:
        """Whether nothing may be changed."""
        return bool(self._task.check_mode)

    def _specification(self) -> dict[str, dict[str, Any]]:
        """The argument specification."""
        return dict(self.OPTIONS)

    def _arguments(self) -> dict[str, Any]:
        """What the task gives, before it is validated."""
        arguments: dict[str, Any] = _plain(self._task.args)
        return arguments

    def _validated_options(self) -> dict[str, Any]:
        spec = self._specification()
        validated = ArgumentSpecValidator(spec, **self.RULES).validate(self._arguments())
        parameters = validated.validated_parameters
        self._secrets.update(validated._no_log_values)  # those of suboptions too
        for option, rule in spec.items():
            if rule.get("no_log") and parameters.get(option):
                self._secrets.update(_texts_of(parameters[option]))
        if validated.error_messages:
            name = str(self._task.resolved_action or self._task.action)
            told = [
                unsupported_sentence(name, spec, validated.unsupported_parameters, error.msg)
                if isinstance(error, UnsupportedError)
                else error.msg
                for error in validated.errors
            ]
            # The same for each element of a list is said once.
            messages = remove_values(list(dict.fromkeys(told)), self._secrets)
            raise AtlasError("; ".join(messages).rstrip(".") + ".")
        return {option: parameters.get(option) for option in spec}


class AtlasAction(ControllerAction):
    """An action that speaks to Atlas: it takes the connection options, from everywhere."""

    def find_file(self, option: str, given: str) -> Any:
        """A file on the controller, decrypted if it is vaulted.

        It is looked for beside the play or role, and then where Ansible was started: the playbooks
        of this collection lie where a user has no files.
        """
        from ansible_collections.globalsign.atlas.plugins.module_utils.account.sources import (
            from_file,
        )

        return from_file(option, given, self._path_of(option, given))

    def _path_of(self, option: str, given: str) -> str:
        try:
            path: str = self._loader.get_real_file(self._find(given))
        except AnsibleError:
            raise AtlasError(
                f"{option}: {given} was not found on the controller; give an absolute path, or"
                " one relative to the play or role, to a folder files beside it, or to the folder"
                " in which Ansible was started."
            ) from None
        return path

    def _find(self, given: str) -> str:
        try:
            path: str = self._find_needle("files", given)
        except AnsibleError:
            path = os.path.abspath(given)
            if not os.path.exists(path):
                raise
        return path

    def open_client(self, options: Mapping[str, Any]) -> Any:
        """A client of Atlas with the connection options of the task; a context manager."""
        # Imported late: a run in which nothing is due needs neither HTTP nor X.509 here.
        from ansible_collections.globalsign.atlas.plugins.module_utils.account.credentials import (
            UNVERIFIED,
            account_of,
            open_session,
        )
        from ansible_collections.globalsign.atlas.plugins.module_utils.account.run_client import (
            RunClient,
        )
        from ansible_collections.globalsign.atlas.plugins.module_utils.account.scratch import (
            Scratch,
        )

        if not options["validate_certs"]:
            self._warnings.append(UNVERIFIED)
        folder = constants.DEFAULT_LOCAL_TMP
        scratch = Scratch(folder, account_of(options))
        return RunClient(open_session(options, self.find_file, folder, scratch), scratch)

    def _specification(self) -> dict[str, dict[str, Any]]:
        return {**CONNECTION_OPTIONS, **self.OPTIONS}

    def _arguments(self) -> dict[str, Any]:
        arguments = super()._arguments()
        given = {option: arguments.pop(option, None) for option in CONNECTION_OPTIONS}
        defaults = self._module_defaults()
        is_default = {option for option, value in defaults.items() if given.get(option) == value}
        own = {option: value for option, value in given.items() if option not in is_default}
        places = [
            Place("the task", over_defaults(own, {name: given[name] for name in is_default})),
            Place("the environment of the play", self._connection_environment()),
            Place("the environment of the controller", _controller_environment()),
        ]
        config_file = taken(places).get("config_file")
        if config_file:
            places.append(Place("config_file", self._config_file(str(config_file))))
        return {**arguments, **taken(places)}

    def _config_file(self, given: str) -> dict[str, Any]:
        """What the configuration file states."""
        from ansible_collections.globalsign.atlas.plugins.plugin_utils import config_file

        path = os.path.expanduser(given)
        source = self.find_file("config_file", path)
        return config_file.options_of(source, os.path.dirname(self._find(path)))

    def _module_defaults(self) -> dict[str, Any]:
        """The connection options in `module_defaults`, which core has merged into those of the
        task: what a task states in one form comes before what they state in another."""
        merged: dict[str, Any] = {}
        for defaults in self._task.module_defaults or []:
            merged.update(defaults)
        found: dict[str, Any] = {}
        for name in (_ACTION_GROUP, self._task.resolved_action):
            found.update(self._templar.template(merged.get(name)) or {})
        return {
            option: value for option, value in _plain(found).items() if option in CONNECTION_OPTIONS
        }

    def _connection_environment(self) -> dict[str, Any]:
        """Take `ATLAS_*` out of the play's `environment`, and use it here.

        Core would put it on the command line of what it runs on the node, and into -vvv output.
        """
        environments = self._task.environment or []
        if not isinstance(environments, list):
            environments = [environments]
        variables: dict[str, Any] = {}
        for environment in environments:
            variables.update(_plain(self._templar.template(environment)) or {})
        ours = {name: variables.pop(name) for name in list(variables) if name.startswith(_PREFIX)}
        self._task.environment = [variables]
        return _options_in(ours)


def _controller_environment() -> dict[str, Any]:
    return _options_in(os.environ)


def _options_in(variables: Mapping[str, Any]) -> dict[str, Any]:
    """The connection options among environment variables."""
    named = ((option, environment_variable(option)) for option in CONNECTION_OPTIONS)
    return {option: variables[variable] for option, variable in named if variable in variables}


def _texts_of(secret: Any) -> set[str]:
    """A secret as it may be found in a text: each value of a dictionary, the password of a URL."""
    if isinstance(secret, Mapping):
        return {str(value) for value in secret.values() if value not in (None, "")}
    text = str(secret)
    user_info, at_sign, _host = text.partition("://")[2].rpartition("@")
    password = user_info.partition(":")[2] if at_sign else ""
    return {text, password} - {""}


def _plain(value: Any) -> Any:
    """Copy arguments to plain containers and texts, with inline vaulted values decrypted.

    ansible-core 2.16 to 2.18 hand an action `AnsibleVaultEncryptedUnicode` objects. Later ones hand
    it texts that know where they come from, which core takes five times as long to copy.
    """
    if isinstance(value, Mapping):
        return {str(name): _plain(member) for name, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(member) for member in value]
    return str(value) if isinstance(value, str) or hasattr(value, "__ENCRYPTED__") else value
