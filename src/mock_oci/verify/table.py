"""All questions, in the order in which they are asked."""

from __future__ import annotations

from typing import Final

from mock_oci.verify.question import Question
from mock_oci.verify.questions import (
    control_planes,
    gateways,
    generative_ai,
    given_models,
    messages,
    object_storage,
    refusals,
    versions,
)

QUESTIONS: Final[tuple[Question, ...]] = (
    *generative_ai.QUESTIONS,
    *given_models.QUESTIONS,
    *refusals.QUESTIONS,
    *object_storage.QUESTIONS,
    *versions.QUESTIONS,
    *messages.QUESTIONS,
    *control_planes.QUESTIONS,
    *gateways.QUESTIONS,
)
