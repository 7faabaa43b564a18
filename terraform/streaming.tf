# Records by the million: a stream, and the connector that hands them to the function in batches.
locals {
  has_stream = var.create_stream && local.has_function
}

resource "oci_streaming_stream" "this" {
  count = local.has_stream ? 1 : 0

  compartment_id     = var.compartment_ocid
  name               = var.name
  partitions         = var.stream_partitions
  retention_in_hours = var.stream_retention_in_hours
  freeform_tags      = var.freeform_tags
  defined_tags       = var.defined_tags
}

resource "oci_sch_service_connector" "stream" {
  count = local.has_stream ? 1 : 0

  compartment_id = var.compartment_ocid
  display_name   = "${var.name}-stream"
  description    = "Stream ${var.name} to function ${var.name}"
  state          = "ACTIVE"
  freeform_tags  = var.freeform_tags
  defined_tags   = var.defined_tags

  source {
    kind      = "streaming"
    stream_id = oci_streaming_stream.this[0].id

    cursor {
      kind = "TRIM_HORIZON"
    }
  }

  target {
    kind              = "functions"
    function_id       = local.function_id
    batch_size_in_num = var.batch_size
    batch_time_in_sec = var.batch_time_in_seconds
  }

  # A connector that may not read or call stops by itself.
  depends_on = [oci_identity_policy.this]
}
