"""Publish the chunks of an answer to a queue or a stream while they arrive, for callers that cannot wait."""
