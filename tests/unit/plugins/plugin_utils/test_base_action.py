# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every action shares: options from task and environment, and errors as results."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure, AnsibleError

from ansible_collections.globalsign.atlas.plugins.module_utils.account import credentials
from ansible_collections.globalsign.atlas.plugins.module_utils.arguments.connection import (
    CONNECTION_OPTIONS,
    environment_variable,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.plugin_utils import base_action
from ansible_collections.globalsign.atlas.plugins.plugin_utils.base_action import (
    AtlasAction,
    ControllerAction,
)

SECRET = "a9c4f6d27be0514c83d6f10b2e97a4c5d80e3b61"


class Action(AtlasAction):
    """An action that does what a test says."""

    OPTIONS = {"colour": {"type": "str", "choices": ["red", "blue"]}, "count": {"type": "int"}}
    RULES = {"mutually_exclusive": [["colour", "count"]]}

    does: Callable[[dict[str, Any]], dict[str, Any]] = staticmethod(lambda options: options)

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        return self.does(options)


def make(
    environment: Any = None, kind: Any = Action, check_mode: bool = False, **arguments: Any
) -> Any:
    task = SimpleNamespace(
        args=arguments,
        environment=environment,
        check_mode=check_mode,
        async_val=0,
        action="atlas_test",
        resolved_action="globalsign.atlas.atlas_test",
        module_defaults=[],
        delegate_to=None,
        diff=False,
        no_log=False,
    )
    connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir="/tmp"), _remote_is_local=True)
    templar = SimpleNamespace(template=lambda value: value)
    return kind(task, connection, SimpleNamespace(), None, templar, None)


def run(action: Action) -> dict[str, Any]:
    result: dict[str, Any] = action.run(task_vars={})
    return result


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for option in CONNECTION_OPTIONS:
        monkeypatch.delenv(environment_variable(option), raising=False)


def test_options_are_validated_and_complete() -> None:
    result = run(make(count="7"))
    assert (result["count"], result["colour"], result["api_key"]) == (7, None, None)
    assert result["api_url"].startswith("https://emea.api.hvca.globalsign.com")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"colour": "green"}, "value of colour must be one of: red, blue, got: green."),
        ({"count": "many"}, "count"),
        ({"colour": "red", "count": 1}, "parameters are mutually exclusive: colour|count."),
        (
            {"color": "red"},
            "Unsupported parameters for (globalsign.atlas.atlas_test) module: color. Supported"
            " parameters include: ",
        ),
        ({"color": "red"}, "validate_certs. Did you mean colour?"),
    ],
)
def test_a_bad_option_is_one_sentence(arguments: dict[str, Any], text: str) -> None:
    result = run(make(**arguments))
    assert result["failed"]
    assert text in result["msg"]
    assert "exception" not in result


