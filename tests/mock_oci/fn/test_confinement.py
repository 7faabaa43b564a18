"""A container's limits, for who runs the tests, for an ordinary user, and where there are no namespaces.

Where the machine cannot have one, the start has to say why: that is asserted in its place.
"""

from __future__ import annotations

import json
import marshal
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.mock_oci.fn import observed

import mock_oci
from mock_oci import MockOci
from mock_oci.fn import confined_start
from mock_oci.fn.confinement import NAMES, Confined, confinement_of
from mock_oci.fn.functions import LocalFunctions

NOBODY = "65534"
ROOT = Path(__file__).parents[3]


def can_be_run(*words: str) -> bool:
    return shutil.which(words[0]) is not None and not subprocess.run(words, capture_output=True, check=False).returncode


def as_an_ordinary_user(words: list[str], place: Path) -> list[str]:
    """Return what runs ``words`` as nobody, who is also let into a Python that lies in root's own folder."""
    line = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *words]
    if os.getuid() != 0 or not can_be_run(*line[:4], "true"):
        return words
    prefix = Path(sys.base_prefix).resolve()
    closed = [path for path in reversed(prefix.parents) if not path.stat().st_mode & 1]
    if not closed or not can_be_run("unshare", "--mount", "true"):
        return words if closed else line
    shown = f"mount --bind {prefix} {place}; mount -t tmpfs -o mode=755 tmpfs {closed[0]}; mkdir -p {prefix}"
    return ["unshare", "--mount", "sh", "-ec", f"{shown}; mount --bind {place} {prefix}; exec {shlex.join(line)}"]


def without_namespaces(words: list[str], place: Path) -> list[str]:
    """Return what runs ``words`` where no user namespace can be made any more, if one can be made before."""
    line = f"echo 0 > /proc/sys/user/max_user_namespaces; exec {shlex.join(words)}"
    first = ["unshare", "--user", "--map-root-user"]
    return [*first, "sh", "-ec", line] if can_be_run(*first, "true") else words


KINDS = {
    "whoever runs the tests": lambda words, place: words,
    "an ordinary user": as_an_ordinary_user,
    "without namespaces": without_namespaces,
}


