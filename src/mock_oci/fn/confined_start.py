"""What a container's process is before it is the FDK: it gives up what OCI Functions does not give, and goes on.

A script of its own, run as ``python -I -S confined_start.py SPECIFICATION`` (made by ``confined_process``): it imports
only what is there already, for a third of the time, and the function finds nothing of it. What the machine does not
allow is left out, and the reason is written to the descriptor ``report``. Linux's namespaces are used, which need no
privileges: the process is user 1000 in one, and whoever started it outside.
"""

from __future__ import annotations

import ctypes
import marshal
import os
import resource
import stat
import sys

TYPE_CHECKING = False  # mypy knows the name; typing takes as long to import as all of the above
if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from typing import Any, TypeAlias

    Specification: TypeAlias = dict[str, Any]

# Linux: include/uapi/linux/sched.h, mount.h, prctl.h; asm-generic/unistd.h (the same number on every processor)
_NEW_MOUNTS, _NEW_USER = 0x00020000, 0x10000000
_NOSUID_NODEV, _BIND, _WITH_SUBMOUNTS = 2 | 4, 4096, 4096 | 16384
_MOUNT_SETATTR, _AT_FDCWD, _AT_RECURSIVE, _ATTR_READ_ONLY = 442, -100, 0x8000, 1
_DROP_FROM_BOUNDING_SET, _NO_NEW_PRIVILEGES, _CAPABILITIES = 24, 38, 64
_COUNTED_BY_NAMESPACE = (5, 14)  # Linux, from which on RLIMIT_NPROC is for each user namespace


class _UnavailableError(Exception):
    """``name`` cannot be had here; an empty one: no namespace at all."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.name = name
        self.reason = reason


def main(specification: Specification) -> None:
    """Do what can be done, report the rest, and become the command."""
    os.set_inheritable(specification["report"], False)
    off = _join(specification)
    names = _isolated(specification, off)
    if names:
        _enter(specification, names)
    if "files" in specification["names"]:
        _limit(resource.RLIMIT_NOFILE, specification["files"])
    if "processes" in names:
        _limit(resource.RLIMIT_NPROC, specification["processes"])
    os.write(specification["report"], marshal.dumps(off))
    environment = dict(os.environ)  # noqa: TID251 - the function's own, which its process inherits
    if "tmp" in names:
        environment["FN_LISTENER"] = "unix:/tmp/iofs/lsnr.sock"
        environment.pop("TMPDIR", None)
    os.chdir(specification["folder"])  # again: the folder may be on another mount by now
    os.execve(specification["command"][0], specification["command"], environment)  # noqa: S606 - what this is for


def _join(specification: Specification) -> dict[str, str]:
    """Enter the control groups, and return what could not be entered."""
    off = {}
    for name, path in specification["groups"].items():
        try:
            _write(path, "0")
        except OSError as error:
            off[name] = f"{path}: {error.strerror}"
    return off


def _isolated(specification: Specification, off: dict[str, str]) -> list[str]:
    """Return which namespaces and what in them can be had; what cannot is put into ``off``."""
    wanted = [name for name in ("root", "tmp", "user") if name in specification["names"]]
    if "processes" in specification["names"] and ("processes" not in specification["groups"] or "processes" in off):
        reason = _uncounted()
        off.pop("processes", None)
        wanted += [] if reason else ["processes"]
        off.update({"processes": reason} if reason else {})
    while wanted and not specification["proven"]:
        failed = _tried(specification, wanted)
        if failed is None:
            break
        name, reason = failed
        off.update(dict.fromkeys([name] if name else wanted, reason))
        wanted = [other for other in wanted if name and other != name]
    return wanted


def _uncounted() -> str:
    """Return why a namespace would not count processes; empty where it does."""
    if os.getuid() == 0:
        return "the machine's root is counted by writable control groups only"
    version = tuple(int(part) for part in os.uname().release.split(".")[:2] if part.isdigit())
    return "" if sys.platform == "linux" and version >= _COUNTED_BY_NAMESPACE else "it takes Linux 5.14"


def _tried(specification: Specification, names: Collection[str]) -> tuple[str, str] | None:
    """Try it in a child, because what half succeeds cannot be undone; return what fails and why."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            _enter(specification, names)
        except _UnavailableError as failure:
            os.write(writer, marshal.dumps([failure.name, failure.reason]))
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as said:
        failed = said.read()
    os.waitpid(child, 0)
    if not failed:
        return None
    name, reason = marshal.loads(failed)  # noqa: S302 - our own child wrote it
    return name, reason