def test_the_environment_of_the_controller_is_the_last_resort(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ATLAS_API_URL", "from-the-controller")
    in_play = [{"ATLAS_API_URL": "from-the-play"}]
    assert run(make())["api_url"] == "from-the-controller"
    assert run(make(in_play))["api_url"] == "from-the-play"
    assert run(make(in_play, api_url="from-the-task"))["api_url"] == "from-the-task"


def options_of(action: Any) -> dict[str, Any]:
    seen: list[dict[str, Any]] = []
    action.does = lambda options: seen.append(options) or {}
    assert "failed" not in run(action)
    return seen[0]


def test_variables_that_are_set_and_empty_are_not_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWX sets the variables of all fields of a credential, the optional ones too."""
    (tmp_path / "conf").write_text(json.dumps({"cert_file": "/file.crt", "key_file": "/file.key"}))
    for option in CONNECTION_OPTIONS:
        monkeypatch.setenv(environment_variable(option), "")
    monkeypatch.setenv("ATLAS_CONFIG_FILE", str(tmp_path / "conf"))
    found = options_of(with_files(make([{"ATLAS_CLIENT_PKCS12": ""}], client_cert=""), tmp_path))
    assert (found["client_cert"], found["client_key"]) == ("/file.crt", "/file.key")
    assert (found["retries"], found["validate_certs"], found["proxy"]) == (5, True, None)


def test_a_form_of_the_environment_does_not_outdo_that_of_the_task(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for option in ("client_cert_content", "client_key_content", "client_key_passphrase"):
        monkeypatch.setenv(environment_variable(option), "of the environment")
    found = options_of(make(client_cert="/a.crt", client_key="/a.key"))
    stated = {name: value for name, value in found.items() if name.startswith("client_") and value}
    assert stated == {"client_cert": "/a.crt", "client_key": "/a.key"}


@pytest.mark.parametrize(
    "module_defaults",
    [
        [{"group/globalsign.atlas.atlas": {"client_pkcs12": "/d.p12", "retries": 2}}],
        [{"globalsign.atlas.atlas_test": {"client_pkcs12": "/d.p12", "retries": 2}}],
        [
            {"group/globalsign.atlas.atlas": {"client_pkcs12": "/outer.p12", "retries": 9}},
            {"group/globalsign.atlas.atlas": {"client_pkcs12": "/d.p12", "retries": 2}},
        ],
    ],
)
def test_a_form_of_the_module_defaults_does_not_outdo_that_of_the_task(
    module_defaults: list[Any],
) -> None:
    """Core has merged them when the action begins."""
    merged = {"client_cert": "/a.crt", "client_key": "/a.key", "retries": 2, "count": 7}
    action = make(client_pkcs12="/d.p12", **merged)
    action._task.module_defaults = module_defaults
    found = options_of(action)
    assert {name: found[name] for name in merged} == merged
    assert found["client_pkcs12"] is None


def test_of_module_defaults_alone_all_is_taken() -> None:
    action = make(client_pkcs12="/d.p12")
    action._task.module_defaults = [
        {"group/globalsign.atlas.atlas": {"client_pkcs12": "/d.p12"}, "other": {"client_cert": "x"}}
    ]
    assert options_of(action)["client_pkcs12"] == "/d.p12"


@pytest.mark.parametrize("wrap", [list, tuple, lambda one: one[0]])
def test_what_is_ours_never_stays_in_the_environment_of_the_node(wrap: Any) -> None:
    environment = wrap([{"ATLAS_API_SECRET": SECRET, "ATLAS_OTHER": SECRET, "PATH": "/bin"}])
    if isinstance(environment, tuple):
        environment = list(environment)
    action = make(environment)
    seen: list[Any] = []

    def look(options: dict[str, Any]) -> dict[str, Any]:
        seen.append((action._task.environment, options["api_secret"]))
        return {}

    action.does = look
    run(action)
    run(action)  # as with `until`
    assert seen == [([{"PATH": "/bin"}], SECRET)] * 2


def test_an_error_of_ours_is_a_failed_result() -> None:
    def fail(options: dict[str, Any]) -> dict[str, Any]:
        raise AtlasError("api_key: it is wrong.")

    action = make()
    action.does = fail
    assert run(action) == {"failed": True, "msg": "api_key: it is wrong."}


def test_an_error_of_ansible_is_left_to_ansible() -> None:
    def fail(options: dict[str, Any]) -> dict[str, Any]:
        raise AnsibleConnectionFailure("the host is gone")

    action = make()
    action.does = fail
    with pytest.raises(AnsibleConnectionFailure):
        run(action)


def test_a_fault_says_so_and_shows_no_secret() -> None:
    def fail(options: dict[str, Any]) -> dict[str, Any]:
        raise ValueError(f"cannot use {options['api_secret']}")

    action = make(api_secret=SECRET)
    action.does = fail
    result = run(action)
    assert result["msg"].startswith("This is a fault of globalsign.atlas, please report it")
    assert "in fail" in result["exception"]
    assert SECRET not in str(result)


@pytest.mark.parametrize(
    "option", ["api_key", "api_secret", "client_key_passphrase", "client_key_content", "proxy"]
)
def test_a_secret_in_a_result_is_removed(option: str) -> None:
    action = make(**{option: SECRET})
    action.does = lambda options: {"said": [f"the value {options[option]} is bad"]}
    assert SECRET not in str(run(action))


def test_a_secret_in_a_message_about_options_is_removed() -> None:
    result = run(make(api_secret=SECRET, colour=SECRET))
    assert result["failed"]
    assert SECRET not in str(result)


class Vaulted:
    """As ansible-core 2.16 to 2.18 hand an inline vaulted value to an action."""

    __ENCRYPTED__ = True

    def __str__(self) -> str:
        return SECRET


def test_a_vaulted_value_is_read() -> None:
    seen: list[Any] = []
    action = make(api_secret=Vaulted())
    action.does = lambda options: seen.append(options["api_secret"]) or {}
    run(action)
    assert seen == [SECRET]


def test_an_inner_vaulted_value_is_read() -> None:
    seen: list[Any] = []
    action = make(extra_headers={"X-Token": Vaulted()})
    action.does = lambda options: seen.append(options["extra_headers"]) or {}
    run(action)
    assert seen == [{"X-Token": SECRET}]


@pytest.mark.parametrize(
    "arguments",
    [
        {"extra_headers": {"X-Token": SECRET}},
        {"proxy": f"http://user:{SECRET}@proxy.example:3128"},
    ],
)
def test_a_part_of_a_secret_in_a_result_is_removed(arguments: dict[str, Any]) -> None:
    action = make(**arguments)
    action.does = lambda options: {"said": f"it answered {SECRET}"}
    assert SECRET not in str(run(action))


def test_a_secret_in_a_failure_is_removed() -> None:
    def fail(options: dict[str, Any]) -> dict[str, Any]:
        raise AtlasError(f"api_secret: {options['api_secret']} is wrong.")

    action = make(api_secret=SECRET)
    action.does = fail
    assert SECRET not in str(run(action))


def test_options_that_are_not_stated_count_for_no_rule() -> None:
    """None for each option that was not given would make those exclude each other."""
    assert "failed" not in run(make(colour="red"))


def test_a_result_has_no_invocation() -> None:
    action = make(api_secret=SECRET)
    action.does = lambda options: {"changed": False}
    assert run(action) == {"changed": False}


# What a config_file states is tested in test_config_file.py.
@pytest.mark.parametrize("option", sorted({*CONNECTION_OPTIONS} - {"config_file"}))
def test_each_option_comes_from_the_environment_too(
    option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = CONNECTION_OPTIONS[option]["type"]
    values = {"int": ("7", 7), "bool": ("false", False), "dict": ('{"X-A": "b"}', {"X-A": "b"})}
    given, expected = values.get(kind, ("/some/value", "/some/value"))
    monkeypatch.setenv(environment_variable(option), given)
    seen: list[Any] = []
    action = make()
    action.does = lambda options: seen.append(options[option]) or {}
    assert "failed" not in run(action)
    assert seen == [expected]


class Loader:
    """Finds files in a folder, and decrypts those whose name ends with vault."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self, kind: str, given: str) -> str:
        assert kind == "files"
        path = self.folder / given
        if not path.exists():
            raise AnsibleError("not found")
        return str(path)

    def get_real_file(self, path: str) -> str:
        return path.replace(".vault", ".plain")


def with_files(action: Action, folder: Path) -> Action:
    loader = Loader(folder)
    action._loader = loader
    action._find_needle = loader.find
    return action


def test_files_are_found_beside_the_play_and_decrypted(tmp_path: Path) -> None:
    (tmp_path / "mtls.key.vault").write_text("$ANSIBLE_VAULT")
    (tmp_path / "mtls.key.plain").write_text("the key")
    source = with_files(make(), tmp_path).find_file("client_key", "mtls.key.vault")
    assert (source.content, source.named) == (b"the key", "client_key: mtls.key.vault")


@pytest.mark.parametrize("beside_the_play", [True, False])
def test_files_are_found_where_ansible_was_started_if_they_are_not_beside_the_play(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, beside_the_play: bool
) -> None:
    play, started = tmp_path / "play", tmp_path / "started"
    for folder in (play, started):
        (folder / "files").mkdir(parents=True)
    (started / "files/mtls.key").write_text("where it was started")
    if beside_the_play:
        (play / "files/mtls.key").write_text("beside the play")
    monkeypatch.chdir(started)
    source = with_files(make(), play).find_file("client_key", "files/mtls.key")
    assert source.content == (b"beside the play" if beside_the_play else b"where it was started")
    assert source.named == "client_key: files/mtls.key"


def test_a_config_file_where_ansible_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "play").mkdir()
    (tmp_path / "hvclient.conf").write_text(json.dumps({"cert_file": "mtls.crt"}))
    monkeypatch.chdir(tmp_path)
    action = with_files(make(config_file="hvclient.conf"), tmp_path / "play")
    seen: list[Any] = []
    action.does = lambda options: seen.append(options["client_cert"]) or {}
    run(action)
    assert seen == [str(tmp_path / "mtls.crt")]


