"""What every transport needs to know of a call besides the request itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import field

from model_service.errors import AnswerTooLarge, InvalidRequest, RequestTooLarge, UnsupportedParameter, UpstreamError
from model_service.fn.invocation import Deadline
from model_service.fn.reply import MAX_REPLY_BYTES
from model_service.light_dataclasses import dataclass
from model_service.oci_names import CONVERSATION_STORE, Regions
from model_service.routing import Route


@dataclass(frozen=True)
class Call:
    """``compartment_id`` is the compartment that pays, and that the IAM policy must cover.

    ``max_answer_bytes`` is what can be delivered of an answer whose size is known before it is paid for: the platform's
    bound on a reply, or that of memory where there is a bucket for larger ones; ``None`` where nobody knows.

    ``refuses_unsupported`` says that parameters which the model cannot take are to be refused, and not left out.
    Responses alone take the rest: ``project_id`` is the project (or the conversation store, which some tenancies have
    in its place) that holds what they store, and ``may_store`` says whether they may
    (``MODEL_SERVICE_RESPONSES_STORE``). ``owner`` is whose what they store is, where callers are kept apart
    (``transports/responses/ownership.py``).
    """

    deadline: Deadline
    compartment_id: str | None = None
    project_id: str | None = None
    may_store: bool = True
    owner: str | None = None
    max_answer_bytes: int | None = None
    refuses_unsupported: bool = False

    @property
    def compartment_headers(self) -> dict[str, str]:
        """Return what Chat Completions wants, and what Responses and its relatives want; both take both."""
        if self.compartment_id is None:
            return {}
        return {"CompartmentId": self.compartment_id, "opc-compartment-id": self.compartment_id}

    @property
    def project_headers(self) -> dict[str, str]:
        """What the stateful surfaces want besides; a conversation store goes in the place of a project.

        Source: https://docs.oracle.com/en-us/iaas/Content/generative-ai/projects.htm, and oci-openai for the store.
        """
        if self.project_id is None:
            return {}
        is_store = self.project_id.startswith(CONVERSATION_STORE)
        return {"opc-conversation-store-id" if is_store else "OpenAI-Project": self.project_id}

    def require_room(self, size: int, param: str) -> None:
        """Raise where an answer of ``size`` bytes cannot be delivered, to ``param``: such an answer is not paid for.

        That is ``AnswerTooLarge``, or ``RequestTooLarge`` for what does not even fit into memory.
        """
        if self.max_answer_bytes is None or size <= self.max_answer_bytes:
            return
        said = f"The answer would have more than {size} bytes; {self.max_answer_bytes} can be delivered."
        if self.max_answer_bytes == MAX_REPLY_BYTES:
            raise AnswerTooLarge(said)
        raise RequestTooLarge(said, param=param, hint=f"Send fewer in {param} at once.")

    @contextmanager
    def hints(self, route: Route, previous_response_id: str | None = None, surface: str = "") -> Iterator[None]:
        """Let an error of OCI that leaves this block say what to do about it, or what it means, where we know."""
        try:
            yield
        except UpstreamError as error:
            # Imported on first use: it is for errors only, and a cold start counts every millisecond.
            from model_service.upstream.error_hints import Asked, explained  # noqa: PLC0415 - see above

            asked = Asked(route.model, self.compartment_id, self.project_id, previous_response_id, surface)
            meant = explained(error, asked)
            if meant is error:
                raise
            raise meant from error


@dataclass
class DroppedParameters:
    """What is left out of a request because the model cannot take it and no caller would miss it.

    ``names`` are for ``x-model-service-dropped``. ``refuses`` is ``MODEL_SERVICE_UNSUPPORTED=refuse``, or the header
    ``x-model-service-unsupported`` of the request.
    """

    refuses: bool = False
    names: dict[str, None] = field(default_factory=dict)

    def drop(self, name: str) -> None:
        """Note that a parameter is left out; raise ``UnsupportedParameter`` where such are to be refused."""
        if self.refuses:
            raise UnsupportedParameter(name)
        self.names[name] = None


def may_not_be_named(what: str) -> InvalidRequest:
    """Return the error for a ``compartment`` or ``project`` that a request may not name."""
    return InvalidRequest(
        f"{what}_id: this {what} may not be named here.",
        param=f"{what}_id",
        code=f"{what}_not_allowed",
        status=403,
        hint=f"MODEL_SERVICE_{what.upper()}S lists those that may be; leave it out, and the configured one is used.",
    )


def check_region(wanted: str, asked: str, regions: Regions) -> None:
    """Raise ``InvalidRequest`` where a request wants another region than the one that is asked."""
    if regions.identifier(wanted) != asked:
        raise InvalidRequest(f"This model is asked in {asked} only.", param="region", code="region_not_available")


@contextmanager
def bearing(opc_request_id: str | None) -> Iterator[None]:
    """Let an error of OCI that leaves this block bear the id of the request that it answers."""
    try:
        yield
    except UpstreamError as error:
        error.opc_request_id = error.opc_request_id or opc_request_id
        raise
