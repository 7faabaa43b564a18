"""What a template says to every record, checked before there is one: a misspelt field, no model, a wrong type."""

from __future__ import annotations

from typing import Any, Final

from model_service.batch.tasks.tasks import request_of
from model_service.batch.tasks.templates import Template
from model_service.errors import InvalidRequest
from model_service.routing import resolve
from model_service.service_file.fields import Fault

# What a request must have, where only a record says it.
EXAMPLES: Final[dict[str, Any]] = {
    "model": "meta.llama-3.3-70b-instruct",
    "messages": [{"role": "user", "content": "x"}],
    "input": "x",
    "query": "x",
    "documents": ["x"],
}


def check_constants(template: Template) -> None:
    """Raise ``Fault`` for what would make a request of no record; what a record says is checked when it comes."""
    body = template.example()
    for name in list(body):
        if not template.is_constant((name,)):
            body.pop(name)
            if name in EXAMPLES:
                body[name] = EXAMPLES[name]
    try:
        request = request_of(body)
        resolve(getattr(request, "model", None) or "", aliases={})
    except InvalidRequest as error:
        path = tuple(error.param.split(".")) if error.param else ()
        if template.is_constant(path):
            raise Fault(error.message, path[:1] if path and path[0] in body else ()) from None
