"""OpenAI's wire formats: requests that are validated, answers, chunks, and their encodings."""
