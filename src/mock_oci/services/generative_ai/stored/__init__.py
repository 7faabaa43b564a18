"""What the OpenAI-compatible surface stores: files, vector stores and containers; and speech, which it makes."""
