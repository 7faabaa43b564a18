"""What each operation asks for: every one has a row, and every row names permissions that a verb gives."""

from __future__ import annotations

from mock_oci.coverage.door import known_as, sdk_operations
from mock_oci.identity.policies.permission_sets import known_permissions
from mock_oci.identity.policies.required import REQUIRED, needed, operation_name
from mock_oci.services import operations as served_operations


def test_every_served_operation_that_is_signed_has_a_row() -> None:
    served = {operation: known_as(operation) for operation in served_operations() if operation.credentials}
    names = {known.key if known is not None else operation.title for operation, known in served.items()}
    assert names - REQUIRED.keys() == set(), "say in identity/policies/required.py what they ask for"


def test_every_row_is_an_operation_and_every_permission_is_given_by_some_verb() -> None:
    known = {item.key for item in sdk_operations()} | {operation.title for operation in served_operations()}
    # Those of an older API too.
    known |= {item.key for operation in served_operations() if (item := known_as(operation))}
    assert REQUIRED.keys() <= known
    asked = {name for row in REQUIRED.values() for names in needed(row) for name in names}
    assert asked <= known_permissions()


def test_an_operation_is_named_as_conditions_name_it() -> None:
    assert operation_name("ObjectStorageClient.get_object") == "GetObject"
    assert operation_name("GenerativeAiInferenceClient.chat") == "Chat"
    assert operation_name("POST /openai/v1/responses") == "POST /openai/v1/responses"
