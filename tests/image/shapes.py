"""The smallest memory of the function that each kind of call lives in, found by trying one shape after the other."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.image.container import FunctionContainer
from tests.image.deployed import deployed
from tests.image.docker import Docker, FaultError

from mock_oci import LoopbackServer, MockOci
from mock_oci.fn.environment import MEMORY_MB
from mock_oci.services.functions.invoke_errors import InvokeError
from mock_oci.services.object_storage.state import ObjectStorage
from model_service.fn.reply import MAX_REPLY_BYTES

V1, NATIVE, RESPONSES = "meta.llama-3.3-70b-instruct", "cohere.command-a-03-2025", "responses:openai.gpt-oss-120b"
CHAT, EMBEDDINGS = "/v1/chat/completions", "/v1/embeddings"
PIECE: Final = 1000  # characters
BUCKETS: Final = ("results", "overflow")
Call = Callable[[FunctionContainer, MockOci], None]


def shapes(docker: Docker, image: str, folder: Path) -> Iterator[tuple[str, int | None, str]]:
    """Yield the kind of call, the smallest shape in MB (``None``: none is enough), and the memory of its process."""
    for kind, (call, config) in KINDS.items():
        found: tuple[int | None, str] = (None, "")
        for memory in MEMORY_MB:
            peak = _peak(docker, image, folder, memory, call, config)
            if peak:
                found = memory, peak
                break
        yield kind, *found


def _peak(docker: Docker, image: str, folder: Path, memory: int, call: Call, config: dict[str, str]) -> str:
    """Return the peak of the process in MB; empty where the call did not get through."""
    with _local_oci() as (oci, url):
        settings = {"MODEL_SERVICE_PROJECT_ID": oci.projects.default.id, "MODEL_SERVICE_OVERFLOW_BUCKET": "overflow"}
        try:
            with deployed(docker, image, oci, url, folder, memory=memory, **settings, **config) as container:
                call(container, oci)
                return f"{int(container.status()['VmHWM']) / 1024:.0f}"
        except (FaultError, OSError, InvokeError, KeyError):
            return ""


@contextmanager
def _local_oci() -> Iterator[tuple[MockOci, str]]:
    oci = MockOci()
    for bucket in BUCKETS:
        oci.state_of(ObjectStorage).create_bucket(bucket)
    with LoopbackServer(oci.answer) as server:
        yield oci, server.url


def _chat(model: str, *, sent: int = 5, answered: int = 0, stream: bool = False) -> Call:
    """Return a chat with so many characters in the prompt, and in the answer."""

    def call(container: FunctionContainer, oci: MockOci) -> None:
        if answered:  # in pieces as a fast model sends them: of single characters, the frames would be most of it
            oci.script.chat(["x" * PIECE] * (answered // PIECE))
        body = {"model": model, "messages": [{"role": "user", "content": "x" * sent}], "stream": stream}
        answer = container.post(CHAT, body)[0]
        is_stored = answered > MAX_REPLY_BYTES
        if b'"error"' in answer[-2000:] or (is_stored and len(answer) > MAX_REPLY_BYTES):
            raise FaultError(answer[-300:].decode(errors="replace"))

    return call


def _small_messages(container: FunctionContainer, _oci: MockOci) -> None:
    messages = [{"role": "user", "content": "a"}] * 170_000
    container.post(CHAT, {"model": V1, "messages": messages})


def _embeddings(encoding: str) -> Call:
    def call(container: FunctionContainer, _oci: MockOci) -> None:
        texts = [f"a sentence of some length, number {number}" for number in range(2048)]
        container.post(EMBEDDINGS, {"model": "cohere.embed-v4.0", "input": texts, "encoding_format": encoding})

    return call


def _batch(records: int, size: int, answered: int = 0) -> Call:
    def call(container: FunctionContainer, oci: MockOci) -> None:
        if answered:
            oci.script.chat("word " * (answered // 5), times=records)
        answer = container.call([record(offset, "y" * size) for offset in range(records)])[0]
        if json.loads(answer.body).get("delivered") != records:
            raise FaultError(answer.body[:300].decode(errors="replace"))

    return call


def record(offset: int, text: str) -> dict[str, Any]:
    """Return an entry of a stream as Connector Hub sends it."""
    value = base64.b64encode(text.encode()).decode()
    return {
        "stream": "prompts",
        "partition": "0",
        "key": None,
        "value": value,
        "offset": offset,
        "timestamp": 1_700_000_000_000,
    }


WIDE: Final = {"MODEL_SERVICE_BATCH_CONCURRENCY": "32"}
KINDS: Final[dict[str, tuple[Call, dict[str, str]]]] = {
    "a chat, V1": (_chat(V1), {}),
    "a chat, Responses": (_chat(RESPONSES), {}),
    "a chat, native (Cohere)": (_chat(NATIVE), {}),
    "a request of 6 MB, V1": (_chat(V1, sent=6_000_000), {}),
    "a request of 6 MB, native": (_chat(NATIVE, sent=6_000_000), {}),
    "a request of 6 MB in 170,000 messages, V1": (_small_messages, {}),
    "an answer of 5.9 MB, V1": (_chat(V1, answered=5_900_000), {}),
    "an answer of 20 MB into the bucket, V1": (_chat(V1, answered=20_000_000), {}),
    "a stream of 20 MB into the bucket, V1": (_chat(V1, answered=20_000_000, stream=True), {}),
    "an answer of 20 MB into the bucket, native": (_chat(NATIVE, answered=20_000_000), {}),
    "embeddings of 2,048 texts x 1,536, base64": (_embeddings("base64"), {}),
    "embeddings of 2,048 texts x 1,536, float": (_embeddings("float"), {}),
    "a batch of 500 records of 8 KB, 32 at once": (_batch(500, 7_700), WIDE),
    "a batch of 64 with answers of 3 MB, 32 at once": (_batch(64, 100, 3_000_000), WIDE),
}
