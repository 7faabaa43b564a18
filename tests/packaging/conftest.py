"""The slim tree, built without a network, and the FDK that serves it as Functions would: read-only, for nobody."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from function_package.dependencies import from_installed
from function_package.tree import Tree
from mock_oci import LoopbackServer, MockOci
from mock_oci.doors.written_config import write_config
from mock_oci.fn.fdk_socket import exchange

ROOT = Path(__file__).resolve().parents[2]
FN = 1000  # the user and the group of Fn's images
STARTS_WITHIN = 20.0  # seconds; a busy machine is no failure

# What it starts can write no byte into any file: Python ignores the signal, and the write is an error.
NO_SPACE = ("/bin/sh", "-c", 'ulimit -f 0; exec "$0" "$@"')

Environment = Mapping[str, str]


@dataclass(frozen=True)
class Who:
    """Who runs the function, with which Python; ``user`` is None where that is who runs the tests."""

    python: str
    user: int | None = None

    @property
    def options(self) -> dict[str, Any]:
        """For ``subprocess``."""
        return {} if self.user is None else {"user": self.user, "group": self.user, "extra_groups": []}

    def own(self, folder: Path) -> None:
        if self.user is not None:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, self.user, self.user)


@pytest.fixture(scope="session")
def who() -> Who:
    """An ordinary user where we are root: with a Python of this version that it can run, else there is none to be."""
    version = f"python3.{sys.version_info.minor}"
    pythons = (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}") if os.getuid() == 0 else ()
    return next((who for who in (Who(python, FN) for python in pythons) if _can_run(who)), Who(sys.executable))


def _can_run(who: Who) -> bool:
    probe = [who.python, "-S", "-c", "import asyncio, ssl"]
    try:
        return subprocess.run(probe, cwd="/", capture_output=True, check=False, **who.options).returncode == 0
    except OSError:
        return False


@pytest.fixture(scope="session")
def places() -> Iterator[Path]:
    """A folder that any user can get into, as pytest's own are not."""
    folder = Path(tempfile.mkdtemp(prefix="slim-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def tree(places: Path) -> Tree:
    tree = Tree(places / "tree", sys.executable)
    tree.add_dependencies(ROOT, from_installed)
    tree.add_function(ROOT)
    for path in (tree.folder, *tree.folder.rglob("*")):
        path.chmod(path.stat().st_mode & ~0o222)
    return tree


@pytest.fixture
def own_folder(places: Path, who: Who) -> Path:
    """The only place that the function can write in; its credentials lie there too."""
    folder = Path(tempfile.mkdtemp(dir=places))
    who.own(folder)
    return folder


@dataclass(frozen=True)
class Started:
    """A container that listens; call it with a request."""

    socket: Path

    def __call__(self, body: Any) -> bytes:
        headers = {"content-type": "application/json", "fn-call-id": "slim"}
        answer = exchange(self.socket, headers, json.dumps(body).encode())
        assert answer.status == 200, answer.body
        return answer.body


@pytest.fixture
def start(tree: Tree, own_folder: Path, who: Who) -> Iterator[Callable[[Environment], Started]]:
    with ExitStack() as running:

        def started(environment: Environment, *, disk_is_full: bool = False) -> Started:
            socket = own_folder / "lsnr.sock"
            process = running.enter_context(
                subprocess.Popen(
                    # -S: nothing of what is installed around this Python, only what is in the tree.
                    [
                        *(NO_SPACE if disk_is_full else ()),
                        who.python,
                        "-S",
                        tree.python / "bin/fdk",
                        tree.function / "func.py",
                        "handler",
                    ],
                    cwd=tree.function,
                    env={
                        "PATH": "/usr/bin:/bin",
                        "HOME": "/home/fn",
                        "TMPDIR": str(own_folder),
                        "PYTHONPATH": tree.python_path,
                        "FN_FORMAT": "http-stream",
                        "FN_LISTENER": f"unix:{socket}",
                        **environment,
                    },
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    **who.options,
                )
            )
            running.callback(process.kill)
            give_up = time.monotonic() + STARTS_WITHIN
            while not socket.exists():
                assert process.poll() is None, "the FDK did not start"
                assert time.monotonic() < give_up, "the FDK does not listen"
                time.sleep(0.005)
            return Started(socket)

        yield started


@pytest.fixture
def oci() -> MockOci:
    return MockOci()


@pytest.fixture
def oci_url(oci: MockOci) -> Iterator[str]:
    with LoopbackServer(oci.answer) as server:
        yield server.url


@pytest.fixture
def environments(oci: MockOci, oci_url: str, own_folder: Path, who: Who) -> Mapping[str, Environment]:
    """The configuration of the function for each auth type."""
    write_config(oci, own_folder, oci_url)
    who.own(own_folder)
    place = {
        "OCI_REGION": oci.region,
        "OCI_GENAI_ENDPOINT": oci_url,
        "OCI_COMPARTMENT_ID": oci.tenancy.compartment_id,
        "MODEL_SERVICE_PROJECT_ID": oci.projects.default.id,
    }
    profile = {**place, "OCI_CONFIG_FILE": str(own_folder / "config")}
    principal = own_folder / "resource_principal"
    return {
        "api_key": {**profile, "OCI_AUTH_TYPE": "api_key", "OCI_PROFILE": "DEFAULT"},
        "session_token": {**profile, "OCI_AUTH_TYPE": "session_token", "OCI_PROFILE": "SESSION"},
        "resource_principal": {
            **place,
            "OCI_RESOURCE_PRINCIPAL_VERSION": "2.2",
            "OCI_RESOURCE_PRINCIPAL_RPST": str(principal / "rpst"),
            "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM": str(principal / "private.pem"),
            "OCI_RESOURCE_PRINCIPAL_REGION": oci.region,
        },
        "instance_principal": {
            **place,
            "OCI_AUTH_TYPE": "instance_principal",
            "OCI_METADATA_BASE_URL": f"{oci_url}/opc/v2",
            "MODEL_SERVICE_FEDERATION_ENDPOINT": f"{oci_url}/v1/x509",
        },
    }
