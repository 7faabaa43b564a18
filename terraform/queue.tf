# Work that is taken once: a queue, and the connector that hands its messages to the function in batches.
locals {
  has_queue = var.create_queue && local.has_function
}

resource "oci_queue_queue" "this" {
  count = local.has_queue ? 1 : 0

  compartment_id                   = var.compartment_ocid
  display_name                     = var.name
  dead_letter_queue_delivery_count = var.queue_deliveries
  # As long as the function may work on a batch, and a little more: nobody else gets a message meanwhile.
  visibility_in_seconds = var.timeout_in_seconds + 30
  freeform_tags         = var.freeform_tags
  defined_tags          = var.defined_tags
}

resource "oci_sch_service_connector" "queue" {
  count = local.has_queue ? 1 : 0

  compartment_id = var.compartment_ocid
  display_name   = "${var.name}-queue"
  description    = "Queue ${var.name} to function ${var.name}"
  state          = "ACTIVE"
  freeform_tags  = var.freeform_tags
  defined_tags   = var.defined_tags

  source {
    kind        = "plugin"
    plugin_name = "QueueSource"
    config_map  = jsonencode({ queueId = oci_queue_queue.this[0].id })
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
