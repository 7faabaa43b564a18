"""Responses and Conversations on the OpenAI surface, ``/openai/v1/responses`` and ``/openai/v1/conversations``."""
