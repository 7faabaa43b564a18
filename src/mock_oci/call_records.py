"""What became of each request: who signed it, the status, and why it was refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mock_oci.identity.principals import Principal
from mock_oci.wire import Request


@dataclass
class CallRecord:
    """One request. ``time`` in Unix seconds; ``refusal``: why a signature, a policy or a path was refused.

    No answer tells.
    """

    request: Request
    time: float
    principal: Principal | None = None
    status: int = 0
    refusal: str | None = None

    def wire(self) -> dict[str, Any]:
        """Write the record as ``GET /_mock/calls`` has it: no header and no body, which may hold secrets."""
        signer = self.principal
        return {
            "time": self.time,
            "method": self.request.method,
            "host": self.request.headers.get("host"),
            "path": self.request.path,
            "status": self.status,
            "principal": signer
            and {"kind": signer.kind, "id": signer.id, "resourceType": signer.resource_type or None},
            "refusal": self.refusal,
        }
