# The application and the function. The application's name, subnets and shape cannot be changed: OCI makes a new one.
locals {
  has_function = var.function_source != "none"
  function_id  = var.function_source == "image" ? try(oci_functions_function.this[0].id, null) : var.function_id

  asks_another_region = coalesce(var.inference_region, var.region) != var.region && var.genai_endpoint == null

  provisioned_step = lookup({ 128 = 40, 256 = 20 }, var.memory_in_mbs, 10)
  destinations     = { for name, one in { success = var.success_destination, failure = var.failure_destination } : name => one if one != null }
}

resource "oci_functions_application" "this" {
  compartment_id             = var.compartment_ocid
  display_name               = var.name
  shape                      = var.application_shape
  subnet_ids                 = local.function_subnet_ids
  network_security_group_ids = local.function_nsg_ids
  freeform_tags              = var.freeform_tags
  defined_tags               = var.defined_tags

  logging {
    line_format = var.log_line_format
  }

  trace_config {
    is_enabled = var.apm_domain_id != null
    domain_id  = var.apm_domain_id
  }

  # The provider itself waits five minutes after it has deleted an application, so that its network is free again.
  timeouts {
    delete = "30m"
  }

  lifecycle {
    precondition {
      condition     = var.create_network || length(var.function_subnet_ids) > 0
      error_message = "Without create_network the function needs function_subnet_ids."
    }

    # A service gateway reaches the services of its own region only.
    precondition {
      condition     = !local.asks_another_region || !var.create_network || var.network_internet_egress
      error_message = "inference_region is another region than the function's, which its network cannot reach: set network_internet_egress."
    }
  }
}

resource "oci_functions_function" "this" {
  count = var.function_source == "image" ? 1 : 0

  application_id                   = oci_functions_application.this.id
  display_name                     = var.name
  image                            = var.image
  image_digest                     = var.image_digest
  memory_in_mbs                    = tostring(var.memory_in_mbs)
  timeout_in_seconds               = var.timeout_in_seconds
  detached_mode_timeout_in_seconds = var.detached_timeout_in_seconds
  config                           = local.config
  freeform_tags                    = var.freeform_tags
  defined_tags                     = var.defined_tags

  trace_config {
    is_enabled = var.apm_domain_id != null
  }

  provisioned_concurrency_config {
    strategy = var.provisioned_concurrency > 0 ? "CONSTANT" : "NONE"
    count    = var.provisioned_concurrency > 0 ? var.provisioned_concurrency : null
  }

  dynamic "success_destination" {
    for_each = var.success_destination[*]
    content {
      kind       = success_destination.value.kind
      stream_id  = success_destination.value.kind == "STREAM" ? success_destination.value.id : null
      queue_id   = success_destination.value.kind == "QUEUE" ? success_destination.value.id : null
      channel_id = success_destination.value.kind == "QUEUE" ? success_destination.value.channel_id : null
      topic_id   = success_destination.value.kind == "NOTIFICATION" ? success_destination.value.id : null
    }
  }

  dynamic "failure_destination" {
    for_each = var.failure_destination[*]
    content {
      kind       = failure_destination.value.kind
      stream_id  = failure_destination.value.kind == "STREAM" ? failure_destination.value.id : null
      queue_id   = failure_destination.value.kind == "QUEUE" ? failure_destination.value.id : null
      channel_id = failure_destination.value.kind == "QUEUE" ? failure_destination.value.channel_id : null
      topic_id   = failure_destination.value.kind == "NOTIFICATION" ? failure_destination.value.id : null
    }
  }

  lifecycle {
    precondition {
      condition     = var.image != null
      error_message = "function_source = \"image\" needs image. For a first step without one: function_source = \"none\"."
    }

    precondition {
      condition     = var.provisioned_concurrency % local.provisioned_step == 0
      error_message = "provisioned_concurrency at ${var.memory_in_mbs} MB goes in steps of ${local.provisioned_step}."
    }

    precondition {
      condition     = local.config_octets <= 4096
      error_message = "The settings are longer than the 4 kB that a function's configuration may have. Long tasks go into the image or into Object Storage."
    }
  }
}
