"""Guardrails: content moderation, prompt injection and personal information, judged by patterns that tests may set."""

from __future__ import annotations

from mock_oci.services.generative_ai.guardrails.detection import Guardrails
from mock_oci.services.generative_ai.guardrails.wire import OPERATIONS

__all__ = ["OPERATIONS", "Guardrails"]
