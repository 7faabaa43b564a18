variable "create_overflow_bucket" {
  description = "Make a private bucket for answers that are too large for the platform (6 MB); the caller gets a link that is valid for an hour."
  type        = bool
  default     = false
  nullable    = false
}

variable "overflow_days" {
  description = "Days after which the new bucket deletes an answer."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.overflow_days >= 1 && floor(var.overflow_days) == var.overflow_days
    error_message = "overflow_days must be a whole number, 1 or more."
  }
}

variable "overflow_bucket" {
  description = "MODEL_SERVICE_OVERFLOW_BUCKET: an existing bucket for such answers, in compartment_ocid: bucket or namespace/bucket."
  type        = string
  default     = null

  validation {
    condition     = var.overflow_bucket == null || can(regex("^([A-Za-z0-9_-]{1,256}/)?[A-Za-z0-9_.-]{1,256}$", var.overflow_bucket))
    error_message = "overflow_bucket must be a bucket, or a namespace and a bucket with a slash between them."
  }
}

variable "create_responses_bucket" {
  description = "Make a private bucket that keeps responses and conversations of models that OCI's own Responses API does not serve, so that previous_response_id and conversation continue them."
  type        = bool
  default     = false
  nullable    = false
}

variable "responses_days" {
  description = "MODEL_SERVICE_RESPONSES_DAYS: for how many days such a response can be continued, 30 unless this says otherwise; after as many days the new bucket deletes it."
  type        = number
  default     = null

  validation {
    condition     = contains(range(1, 366), coalesce(var.responses_days, 30))
    error_message = "responses_days must be a whole number between 1 and 365."
  }
}

variable "responses_bucket" {
  description = "MODEL_SERVICE_RESPONSES_BUCKET: an existing bucket for such responses, in compartment_ocid: bucket or namespace/bucket."
  type        = string
  default     = null

  validation {
    condition     = var.responses_bucket == null || can(regex("^([A-Za-z0-9_-]{1,256}/)?[A-Za-z0-9_.-]{1,256}$", var.responses_bucket))
    error_message = "responses_bucket must be a bucket, or a namespace and a bucket with a slash between them."
  }
}

variable "conversations" {
  description = "MODEL_SERVICE_CONVERSATIONS: who keeps a new conversation that names no model: oci (for models that OCI's own Responses API serves) or bucket (for all others). Unless this says otherwise, oci where there is a project."
  type        = string
  default     = null

  validation {
    condition     = var.conversations == null || contains(["oci", "bucket"], coalesce(var.conversations, "oci"))
    error_message = "conversations must be oci or bucket."
  }
}

variable "request_buckets" {
  description = "MODEL_SERVICE_REQUEST_BUCKETS: buckets in compartment_ocid from which a caller may load a request body: bucket or namespace/bucket. Every caller can then use every object in them."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for bucket in var.request_buckets : can(regex("^([A-Za-z0-9_-]{1,256}/)?[A-Za-z0-9_.-]{1,256}$", bucket))])
    error_message = "request_buckets must be buckets, or namespaces and buckets with a slash between them."
  }
}

variable "create_relay_queue" {
  description = "Make a queue to which answers can be relayed while they come, a channel for each call."
  type        = bool
  default     = false
  nullable    = false
}

variable "create_relay_stream" {
  description = "Make a stream to which answers can be relayed while they come, a key for each call."
  type        = bool
  default     = false
  nullable    = false
}

variable "relay_destinations" {
  description = "MODEL_SERVICE_RELAY_DESTINATIONS: existing queues and streams in compartment_ocid to which a caller may have an answer relayed, besides those that are made here."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for id in var.relay_destinations : can(regex("^ocid1\\.(queue|stream)\\.[a-z0-9]+\\.[a-z0-9-]*\\.[A-Za-z0-9._-]+$", id))])
    error_message = "relay_destinations must be OCIDs of queues and streams."
  }
}