def _enter(specification: Specification, names: Collection[str]) -> None:
    """Enter the namespaces and make them what ``names`` say. Raises _UnavailableError."""
    if sys.platform != "linux":
        raise _UnavailableError("", "it takes Linux")
    mounts = {"root", "tmp"} & set(names)
    _doing("", lambda: _enter_namespaces(mounted=bool(mounts), is_fn="user" in names))
    # Before anything hides them; a descriptor leads to what its path no longer does.
    visible: dict[str, int] = {}
    _doing("tmp", lambda: visible.update(_opened([*specification["visible"], specification["place"]])))
    if "root" in names:
        _doing("root", _make_read_only)
    if "tmp" in names:
        _doing("tmp", lambda: _mount_tmp(specification, visible))
    elif "root" in names:
        _doing("root", lambda: _keep_writable(specification["temporary"]))
    if "user" in names:
        _doing("user", _give_up_capabilities)


def _opened(paths: Collection[str]) -> dict[str, int]:
    return {path: os.open(path, os.O_PATH) for path in paths}


def _doing(name: str, step: Callable[[], object]) -> None:
    try:
        step()
    except OSError as error:
        raise _UnavailableError(name, f"{error.filename}: {error.strerror}") from error


def _enter_namespaces(*, mounted: bool, is_fn: bool) -> None:
    """Map one user and one group, our own, which needs no privileges (user_namespaces(7))."""
    user, group = os.geteuid(), os.getegid()
    try:  # noqa: SIM105 - contextlib takes long to import
        os.setgroups([])
    except PermissionError:  # root's alone, and not in every namespace
        pass
    _call("unshare", _NEW_USER | (_NEW_MOUNTS if mounted else 0))
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{1000 if is_fn else user} {user} 1")
    _write("/proc/self/gid_map", f"{1000 if is_fn else group} {group} 1")


def _make_read_only() -> None:
    _set_read_only(b"/", clear=False, flags=_AT_RECURSIVE)


def _mount_tmp(specification: Specification, visible: dict[str, int]) -> None:
    """Mount an empty ``/tmp`` of the size, with the socket's folder in it and, read-only, what the function needs."""
    size, inodes = specification["tmp"]
    _call("mount", b"tmpfs", b"/tmp", b"tmpfs", _NOSUID_NODEV, f"size={size}m,nr_inodes={inodes},mode=1777".encode())
    for path in specification["visible"]:
        _bind(visible[path], path)
    _bind(visible[specification["place"]], "/tmp/iofs")  # noqa: S108 - where OCI has it
    _set_read_only(b"/tmp/iofs", clear=True)


def _keep_writable(paths: Collection[str]) -> None:
    """Leave folders as they were; what is mounted in them stays read-only."""
    for path in paths:
        _call("mount", path.encode(), path.encode(), None, _WITH_SUBMOUNTS, None)
        _set_read_only(path.encode(), clear=True)


def _bind(source: int, path: str) -> None:
    """Show what a descriptor leads to at a path, which is made where it is missing."""
    is_folder = stat.S_ISDIR(os.fstat(source).st_mode)
    os.makedirs(path if is_folder else os.path.dirname(path), exist_ok=True)
    if not is_folder:
        os.close(os.open(path, os.O_CREAT))
    _call("mount", f"/proc/self/fd/{source}".encode(), path.encode(), None, _WITH_SUBMOUNTS, None)


def _set_read_only(path: bytes, *, clear: bool, flags: int = 0) -> None:
    """Make a mount read-only, or writable again: mount_setattr(2), since Linux 5.12."""
    bits = (0, _ATTR_READ_ONLY) if clear else (_ATTR_READ_ONLY, 0)
    attributes = b"".join(number.to_bytes(8, sys.byteorder) for number in (*bits, 0, 0))
    _call("syscall", _MOUNT_SETATTR, _AT_FDCWD, path, flags, attributes, len(attributes))


def _give_up_capabilities() -> None:
    """Let no program have any again; what this process has, it loses when it becomes the command, as user 1000."""
    for capability in range(_CAPABILITIES):
        try:
            _call("prctl", _DROP_FROM_BOUNDING_SET, capability, 0, 0, 0)
        except OSError:  # the kernel has fewer
            break
    _call("prctl", _NO_NEW_PRIVILEGES, 1, 0, 0, 0)


def _call(name: str, *arguments: int | bytes | None) -> None:
    """Call a function of libc. Raises OSError."""
    words = [ctypes.c_long(word) if isinstance(word, int) else word for word in arguments]
    if getattr(_LIBC, name)(*words) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), name)


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


def _limit(kind: int, number: int) -> None:
    hard = resource.getrlimit(kind)[1]
    least = number if hard == resource.RLIM_INFINITY else min(number, hard)
    resource.setrlimit(kind, (least, least))


_LIBC = ctypes.CDLL(None, use_errno=True)

if __name__ == "__main__":
    main(marshal.loads(bytes.fromhex(sys.argv[1])))  # noqa: S302 - who runs this wrote it
