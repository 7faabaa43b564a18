"""OpenAI's Responses API, translated: chat requests into it, its answers and events out of it, its paths checked."""
