"""Chat Completions on the OpenAI surface, ``/openai/v1/chat/completions``."""
