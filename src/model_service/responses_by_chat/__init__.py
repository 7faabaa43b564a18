"""The Responses API for models that OCI serves only by Chat Completions: requests and answers are translated."""
