"""The Responses API for models that OCI serves by Chat Completions alone: translated there and back, loaded on use."""
