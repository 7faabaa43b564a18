"""A Docker daemon to build and run with: the one that answers already, or else one of our own for the time."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STARTS_WITHIN = 60.0  # seconds
ENDS_WITHIN = 30.0
TAIL = 2000  # characters of what a command said
# Its mounts end with it, and what it writes where no option leads it elsewhere is gone with them.
IN_A_PLACE_OF_ITS_OWN = (
    *("unshare", "--mount", "--propagation", "private", "sh", "-ec"),
    'for d in /etc/docker /run/docker /run/containerd; do mkdir -p $d; mount -t tmpfs tmpfs $d; done; exec "$0" "$@"',
)


class MissingError(Exception):
    """Report that the image cannot be tested on this machine; ``str()`` is one line on what is missing."""


class FaultError(Exception):
    """Report that the image, or what it answered, is not as it has to be."""


class Docker:
    """The command ``docker``; ``host`` is a daemon's socket, None for the one that the command finds by itself."""

    def __init__(self, host: str | None = None) -> None:
        self._command = ["docker", *(["--host", host] if host else [])]

    def run(self, *words: str, seconds: float = 60.0) -> str:
        """Return what the command writes to stdout; raise ``FaultError`` with the last of what it said."""
        command = [*self._command, *words]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, errors="replace", timeout=seconds, check=False
            )
        except subprocess.TimeoutExpired:
            raise FaultError(f"docker {words[0]} took more than {seconds:.0f} s") from None
        if done.returncode:
            raise FaultError(f"docker {words[0]} failed:\n{(done.stdout + done.stderr)[-TAIL:]}")
        return done.stdout.strip()

    def import_folder(self, folder: Path, tag: str, without: list[str]) -> None:
        """Make an image of a folder, but for the paths ``without``; raise ``FaultError``."""
        excluded = [f"--exclude=./{path}" for path in without]
        with subprocess.Popen(["tar", "-C", str(folder), *excluded, "-c", "."], stdout=subprocess.PIPE) as archive:
            done = subprocess.run(
                [*self._command, "import", "-", tag], stdin=archive.stdout, capture_output=True, check=False
            )
        if done.returncode or archive.returncode:
            raise FaultError(f"docker import failed: {done.stderr.decode(errors='replace')}")

    def answers(self) -> bool:
        try:
            self.run("version")
        except FaultError:
            return False
        return True

    def forget(self, *tags: str) -> None:
        """Take away the images that bear these tags, if there are any."""
        for tag in tags:
            if self.run("images", "--quiet", tag):
                self.run("rmi", "--force", tag)


@contextmanager
def any_daemon(folder: Path) -> Iterator[Docker]:
    """Yield a daemon: what runs, else one with all that it keeps below ``folder``. Raise ``MissingError``."""
    if sys.platform != "linux":
        raise MissingError("Linux is needed: the test talks to the container through a socket in a shared folder.")
    if shutil.which("docker") is None:
        raise MissingError("There is no docker: apt-get install docker.io, or Docker's own packages.")
    running = Docker()
    if running.answers():
        yield running
        return
    if shutil.which("dockerd") is None or os.geteuid() != 0:
        raise MissingError(
            "No Docker daemon answers, and only root with dockerd can start one: apt-get install docker.io."
        )
    with _own_daemon(folder) as own:
        yield own


@contextmanager
def _own_daemon(folder: Path) -> Iterator[Docker]:
    """Start a daemon that touches neither the machine's network nor its Docker; end it and take away what it kept."""
    (folder / "daemon.json").write_text("{}")
    host = f"unix://{folder}/docker.sock"
    words = [
        *IN_A_PLACE_OF_ITS_OWN,
        "dockerd",
        "--config-file",
        f"{folder}/daemon.json",
        "--data-root",
        f"{folder}/data",
    ]
    words += ["--exec-root", f"{folder}/exec", "--pidfile", f"{folder}/docker.pid", "--host", host]
    words += ["--iptables=false", "--ip6tables=false", "--bridge=none"]
    log = folder / "log"
    with log.open("w") as out, subprocess.Popen(words, stdout=out, stderr=out, start_new_session=True) as process:
        try:
            docker = Docker(host)
            give_up = time.monotonic() + STARTS_WITHIN
            while not docker.answers():
                if process.poll() is not None or time.monotonic() > give_up:
                    raise MissingError(f"A Docker daemon cannot run here: {_last_error(log)}")
                time.sleep(0.2)
            yield docker
        finally:
            process.terminate()
            try:
                process.wait(ENDS_WITHIN)
            except subprocess.TimeoutExpired:
                process.kill()


def _last_error(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1][:300] if lines else "it said nothing"
