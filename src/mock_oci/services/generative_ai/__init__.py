"""Generative AI: the operations of inference, of stored responses and conversations, and of the control plane."""

from __future__ import annotations

from mock_oci.services.generative_ai import control_plane, projects
from mock_oci.services.generative_ai.chat import completions
from mock_oci.services.generative_ai.native import chat, embeddings, rerank
from mock_oci.services.generative_ai.responses import conversations, responses

OPERATIONS = (
    *completions.OPERATIONS,
    *responses.OPERATIONS,
    *conversations.OPERATIONS,
    *chat.OPERATIONS,
    *embeddings.OPERATIONS,
    *rerank.OPERATIONS,
    *control_plane.OPERATIONS,
    *projects.OPERATIONS,
)
