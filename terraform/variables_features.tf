variable "enable_embeddings" {
  description = "Serve /v1/embeddings, and allow the function to embed."
  type        = bool
  default     = true
  nullable    = false
}

variable "enable_responses" {
  description = "Serve the Responses and Conversations APIs, and allow the function to use them."
  type        = bool
  default     = true
  nullable    = false
}

variable "enable_completions" {
  description = "Serve /v1/completions, for older clients: a prompt in, text out."
  type        = bool
  default     = true
  nullable    = false
}

variable "enable_status" {
  description = "Serve /v1/health (alive), /v1/ready (credentials, region and compartment) and /v1/openapi.json."
  type        = bool
  default     = true
  nullable    = false
}

variable "enable_models" {
  description = "Serve /v1/models, and allow the function to ask OCI which models the region has. Without that permission it lists the configured ones."
  type        = bool
  default     = true
  nullable    = false
}

variable "enable_playground" {
  description = "MODEL_SERVICE_PLAYGROUND: serve a page at /v1/playground that chats with the models. The page itself needs no key, what it asks does."
  type        = bool
  default     = false
  nullable    = false
}

variable "enable_files" {
  description = "Serve /v1/files, and allow the function to keep files. Files beyond 6 MB need create_overflow_bucket too."
  type        = bool
  default     = false
  nullable    = false
}

variable "enable_vector_stores" {
  description = "Serve /v1/vector_stores and their files, batches and search, and allow the function to keep them. They are filled with files: enable_files."
  type        = bool
  default     = false
  nullable    = false
}

variable "enable_containers" {
  description = "Serve /v1/containers and their files, for the code interpreter, and allow the function to keep them."
  type        = bool
  default     = false
  nullable    = false
}

variable "enable_speech" {
  description = "Serve /v1/audio/speech. Oracle's reference names no permission for it: that for chats is the nearest, which the function has."
  type        = bool
  default     = false
  nullable    = false
}

variable "enable_rerank" {
  description = "Serve /v1/rerank. OCI has no permission for reranking alone, so the function may then use the whole family of Generative AI."
  type        = bool
  default     = false
  nullable    = false
}

variable "enable_dedicated_endpoints" {
  description = "Allow the function to ask OCI what a dedicated endpoint serves. Not needed if endpoint_families names each of them."
  type        = bool
  default     = false
  nullable    = false
}

variable "create_iam" {
  description = "Write the policy (and the dynamic group). Off: an administrator has to write what the output policy_statements says."
  type        = bool
  default     = true
  nullable    = false
}

variable "name_function_in_policy" {
  description = "Name the function (target.function.id) in the statements of the gateway, rules, connectors and sinks. Off: they hold for every function of the compartment."
  type        = bool
  default     = true
  nullable    = false
}

variable "create_dynamic_group" {
  description = "Name the function by a dynamic group in the tenancy, rather than by a condition in each statement."
  type        = bool
  default     = false
  nullable    = false
}

variable "policy_compartment_ocid" {
  description = "Compartment of the policy: one that holds compartment_ocid and genai_compartment_ocid. compartment_ocid when it is not given."
  type        = string
  default     = null

  validation {
    condition     = var.policy_compartment_ocid == null || can(regex("^ocid1\\.(compartment|tenancy)\\.", var.policy_compartment_ocid))
    error_message = "policy_compartment_ocid must be the OCID of a compartment or of the tenancy."
  }
}
