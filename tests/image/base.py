"""What the image stands on: Fn's own images where they can be pulled, else a Debian with the same Python."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

from tests.image.docker import Docker, FaultError, MissingError

ROOT: Final = Path(__file__).resolve().parents[2]
REPOSITORY: Final = "fnproject/python"
SUITE: Final = "bookworm"  # Debian 12, whose python3 is 3.11
OWN_PYTHON: Final = f"3.11-{SUITE}"
OWN_TAGS: Final = (f"{REPOSITORY}:{OWN_PYTHON}-dev", f"{REPOSITORY}:{OWN_PYTHON}")
PACKAGES: Final = "python3,python3-pip,python3-venv,ca-certificates"
NOT_NEEDED: Final = ["var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale"]
AUTHORITIES: Final = "etc/ssl/certs/ca-certificates.crt"
# What pip has to know to reach the index that this machine reaches. Folders of this machine are not in the base.
OF_THE_NETWORK: Final = {"index-url", "extra-index-url", "trusted-host", "proxy", "timeout", "default-timeout"}
PULL_SECONDS: Final = 600.0


def base_of(docker: Docker, folder: Path) -> str:
    """Return the value of the Dockerfile's ``PYTHON`` whose two images are there; raise ``MissingError``."""
    version = re.search(r"^ARG PYTHON=(\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert version is not None
    try:
        for tag in (f"{version[1]}-dev", version[1]):
            docker.run("pull", f"{REPOSITORY}:{tag}", seconds=PULL_SECONDS)
    except FaultError:
        return _own_base(docker, folder, version[1])
    return version[1]


def _own_base(docker: Docker, folder: Path, version: str) -> str:
    """Make both images of one Debian, under names that hide neither of Fn's."""
    if shutil.which("debootstrap") is None or os.geteuid() != 0:
        raise MissingError(
            f"{REPOSITORY}:{version} cannot be pulled, and only root with debootstrap can make another base: "
            "apt-get install debootstrap."
        )
    system = folder / "base"
    words = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, str(system)]
    done = subprocess.run(words, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        raise MissingError(f"debootstrap cannot make a base: {(done.stdout + done.stderr).strip().splitlines()[-1]}")
    subprocess.run(["chroot", str(system), "useradd", "--uid", "1000", "fn"], check=True)
    _let_pip_out(system)
    build, run = OWN_TAGS
    docker.import_folder(system, build, NOT_NEEDED)
    docker.run("tag", build, run)
    shutil.rmtree(system)
    return OWN_PYTHON


def _let_pip_out(system: Path) -> None:
    """Give the base the authorities of this machine, and what its pip is told of the network."""
    if Path("/", AUTHORITIES).exists():
        shutil.copyfile(Path("/", AUTHORITIES), system / AUTHORITIES)
    listed = subprocess.run(["python3", "-m", "pip", "config", "list"], capture_output=True, text=True, check=False)
    lines = ["[global]", f"cert = /{AUTHORITIES}"]
    for line in listed.stdout.splitlines():
        name, _, value = line.partition("=")
        words = [word for word in str(ast.literal_eval(value)).split() if not word.startswith(("/", "file:"))]
        if name.rpartition(".")[2] in OF_THE_NETWORK and words:
            lines.append(f"{name.rpartition('.')[2]} = {' '.join(words)}")
    (system / "etc/pip.conf").write_text("\n".join(lines) + "\n")
