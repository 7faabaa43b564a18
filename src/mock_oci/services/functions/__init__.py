"""OCI Functions: its operations in one table, and the state that tests reach for."""

from __future__ import annotations

from mock_oci.services.functions.state import Caller, Destination, FunctionDetails, Functions, Invoker
from mock_oci.services.functions.wire import OPERATIONS, invocation

__all__ = ["OPERATIONS", "Caller", "Destination", "FunctionDetails", "Functions", "Invoker", "invocation"]
