"""What else stands between a client and OCI, each as its own documentation starts it, in a process of its own.

They get HTTP over loopback where a function has its Unix socket, and the same model behind them.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from tests.bench.calls import Direct
from tests.bench.containers import LLAMA

from mock_oci import MockOci
from mock_oci.doors.written_config import write_config

HERE = Path(__file__).resolve().parent
PATH = "/v1/chat/completions"
START_SECONDS = 90.0  # LiteLLM's proxy takes many of them


def started(stack: ExitStack, python: Path, upstream: str) -> dict[str, Direct]:
    """Start every peer, which ``stack`` ends; return how each is called."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    write_config(MockOci(), folder, upstream)
    (folder / "litellm.yaml").write_text(json.dumps(_litellm(upstream)))
    own = {
        "LITELLM_LOCAL_MODEL_COST_MAP": "true",
        "UPSTREAM": upstream,
        "OCI_CONFIG": str(folder / "config"),
        "PYTHONPATH": str(HERE),
    }
    return {name: _started(stack, [str(python), *command], own, folder) for name, command in COMMANDS.items()}


def _started(stack: ExitStack, command: list[str], own: dict[str, str], folder: Path) -> Direct:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # Of ours it gets what a shell would give it.
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}  # noqa: TID251 - as above
    process = subprocess.Popen(
        [part.format(port=port, folder=folder) for part in command],
        env={**environment, **own},
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    stack.callback(process.wait)
    stack.callback(process.terminate)
    give_up = time.monotonic() + START_SECONDS
    while True:
        peer = Direct(f"http://127.0.0.1:{port}", PATH, process.pid)
        try:
            peer()
        except (OSError, SystemExit):
            if process.poll() is not None or time.monotonic() > give_up:
                raise SystemExit(f"a peer does not start: {' '.join(command)}") from None
            time.sleep(0.5)
        else:
            return peer


def _litellm(upstream: str) -> dict[str, object]:
    model = {"model": f"openai/{LLAMA}", "api_base": f"{upstream}/openai/v1", "api_key": "none"}
    return {
        "model_list": [{"model_name": LLAMA, "litellm_params": model}],
        "general_settings": {"dangerously_permit_weak_or_unset_master_key": True},  # it is on loopback, for a minute
    }


_UVICORN = ["-m", "uvicorn", "--port", "{port}", "--log-level", "warning"]

COMMANDS = {
    "FastAPI": [*_UVICORN, "fastapi_app:app"],
    "locus": [*_UVICORN, "locus_app:app"],
    "LiteLLM": ["-c", "import litellm; litellm.run_server()", "--config", "{folder}/litellm.yaml", "--port", "{port}"],
}
