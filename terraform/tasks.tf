# Records that arrive by themselves: who hands them over, and what their tasks read and write.
locals {
  # OCI wants a setting to be printable, without line breaks: YAML of several lines becomes JSON of one.
  tasks = var.tasks == null ? null : can(regex("\n", trimspace(var.tasks))) ? jsonencode(yamldecode(var.tasks)) : trimspace(var.tasks)

  # Where tasks are an object, the function reads it.
  tasks_buckets = try([one(regex("^https://[^/]+/n/[^/]+/b/([^/]+)/o/", var.tasks))], [one(regex("^oci://([^/@]+)@", var.tasks))], [])

  source_buckets = distinct(concat([for bucket in var.source_buckets : element(split("/", bucket), -1)], local.tasks_buckets))
  sink_buckets   = distinct(concat([for bucket in var.sink_buckets : element(split("/", bucket), -1)], local.has_results_bucket ? [local.results_name] : []))
  ledger_bucket  = var.ledger_bucket != null ? element(split("/", var.ledger_bucket), -1) : local.has_results_bucket ? local.results_name : null

  # What is made for records, and makes no sense without tasks.
  made_for_records = {
    create_queue          = local.has_queue
    create_results_bucket = local.has_results_bucket
    create_results_topic  = local.has_results_topic
    create_stream         = local.has_stream
    event_rules           = local.has_function && length(var.event_rules) > 0
    notification_topics   = local.has_function && length(var.notification_topics) > 0
  }
}