def test_a_file_that_is_nowhere(tmp_path: Path) -> None:
    action = with_files(make(), tmp_path)
    action.does = lambda options: action.find_file("client_key", "mtls.key")
    assert run(action)["msg"] == (
        "client_key: mtls.key was not found on the controller; give an absolute path, or one"
        " relative to the play or role, to a folder files beside it, or to the folder in which"
        " Ansible was started."
    )


def test_what_a_config_file_states_comes_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = {"url": "https://file/v2", "api_key": "file", "timeout": 7, "cert_file": "/file"}
    (tmp_path / "hvclient.conf").write_text(json.dumps(document))
    monkeypatch.setenv("ATLAS_API_KEY", "environment")
    action = with_files(make(config_file="hvclient.conf", api_url="task"), tmp_path)
    seen: list[Any] = []
    action.does = lambda options: seen.append(options) or {}
    run(action)
    told = {name: seen[0][name] for name in ("api_url", "api_key", "client_cert", "read_timeout")}
    assert told == {
        "api_url": "task",
        "api_key": "environment",
        "client_cert": "/file",
        "read_timeout": 7,
    }


def test_verification_that_is_off_is_warned_about(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "open_session", lambda *_arguments: None)
    action = make(validate_certs=False, api_key="k" * 16, api_secret=SECRET)
    action.does = lambda options: action.open_client(options) and {}
    (warning,) = run(action)["warnings"]
    assert warning.startswith("validate_certs is off: ")
    trusting = make(api_key="k" * 16, api_secret=SECRET)
    trusting.does = lambda options: trusting.open_client(options) and {}
    assert "warnings" not in run(trusting)


