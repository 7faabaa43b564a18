variable "tenancy_ocid" {
  description = "OCID of the tenancy."
  type        = string
}

variable "compartment_ocid" {
  description = "OCID of the compartment in which everything is made."
  type        = string
}

variable "region" {
  description = "Region identifier, such as us-chicago-1."
  type        = string
}

variable "image" {
  description = "The function's image: <key>.ocir.io/<namespace>/<name>:<tag>."
  type        = string
}

variable "jwks_uri" {
  description = "Where your identity provider publishes its signing keys."
  type        = string
}

variable "jwt_issuer" {
  description = "Whose tokens are taken."
  type        = string
}

variable "jwt_audience" {
  description = "For whom a token has to be meant."
  type        = string
}

variable "genai_compartment_ocid" {
  description = "OCID of the compartment that pays for Generative AI."
  type        = string
}

variable "apm_domain_id" {
  description = "OCID of the APM domain that gets the traces."
  type        = string
}

variable "vault_id" {
  description = "OCID of the vault of the callers' keys."
  type        = string
}

variable "vault_key_id" {
  description = "OCID of the key that encrypts them."
  type        = string
}

variable "failure_topic_id" {
  description = "OCID of the topic that hears of detached calls that failed."
  type        = string
}

variable "alarms_topic_id" {
  description = "OCID of the topic whose messages the function gets."
  type        = string
}

variable "answers_stream_id" {
  description = "OCID of the stream that gets some of the results."
  type        = string
}

variable "work_queue_id" {
  description = "OCID of the queue that gets some of the results."
  type        = string
}

variable "next_function_id" {
  description = "OCID of the function that gets the rest of the results."
  type        = string
}

variable "team_a_token" {
  description = "The subscription token of team-a."
  type        = string
  sensitive   = true
}

variable "memory_in_mbs" {
  description = "Memory of the function in MB."
  type        = number
  default     = 1024
}

variable "counter_password_secret_id" {
  description = "OCID of the secret with the password of the OCI Cache cluster."
  type        = string
}
