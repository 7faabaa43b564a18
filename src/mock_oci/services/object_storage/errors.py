"""Object Storage's own refusals, which tell more than the 404 that other services share.

BucketNotFound, ObjectNotFound, IfMatchFailed, IfNoneMatchFailed and UnmatchedContentMD5 are as they were seen on a
live tenancy (a third party's probe, August 2026), NamespaceNotFound is in docs API/References/apierrors.htm; the
other codes, and most of the wording, are the emulator's best knowledge.
"""

from __future__ import annotations

from mock_oci.operations import Refused, oci_error


def bucket_not_found(bucket: str, namespace: str) -> Refused:
    """Refuse a bucket that is not there, and one that the caller may not see."""
    message = (
        f"Either the bucket named '{bucket}' does not exist in the namespace '{namespace}' or you are not"
        " authorized to access it"
    )
    return Refused(oci_error(404, message, "BucketNotFound"))


def object_not_found(name: str, bucket: str, namespace: str) -> Refused:
    message = f"The object '{name}' was not found in the bucket '{bucket}' in the namespace '{namespace}'"
    return Refused(oci_error(404, message, "ObjectNotFound"))


def namespace_not_found(namespace: str) -> Refused:
    message = (
        f"You do not have authorization to perform this request, or the namespace '{namespace}' could not be found."
    )
    return Refused(oci_error(404, message, "NamespaceNotFound"))


def bucket_exists(bucket: str) -> Refused:
    message = f"Either the bucket '{bucket}' already exists or you are not authorized to create it"
    return Refused(oci_error(409, message, "BucketAlreadyExists"))


def bucket_not_empty(bucket: str) -> Refused:
    message = f"The bucket named '{bucket}' is not empty. Delete all objects first."
    return Refused(oci_error(409, message, "BucketNotEmpty"))


def bucket_has_requests(bucket: str) -> Refused:
    message = f"The bucket named '{bucket}' has pre-authenticated requests. Delete them first."
    return Refused(oci_error(409, message, "PreauthenticatedRequestStillExists"))


def if_match_failed() -> Refused:
    return Refused(oci_error(412, "The If-Match header does not match the ETag of the entity.", "IfMatchFailed"))


def if_none_match_failed() -> Refused:
    return Refused(oci_error(412, "The If-None-Match header is '*' and the entity exists.", "IfNoneMatchFailed"))


def unmatched_md5(actual: str, stated: str) -> Refused:
    """Refuse in the words of the SDK's documentation of put_object."""
    message = f"The computed MD5 of the request body ({actual}) does not match the Content-MD5 header ({stated})"
    return Refused(oci_error(400, message, "UnmatchedContentMD5"))


def unsatisfiable_range(size: int) -> Refused:
    return Refused(oci_error(416, f"The range is outside of the object's {size} bytes.", "InvalidRange"))


def retained(name: str) -> Refused:
    """Refuse to change or delete an object that a retention rule holds; the code: see (verify: retention-codes)."""
    message = f"The object '{name}' is protected by a retention rule of its bucket"
    return Refused(oci_error(409, message, "RetentionRuleViolation"))