class ActionWithoutAtlas(ControllerAction):
    """An action that does not speak to Atlas."""

    OPTIONS = {"colour": {"type": "str"}, "tsig_key": {"type": "str", "no_log": True}}

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        if options["colour"] == "red":
            raise AtlasError(f"tsig_key: {options['tsig_key']} is wrong.")
        return {"options": options}


def test_an_action_without_atlas_has_no_connection_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATLAS_API_KEY", "from-the-controller")
    environment = [{"ATLAS_API_SECRET": SECRET}]
    result = run(make(environment, ActionWithoutAtlas, colour="blue"))
    assert result == {"options": {"colour": "blue", "tsig_key": None}}
    refused = run(make(None, ActionWithoutAtlas, api_key="key"))
    assert "api_key. Supported parameters include: colour, tsig_key." in refused["msg"]


def test_an_action_without_atlas_shows_no_secret_either() -> None:
    for colour in ("red", "blue"):
        result = run(make(None, ActionWithoutAtlas, colour=colour, tsig_key=SECRET))
        assert SECRET not in str(result)


def test_async_is_left_to_core_to_refuse() -> None:
    assert AtlasAction._supports_async is False
    assert AtlasAction._supports_check_mode is True


# option -> its member in a configuration file, and a value for each of the four places
PLACES: dict[str, tuple[str, list[Any]]] = {
    "api_url": ("url", ["a", "b", "c", "d"]),
    "api_key": ("api_key", ["a", "b", "c", "d"]),
    "api_secret": ("api_secret", ["a", "b", "c", "d"]),
    "client_cert": ("cert_file", ["/a", "/b", "/c", "/d"]),
    "client_key": ("key_file", ["/a", "/b", "/c", "/d"]),
    "client_key_passphrase": ("key_passphrase", ["a", "b", "c", "d"]),
    "validate_certs": ("insecure_skip_verify", [True, "yes", "no", "yes"]),
    "extra_headers": ("extra_headers", [{"X": each} for each in "abcd"]),
    "read_timeout": ("timeout", [1, 2, 3, 4]),
}


