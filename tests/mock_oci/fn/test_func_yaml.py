from __future__ import annotations

from pathlib import Path

import pytest

from mock_oci.fn.func_yaml import FuncYaml, read_func_yaml


def test_a_folder_without_one_has_the_defaults(tmp_path: Path) -> None:
    assert read_func_yaml(tmp_path) == FuncYaml(tmp_path.name, memory=256, timeout=30, config={})


def test_it_says_name_memory_timeout_and_config_as_text(tmp_path: Path) -> None:
    text = "name: mine\nmemory: 1024\ntimeout: 120\nconfig: {N: 1, ON: yes, WHEN: 2026-01-01}\nruntime: docker\n"
    (tmp_path / "func.yaml").write_text(text)
    read = read_func_yaml(tmp_path)
    assert read == FuncYaml("mine", 1024, 120, {"N": "1", "ON": "yes", "WHEN": "2026-01-01"})


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("- a", "func.yaml must be an object"),
        ("{", "func.yaml is not YAML"),
        ("memory: much", "func.yaml: memory must be an integer"),
        ("timeout: -1", "func.yaml: timeout must be an integer"),
        ("config: [a]", "func.yaml: config must be an object of strings"),
        ("config: {a: [b]}", "func.yaml: config must be an object of strings"),
        ("entrypoint: ./func", "not emulated: ./func"),
        ("entrypoint: fdk /function/other.py handler", "not emulated"),
    ],
)
def test_what_it_cannot_mean_is_refused(text: str, complaint: str, tmp_path: Path) -> None:
    (tmp_path / "func.yaml").write_text(text)
    with pytest.raises(ValueError, match=complaint):
        read_func_yaml(tmp_path)
