"""How requests are refused that are about nothing that there is."""

from __future__ import annotations

from mock_oci.verify.question import Cost, Observation, Question
from mock_oci.verify.questions.generative_ai import INFERENCE
from mock_oci.verify.service import AskedService


def ask_unknown_path(service: AskedService) -> Observation:
    """Ask a path that there is not, without a signature."""
    answer = service.ask("GET", INFERENCE, "/openai/v1/mock-oci-verify", signed=False, expects=(401, 403))
    return {"status": answer.status, "fields": sorted(answer.body) if isinstance(answer.body, dict) else None}


QUESTIONS = (
    Question(
        "unknown-path",
        "Whether a path that there is not is a 404 also for who did not sign, and what its body has.",
        "GET of a made-up path, without a signature.",
        Cost(1),
        ask_unknown_path,
    ),
)
