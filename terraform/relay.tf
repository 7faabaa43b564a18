# Where answers can be read while they come (docs/relay.md). Nobody has to take anything away: it expires.
locals {
  relay_destinations = concat(var.relay_destinations, oci_queue_queue.relay[*].id, oci_streaming_stream.relay[*].id)
  relay_queues       = concat([for id in var.relay_destinations : id if startswith(id, "ocid1.queue.")], oci_queue_queue.relay[*].id)
  relay_streams      = concat([for id in var.relay_destinations : id if startswith(id, "ocid1.stream.")], oci_streaming_stream.relay[*].id)
}

resource "oci_queue_queue" "relay" {
  count = var.create_relay_queue ? 1 : 0

  compartment_id = var.compartment_ocid
  display_name   = "${var.name}-relay"
  # Reading again counts as a delivery, so nothing may be taken for dead.
  dead_letter_queue_delivery_count = 0
  retention_in_seconds             = 3600
  freeform_tags                    = var.freeform_tags
  defined_tags                     = var.defined_tags
}

resource "oci_streaming_stream" "relay" {
  count = var.create_relay_stream ? 1 : 0

  compartment_id     = var.compartment_ocid
  name               = "${var.name}-relay"
  partitions         = 1
  retention_in_hours = 24
  freeform_tags      = var.freeform_tags
  defined_tags       = var.defined_tags
}
