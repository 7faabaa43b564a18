"""docs/reference/log.md: each line that the sources write into the log, found in their syntax."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Final

from tests.docs.reference.markdown import MADE, described, table

import model_service

SOURCES: Final = Path(model_service.__file__).parent
INTRODUCTION: Final = f"""# Log lines

{MADE}

One JSON object a line. Each has `event`, `time` (RFC 3339, UTC, the moment of writing) and `call_id` (the id of the invocation,
`Fn-Call-Id`; the reply's `x-request-id`), and once the caller is known `caller`, `team` and `user`. None has a prompt, an answer, a key or a token in it; with
`MODEL_SERVICE_LOG_CONTENT=1` the lines about requests to OCI have the content. [Queries](../operate.md#logs).
"""
# What each line says, and the fields that it has beside those that its call names.
TEXTS: Final[dict[str, dict[str, tuple[str, str]]]] = {
    "Calls": {
        "invocation": (
            "how a call ended: one line for each. `ms` has the milliseconds of each step, `usage` what OCI reported, "
            "`message` only what an operator has to mend. `doorway` is the former name of `trigger`, for one release",
            "",
        ),
        "usage": (
            "the [usage record](../usage.md) of a call or of a record",
            "caller, team, key, labels, trigger, operation, model, transport, target, tries, stream, error, finish_reason, tokens, "
            "estimated, cost, currency, price_date, first_token_ms, total_ms, opc_request_id, user, metadata",
        ),
        "setting_ignored": ("a misspelt setting, and what was probably meant", ""),
        "bug": ("an exception that nobody expected: its type and where it came from, not its text", ""),
    },
    "Requests to OCI": {
        "upstream_request": ("a request goes out (`OCI_LOG_REQUESTS=1`)", "content"),
        "upstream_answer": ("its answer is here (`OCI_LOG_REQUESTS=1`)", "content"),
        "upstream_retry": ("OCI refused, and the same request goes out again after `seconds`", ""),
        "stream_refused": ("the model does not stream; it was asked for a complete answer", ""),
        "streaming_unavailable": ("the FDK is not one that can send chunks: answers go out complete", ""),
        "target_failed": ("a target of an alias has failed: `kind` is the row of [its table](../resilience.md)", ""),
        "target_kept_away": ("no calls go to a target for about so many `seconds`", "by"),
        "tries_used_up": ("a call could go to another target, and the container has no further tries left", ""),
        "endpoints_not_listed": ("OCI's list of dedicated endpoints could not be read", ""),
        "models_not_listed": ("OCI's list of models could not be read; `remedy` says what to allow", ""),
        "response_not_kept": ("a response could not be kept for later turns; `remedy` says what to allow", ""),
        "conversation_not_extended": (
            "a turn could not be added to its conversation; `remedy` says what to allow",
            "",
        ),
        "answer_stored": ("an answer over 6 MB went to the bucket for such", ""),
    },
    "Callers and budgets": {
        "key_checked": ("API Gateway asked about a key", ""),
        "budget_soft": ("a budget has passed its soft limit", ""),
        "budget_refused": ("a call was refused: the budget is used up", ""),
        "counter_unavailable": ("the counter of budgets cannot be reached", ""),
        "config_stale": ("a new service file or keys document is broken; the last good one stays", ""),
    },
    "Metrics and traces": {
        "metrics_lost": ("metrics could not be sent", ""),
        "span_lost": ("a span could not be sent", ""),
    },
    "Batches": {
        "batch": (
            "how many records of a batch ended how",
            "records, delivered, repeated, ignored, dead_letters, usage",
        ),
        "dead_letter": (
            "a record has failed; `sink` is there if it did not take the answer",
            "record, task, model, sink",
        ),
        "dead_letter_lost": ("a failure could not be written down: the record comes again", ""),
        "record_left": (
            "why records come again, each reason once in a batch. `where` is a sink, `dead letters`, `overflow`, `model` or `read`",
            "error, status, opc_request_id",
        ),
        "ledger_not_settled": ("a result went out, and may go out once more", ""),
        "threads_limited": ("the platform gives no more threads", ""),
    },
    "Relay": {
        "relay": ("what became of a relay", "id, messages, complete, error"),
        "relay_failed": ("a message of a relay could not be published", ""),
        "relay_result_not_stored": ("the whole answer of a relay did not fit, and could not be stored either", ""),
    },
}


def page() -> str:
    """Return the whole page; raise ``ValueError`` where a line has no text here, or a text no line."""
    known = lines()
    described(
        known, {event: text for rows in TEXTS.values() for event, (text, _) in rows.items()}, "TEXTS in log_lines.py"
    )
    parts = [INTRODUCTION]
    for title, texts in TEXTS.items():
        rows = []
        for event, (text, more) in texts.items():
            names = dict.fromkeys([*known[event], *(name for name in more.split(", ") if name)])
            rows.append((f"`{event}`", text, " ".join(f"`{name}`" for name in names)))
        parts.append(f"## {title}\n\n{table('event', 'says', 'fields', rows=rows)}\n")
    return "\n".join(parts)


def lines() -> dict[str, list[str]]:
    """Return each event of the sources with the fields that its call names."""
    found: dict[str, list[str]] = {}
    for path in sorted(SOURCES.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_write = isinstance(node, ast.Call) and ast.unparse(node.func) in ("log.write", "write")
            if (
                is_write
                and node.args
                and isinstance(node.args[0], ast.Constant)
                and isinstance(node.args[0].value, str)
            ):
                names = [one.arg for one in node.keywords if one.arg is not None]
                known = found.setdefault(node.args[0].value, [])
                known.extend(name for name in names if name not in known)
    return found
