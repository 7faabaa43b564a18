from __future__ import annotations

import os
import subprocess
from pathlib import Path

from mock_oci.fn.cgroups import control_group


def test_a_group_ends_with_all_that_is_in_it_or_there_is_none() -> None:
    group = control_group({"memory", "processes", "files"}, 128, 50)
    assert set(group.groups) <= {"memory", "processes"}
    if not group.groups:
        assert os.getuid() != 0 or not os.access("/sys/fs/cgroup/pids", os.W_OK)
        return
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as process:
        for path in group.groups.values():
            Path(path).write_text(str(process.pid))
        group.close()
        assert process.wait(timeout=20) < 0
    assert not any(folder.exists() for folder in group.folders)


def test_what_nobody_asks_for_is_not_made() -> None:
    group = control_group({"files"}, 128, 50)
    assert (group.groups, group.folders, group.has_killed) == ({}, (), False)
