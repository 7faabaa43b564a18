"""langchain-oci's own integration tests against mock_oci: ``python langchain_oci_suite.py CHECKOUT [OUTCOMES.json]``.

CHECKOUT is one of oracle/langchain-oracle. The package that is installed is tested, by a copy of the checkout's tests,
of which nothing is kept here. They name OCI's own hosts, so the door is that in this process. Its Python needs
langchain-oci, deepagents, langchain-tests, pytest-asyncio and mock_oci's cryptography. Every failure must have its
reason in the table below; table.py makes a section of docs/clients.md of the outcomes.
"""

from __future__ import annotations

import importlib.metadata
import json
import re
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
CHICAGO = ("us-chicago-1",)
# What the tests ask for and the catalogue does not have: retired since, or of no page of the service.
CHAT = (
    "cohere.command-a-vision google.gemini-2.0-flash-001 meta.llama-3.1-70b-instruct"
    " openai.gpt-4.1 openai.gpt-5.1 openai.gpt-5.2 xai.grok-3-fast xai.grok-3-mini-fast xai.grok-4"
    " xai.grok-4-1-fast-non-reasoning xai.grok-4-fast-non-reasoning"
)
EMBED = (
    "cohere.embed-english-v3.0 cohere.embed-english-light-v3.0 cohere.embed-multilingual-v3.0"
    " cohere.embed-multilingual-light-v3.0 cohere.embed-multilingual-image-v3.0"
)
VARIABLES = {
    "OCI_AUTH_TYPE": "API_KEY",
    "OCI_CONFIG_PROFILE": "DEFAULT",
    "OCI_RUN_MULTIMODAL_INTEGRATION": "1",
    "OCI_RUN_GEMINI_INTEGRATION": "1",
}
LOCAL_MODEL = "the local model knows nothing: what 12 * 8 is, the capital of France, what a picture or a PDF shows"
# What is in the failure or its test's name, and why it is no bug of mock_oci. The first that fits.
REASONS = {
    r"backend must be an initialized backend instance": "deepagents 0.7 no longer takes what the tests give it",
    r"mention at least one of|at least 1 tool call": LOCAL_MODEL,
    r"samples/": "it wants samples of the repository, and an Oracle database for them",
    r"BOAT-OC1": "it wants its authors' profile and an OpenSearch",
    r"mock_oci does not answer for the host": "it wants pictures from the internet",
    r"advertises zstd": "its httpx offers zstd, which the service sends as httpx cannot read it",
    r"Entity with key openai\.gpt-audio": "no page of the service has openai.gpt-audio",
    r"Compartment ID must be provided\.": "it names no project, which the service wants for Responses",
    r"responseFormat\.type is not one of": "it sends the type in lower case; whether OCI takes that is not known",
    r"reasoning_content|reasoning content": "the local model reasons only where a script says so",
    r"similarity|relevance|red_image": "the vectors of the local model mean nothing",
    r"test_multi_step|tool_schema_constraints|test_tool_calling_chain|result_correctness|test_multi_tool": (
        "the local model calls each tool once, with words of the prompt"
    ),
    r"test_structured_output|test_json_mode|structured_output_json_mode|test_llama_structured": (
        "the local model fills a schema with words of the prompt and the least numbers"
    ),
    r"test_system_message_role": "the local model does not do as the system says",
    r"played by mock_oci": LOCAL_MODEL,
}


class Outcomes:
    """A plugin that counts what comes of each test, and why."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.unexplained: list[str] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
        report = yield
        if report.when == "call" or report.outcome != "passed":
            self.counts[report.outcome if report.when == "call" or report.skipped else "failed"] += 1
        if report.failed and call.excinfo is not None:
            self._explain(item.nodeid, f"{item.nodeid} {call.excinfo.value}")
        return report

    def _explain(self, name: str, text: str) -> None:
        reason = next((reason for pattern, reason in REASONS.items() if re.search(pattern, text)), None)
        if reason is None:
            self.unexplained.append(name)
        else:
            self.reasons[reason] += 1


def run(checkout: Path) -> Outcomes:
    from mock_oci import MockOci, mock_oci
    from mock_oci.model.catalogue import Model

    outcomes, cloud = Outcomes(), MockOci()
    for names, capability in ((CHAT, "CHAT"), (EMBED, "TEXT_EMBEDDINGS")):
        for name in names.split():
            cloud.catalogue.add(Model(name, CHICAGO, (capability,)))
    with tempfile.TemporaryDirectory() as folder, mock_oci(cloud), pytest.MonkeyPatch.context() as variables:
        shutil.copytree(checkout / "libs/oci/tests", Path(folder) / "tests")
        for name, value in VARIABLES.items():
            variables.setenv(name, value)
        variables.syspath_prepend(folder)
        words = [f"{folder}/tests/integration_tests", f"--rootdir={folder}", "-q", "-p", "no:cacheprovider", "--tb=no"]
        pytest.main([*words, "-o", "asyncio_mode=auto", "-W", "ignore"], plugins=[outcomes])
    return outcomes


def main(checkout: Path, written: Path) -> int:
    """Write what came of it; return 1 when a failure has no reason in the table."""
    sys.path.insert(0, str(HERE.parents[1] / "src"))
    outcomes = run(checkout)
    found = {
        "version": importlib.metadata.version("langchain-oci"),
        **{name: outcomes.counts[name] for name in ("passed", "failed", "skipped")},
        "reasons": dict(outcomes.reasons.most_common()),
    }
    written.write_text(json.dumps(found, indent=2) + "\n")
    for name in outcomes.unexplained:
        print("unexplained:", name)
    return 1 if outcomes.unexplained else 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), Path([*sys.argv, HERE / "langchain_oci_suite.json"][2])))
