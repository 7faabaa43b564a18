"""Generative AI: the operations of inference, of what it stores (responses, files and so on), of the control plane."""

from __future__ import annotations

from mock_oci.services.generative_ai import control_plane, guardrails, projects
from mock_oci.services.generative_ai.chat import completions
from mock_oci.services.generative_ai.native import chat, embeddings, rerank
from mock_oci.services.generative_ai.responses import conversations, responses
from mock_oci.services.generative_ai.stored import containers, files, speech, vector_store_files, vector_stores

OPERATIONS = (
    *completions.OPERATIONS,
    *responses.OPERATIONS,
    *conversations.OPERATIONS,
    *files.OPERATIONS,
    *vector_stores.OPERATIONS,
    *vector_store_files.OPERATIONS,
    *containers.OPERATIONS,
    *speech.OPERATIONS,
    *chat.OPERATIONS,
    *embeddings.OPERATIONS,
    *rerank.OPERATIONS,
    *guardrails.OPERATIONS,
    *control_plane.OPERATIONS,
    *projects.OPERATIONS,
)