@pytest.fixture(scope="module", params=list(KINDS))
def seen(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    words = [sys.executable, str(Path(observed.__file__)), "all"]
    line = KINDS[request.param](words, tmp_path_factory.mktemp("python"))
    environment = {"PYTHONPATH": str(Path(mock_oci.__file__).parents[1]), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    done = subprocess.run(line, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def in_force(seen: dict[str, Any], name: str) -> bool:
    """Tell whether a limit is; where it is not, there has to be a reason."""
    assert (name in seen["on"]) != bool(seen["off"].get(name))
    return name in seen["on"]


def test_each_limit_is_in_force_or_its_reason_is_said(seen: dict[str, Any]) -> None:
    assert sorted([*seen["on"], *seen["off"]]) == sorted(NAMES)
    assert {"files", "freeze"} <= seen["on"].keys()
    assert not [reason for reason in seen["off"].values() if reason.startswith("None")]  # it names what failed
    if Path("/proc/self/statm").exists():
        assert "memory" in seen["on"]


def test_nothing_but_tmp_can_be_written(seen: dict[str, Any]) -> None:
    places = {Path(path).parent: said for path, said in seen["places"].items()}
    assert places.pop(Path("/tmp")) == "written"
    if in_force(seen, "root"):
        assert set(places.values()) <= {"EROFS", "EACCES", "ENOENT"}
        assert places[observed.FOLDER] == "EROFS"


def test_tmp_has_the_space_and_the_files_of_its_memory(seen: dict[str, Any]) -> None:
    if in_force(seen, "tmp"):
        assert seen["on"]["tmp"] == "32 MB"
        assert (seen["space"], seen["identity"]["listener"]) == (32, "unix:/tmp/iofs/lsnr.sock")
        assert 1000 < seen["names"] <= 1024


def test_it_is_user_1000_without_capabilities(seen: dict[str, Any]) -> None:
    who = seen["identity"]
    if in_force(seen, "user"):
        assert (who["user"], who["group"], who["NoNewPrivs"]) == (1000, 1000, "1")
        assert {int(who[name], 16) for name in ("CapEff", "CapPrm", "CapBnd")} == {0}
    else:
        assert who["user"] == seen["user"]


def test_processes_and_files_are_counted(seen: dict[str, Any]) -> None:
    if in_force(seen, "processes"):
        assert 40 <= seen["children"] < 50
    else:
        assert seen["children"] == 60
    assert 300 <= seen["files"] < 350


def test_more_memory_than_it_has_ends_the_call_and_the_log_says_why(seen: dict[str, Any]) -> None:
    assert seen["memory"] == "FunctionInvokeExecutionError"
    assert "mock_oci: killed: it took more than 128 MB of memory" in seen["log"]
    assert seen["after"] == seen["identity"]["user"]


def test_what_goes_on_after_the_answer_stands_still_until_the_next_call(seen: dict[str, Any]) -> None:
    assert seen["pauses"]["is_frozen"]
    assert seen["pauses"]["seconds"] > observed.PAUSE_SECONDS / 2  # a tick is 5 ms; stopping takes a moment


def test_without_any_of_it_a_function_has_the_machine() -> None:
    words = [sys.executable, str(Path(observed.__file__)), "none"]
    environment = {"PYTHONPATH": str(Path(mock_oci.__file__).parents[1])}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True, timeout=120)
    seen = json.loads(done.stdout)
    assert (seen["on"], seen["off"]) == ({}, {})
    assert (seen["space"], seen["names"], seen["children"], seen["memory"]) == (40, 1099, 60, 200)
    assert (seen["identity"]["user"], seen["pauses"]["is_frozen"]) == (os.getuid(), False)
    assert seen["places"][f"{observed.FOLDER}/mock-oci-{seen_pid(seen)}"] == "written"


def seen_pid(seen: dict[str, Any]) -> str:
    return next(iter(seen["places"])).rpartition("-")[2]


def test_elsewhere_than_on_linux_a_process_starts_with_what_there_is_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "report").touch()
    with (tmp_path / "report").open("r+b") as report:
        specification = {
            "command": ["/bin/sh", "-c", "ulimit -n"],
            "files": 350,
            "folder": "/",
            "groups": {},
            "names": ["files", "processes", "root", "tmp", "user"],
            "place": "/",
            "processes": 50,
            "proven": False,
            "report": report.fileno(),
            "temporary": [],
            "tmp": (32, 1024),
            "visible": [],
        }
        run = f"runpy.run_path({confined_start.__file__!r}, run_name='__main__')"
        elsewhere = f"import runpy, sys; sys.platform = 'darwin'; {run}"
        words = [sys.executable, "-c", elsewhere, marshal.dumps(specification).hex()]
        done = subprocess.run(words, pass_fds=[report.fileno()], capture_output=True, text=True, check=True)
    off = marshal.loads((tmp_path / "report").read_bytes())
    assert done.stdout == "350\n"
    assert {name: off[name] for name in ("root", "tmp", "user")} == dict.fromkeys(
        ("root", "tmp", "user"), "it takes Linux"
    )
    assert off["processes"]


def test_what_config_names_in_tmp_is_there_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "named").mkdir()
    for path in (tmp_path / "named/file", tmp_path / "other"):
        path.write_text("x")
    with LocalFunctions(MockOci()) as functions:
        function = functions.deploy(observed.FOLDER, config={"FILE": str(tmp_path / "named/file")})
        paths = [str(tmp_path / "named/file"), str(tmp_path / "other")]
        answer = functions.invoke(function.id, json.dumps({"take": "contents", "paths": paths}).encode())
        tmp = functions.confined.on.get("tmp")
    assert json.loads(answer.body) == ["x", None if tmp else "x"]  # type: ignore[arg-type]  # a whole answer


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("all", set(NAMES)),
        ("none", set()),
        ("memory,freeze", {"memory", "freeze"}),
        (["root"], {"root"}),
        ("no-tmp, no-freeze", set(NAMES) - {"tmp", "freeze"}),
    ],
)
def test_limits_are_named(words: Any, names: set[str]) -> None:
    assert confinement_of(words) == names


@pytest.mark.parametrize("words", ["", "everything", "no-root,tmp", "all,none", "no-all"])
def test_what_names_nothing_is_refused(words: str) -> None:
    with pytest.raises(ValueError, match="confine"):
        confinement_of(words)


def test_a_start_says_what_is_in_force_and_why_the_rest_is_not() -> None:
    confined = Confined({"root": "", "tmp": "64 MB"}, {"user": "it takes Linux"})
    assert str(confined) == "confined as in OCI Functions: root, tmp (64 MB); not user: it takes Linux"
    assert str(Confined({}, {})) == "confined as in OCI Functions: nothing"