@pytest.mark.parametrize("option", PLACES)
def test_the_task_comes_before_the_play_before_the_controller_before_the_file(
    option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    member, (in_file, on_controller, in_play, in_task) = PLACES[option]
    (tmp_path / "conf").write_text(json.dumps({member: in_file}))
    variable = environment_variable(option)

    def of(environment: Any = None, **arguments: Any) -> Any:
        action = with_files(make(environment, config_file="conf", **arguments), tmp_path)
        seen: list[Any] = []
        action.does = lambda options: seen.append(options[option]) or {}
        assert "failed" not in run(action)
        return seen[0]

    def as_text(value: Any) -> str:
        return json.dumps(value) if isinstance(value, dict) else str(value)

    truth = {"yes": True, "no": False, True: False}  # the file says insecure
    kept = [truth[each] if option == "validate_certs" else each for each in PLACES[option][1]]
    assert of() == kept[0]
    monkeypatch.setenv(variable, as_text(on_controller))
    assert of() == kept[1]
    assert of([{variable: as_text(in_play)}]) == kept[2]
    assert of([{variable: as_text(in_play)}], **{option: in_task}) == kept[3]


@pytest.mark.parametrize("fails", [False, True])
def test_later_environments_of_the_play_come_first_and_all_are_put_back(fails: bool) -> None:
    given = [{"ATLAS_API_KEY": "outer", "A": "1"}, {"ATLAS_API_KEY": "inner", "B": "2"}]
    action = make(given)
    seen: list[Any] = []

    def look(options: dict[str, Any]) -> dict[str, Any]:
        seen.append((options["api_key"], action._task.environment))
        if fails:
            raise RuntimeError
        return {}

    action.does = look
    assert bool(run(action).get("failed")) is fails
    assert seen == [("inner", [{"A": "1", "B": "2"}])]
    assert action._task.environment is given


def test_the_config_file_may_come_from_the_environment_and_be_in_ones_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "conf").write_text(json.dumps({"cert_file": "mtls.crt", "timeout": 7}))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ATLAS_CONFIG_FILE", "~/conf")
    action = with_files(make(), Path("/"))
    seen: list[Any] = []
    action.does = lambda options: seen.append((options["client_cert"], options["read_timeout"]))
    run(action)
    assert seen == [(f"{tmp_path}/mtls.crt", 7)]


@pytest.mark.parametrize(
    ("secret", "texts"),
    [
        ("plain", {"plain"}),
        (7, {"7"}),
        ({"A": "b", "C": "", "D": None, "E": 7}, {"b", "7"}),
        ("http://proxy:3128", {"http://proxy:3128"}),
        ("http://user@proxy:3128", {"http://user@proxy:3128"}),
        ("http://user:p:w@proxy:3128", {"http://user:p:w@proxy:3128", "p:w"}),
        ("http://user:p@w@proxy", {"http://user:p@w@proxy", "p@w"}),
        ("http://user:a://b@proxy", {"http://user:a://b@proxy", "a://b"}),
    ],
)
def test_where_a_secret_may_be_found(secret: Any, texts: set[str]) -> None:
    assert base_action._texts_of(secret) == texts


def test_texts_that_know_where_they_come_from_are_plain() -> None:
    class Tagged(str):
        __slots__ = ("origin",)

    plain = base_action._plain({Tagged("a"): [Tagged("b")]})
    assert plain == {"a": ["b"]}
    assert {type(text) for text in (*plain, *plain["a"])} == {str}


