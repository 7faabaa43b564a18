output "base_url" {
  description = "What a client of OpenAI's API takes as base_url."
  value       = try(oci_apigateway_deployment.this[0].endpoint, null)
}

output "function_id" {
  description = "OCID of the function, for callers that sign: other functions, SDKs, fn invoke."
  value       = local.function_id
}

output "invoke_endpoint" {
  description = "Host of the function's own invoke API, for callers that sign."
  value       = try(oci_functions_function.this[0].invoke_endpoint, null)
}

output "application_id" {
  description = "OCID of the application, for a function that is made elsewhere."
  value       = oci_functions_application.this.id
}

output "config" {
  description = "The function's configuration, for a function that is made elsewhere."
  value       = local.config

  # Here and not where each is made, so that tasks may name what is made here without a circle.
  precondition {
    condition     = var.tasks != null || !contains(values(local.made_for_records), true)
    error_message = "${join(", ", [for name, made in local.made_for_records : name if made])} without tasks: the function would not know what to do with a record, refuse each, and get it again and again."
  }
}

output "image_repository" {
  description = "The image's name in the registry, without the tag."
  value       = try("${local.repository_host}.ocir.io/${oci_artifacts_container_repository.this[0].namespace}/${oci_artifacts_container_repository.this[0].display_name}", null)
}

output "policy_statements" {
  description = "The statements of the policy, for somebody else to write where create_iam is off."
  value       = concat(local.statements, local.overflow_statements, local.responses_statements)
}

output "dynamic_group_id" {
  description = "OCID of the dynamic group, if there is one."
  value       = try(oci_identity_dynamic_group.this[0].id, null)
}

output "stream_id" {
  description = "OCID of the stream to put records on, if there is one."
  value       = try(oci_streaming_stream.this[0].id, null)
}

output "queue_id" {
  description = "OCID of the queue to put messages on, if there is one."
  value       = try(oci_queue_queue.this[0].id, null)
}

output "relay_destinations" {
  description = "OCIDs of the queues and streams to which answers can be relayed."
  value       = local.relay_destinations
}

output "results_bucket" {
  description = "Name of the bucket of results, if there is one."
  value       = try(oci_objectstorage_bucket.results[0].name, null)
}

output "results_topic_id" {
  description = "OCID of the topic of results, if there is one."
  value       = try(oci_ons_notification_topic.results[0].id, null)
}

output "keys_secret_id" {
  description = "OCID of the secret to put callers' keys into, if there is one."
  value       = try(oci_vault_secret.keys[0].id, null)
}

output "usage_bucket" {
  description = "Name of the bucket that the function's log goes to, for model-service usage --from oci://…, if there is one."
  value       = try(oci_objectstorage_bucket.usage[0].name, null)
}

output "log_group_id" {
  description = "OCID of the log group, if there is one."
  value       = try(oci_logging_log_group.this[0].id, null)
}
