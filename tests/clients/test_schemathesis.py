"""Whatever fits `/v1/openapi.json`, and what does not, is answered as the document says, and never with a bug."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

FOLDER = Path(__file__).parent
PROGRAM = FOLDER.parents[1] / ".venv-clients/schemathesis/bin/st"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
# The other paths of rerank have prefixes, and so a deployment, of their own.
ELSEWHERE = ("/rerank", "/v2/rerank")


def test_no_server_error_and_no_undocumented_answer(gateway: str, tmp_path: Path) -> None:
    words = [str(PROGRAM), "--config-file", str(FOLDER / "schemathesis.toml"), "run", f"{gateway}/openapi.json"]
    words += ["--url", gateway.removesuffix("/v1"), "--checks", CHECKS, "--phases", "examples,coverage,fuzzing"]
    words += ["--max-examples", "5", "--generation-deterministic", "--no-color", "--warnings", "off"]
    for path in ELSEWHERE:
        words += ["--exclude-path", path]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr
    (generated,) = re.findall(r"(\d+) generated", done.stdout)
    assert int(generated) > 500