def test_arguments_are_plain_at_any_depth() -> None:
    given = {1: ({"a": (Vaulted(), None)}, "b"), "c": 7}
    assert base_action._plain(given) == {"1": [{"a": [SECRET, None]}, "b"], "c": 7}


def test_what_is_wrong_is_said_once_and_all_of_it() -> None:
    result = run(make(colour="green", count="many"))
    first, second, third = result["msg"].split("; ")
    assert first == "parameters are mutually exclusive: colour|count"
    assert second.startswith("argument 'count' is of type str")
    assert third == "value of colour must be one of: red, blue, got: green."
    assert result["msg"].endswith(".")
    many = run(make(kind=ActionOfAList, keys=[{"wrod": "a"}, {"wrod": "b"}]))
    assert many["msg"].count("wrod") == 1


class ActionOfAList(ControllerAction):
    """An action with a list, and a secret in each element of another."""

    OPTIONS = {
        "colours": {"type": "list", "elements": "str", "choices": ["red"]},
        "keys": {
            "type": "list",
            "elements": "dict",
            "options": {"word": {"type": "str", "no_log": True}},
        },
    }

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"said": [key["word"] for key in options["keys"]], "warnings": ["first"]}


def test_secrets_of_suboptions_are_removed_too() -> None:
    result = run(make(kind=ActionOfAList, keys=[{"word": SECRET}]))
    assert SECRET not in str(result)
    assert result["warnings"] == ["first"]


def test_a_warning_is_added_to_those_of_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "open_session", lambda *_arguments: None)
    action = make(validate_certs=False, api_key="k" * 16, api_secret=SECRET)
    action.does = lambda options: action.open_client(options) and {"warnings": ["of the task"]}
    assert run(action)["warnings"] == ["of the task", credentials.UNVERIFIED]


def test_the_session_gets_the_scratch_folder_of_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Any] = []
    monkeypatch.setattr(credentials, "open_session", lambda *arguments: opened.append(arguments))
    monkeypatch.setattr(base_action.constants, "DEFAULT_LOCAL_TMP", str(tmp_path))
    action = make(api_key="k" * 16, api_secret=SECRET)
    action.does = lambda options: action.open_client(options).claim_board.token("01") or {}
    assert run(action) == {}
    ((options, find, folder, scratch),) = opened
    assert (options["api_secret"], find, folder) == (SECRET, action.find_file, str(tmp_path))
    assert scratch._folder.startswith(f"{tmp_path}/atlas-")


@pytest.mark.parametrize("check_mode", [False, True])
def test_check_mode_is_that_of_the_task(check_mode: bool) -> None:
    assert make(check_mode=check_mode).check_mode is check_mode


def test_an_error_of_ansible_puts_the_environment_back() -> None:
    def fail(_options: dict[str, Any]) -> dict[str, Any]:
        raise AnsibleConnectionFailure("gone")

    given = {"ATLAS_API_KEY": "a"}
    action = make(given)
    action.does = fail
    with pytest.raises(AnsibleConnectionFailure):
        run(action)
    assert action._task.environment is given


@pytest.mark.parametrize(("given", "kept"), [(None, {}), ({}, {}), ({"a": 1}, {"a": 1})])
def test_an_action_knows_the_variables_of_its_task(given: Any, kept: dict[str, Any]) -> None:
    action = make()
    action.does = lambda options: {"variables": dict(action._task_vars)}
    assert action.run(task_vars=given)["variables"] == kept


def test_a_secret_that_is_not_given_hides_nothing() -> None:
    action = make()
    action.does = lambda options: {"said": "None of these"}
    assert run(action) == {"said": "None of these"}


def test_an_environment_that_comes_to_nothing() -> None:
    action = make([None, {"ATLAS_API_KEY": "a"}])
    action.does = lambda options: {"url": options["api_key"] and "known"}
    assert run(action) == {"url": "known"}


def test_a_config_file_that_is_nowhere(tmp_path: Path) -> None:
    result = run(with_files(make(config_file="conf"), tmp_path))
    assert result["msg"].startswith("config_file: conf was not found on the controller; give an")
