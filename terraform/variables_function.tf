variable "function_source" {
  description = "Where the function comes from: image (made here), given (made elsewhere: function_id), or none (a first step that only makes the repository and the application)."
  type        = string
  default     = "image"
  nullable    = false

  validation {
    condition     = contains(["image", "given", "none"], var.function_source)
    error_message = "function_source must be image, given or none."
  }
}

variable "image" {
  description = "The function's image in OCIR of the same region, with a tag of its own for each build: <key>.ocir.io/<namespace>/<name>:<tag>."
  type        = string
  default     = null

  validation {
    condition     = var.image == null || can(regex("^[a-z0-9.-]+/[^:@]+:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$", var.image))
    error_message = "image must be <host>/<namespace>/<name>:<tag>."
  }
}

variable "image_digest" {
  description = "Digest of the image, sha256:…; with it, a tag that was pushed again is deployed too."
  type        = string
  default     = null

  validation {
    condition     = var.image_digest == null || can(regex("^sha256:[0-9a-f]{64}$", var.image_digest))
    error_message = "image_digest must be sha256: and 64 hexadecimal digits."
  }
}

variable "function_id" {
  description = "OCID of the function where function_source is given: modules/code-only-function makes one from a ZIP."
  type        = string
  default     = null

  validation {
    condition     = var.function_id == null || can(regex("^ocid1\\.fnfunc\\.", var.function_id))
    error_message = "function_id must be the OCID of a function (ocid1.fnfunc.…)."
  }
}

variable "create_repository" {
  description = "Make a private repository for the image, whose tags cannot be overwritten."
  type        = bool
  default     = true
  nullable    = false
}

variable "application_shape" {
  description = "Processors of the application: GENERIC_X86, GENERIC_ARM or GENERIC_X86_ARM. The image must be built for it."
  type        = string
  default     = "GENERIC_X86"
  nullable    = false

  validation {
    condition     = contains(["GENERIC_X86", "GENERIC_ARM", "GENERIC_X86_ARM"], var.application_shape)
    error_message = "application_shape must be GENERIC_X86, GENERIC_ARM or GENERIC_X86_ARM."
  }
}

variable "memory_in_mbs" {
  description = "Memory of the function in MB; the share of a CPU grows with it."
  type        = number
  default     = 512
  nullable    = false

  validation {
    condition     = contains([128, 256, 512, 1024, 2048, 3072], var.memory_in_mbs)
    error_message = "memory_in_mbs must be 128, 256, 512, 1024, 2048 or 3072."
  }
}

variable "timeout_in_seconds" {
  description = "How long a call may take, 5 to 300 seconds."
  type        = number
  default     = 300
  nullable    = false

  validation {
    condition     = var.timeout_in_seconds >= 5 && var.timeout_in_seconds <= 300
    error_message = "timeout_in_seconds must be from 5 to 300."
  }
}

variable "detached_timeout_in_seconds" {
  description = "How long a detached call may take, 5 to 3600 seconds; timeout_in_seconds when it is not given."
  type        = number
  default     = null

  validation {
    condition     = coalesce(var.detached_timeout_in_seconds, 5) >= 5 && coalesce(var.detached_timeout_in_seconds, 5) <= 3600
    error_message = "detached_timeout_in_seconds must be from 5 to 3600."
  }
}

variable "success_destination" {
  description = "Where the invocation record of a successful detached call is sent: kind STREAM, QUEUE or NOTIFICATION, the OCID of the stream, queue or topic, and for a queue optionally a channel."
  type = object({
    kind       = string
    id         = string
    channel_id = optional(string)
  })
  default = null

  validation {
    condition     = var.success_destination == null || contains(["STREAM", "QUEUE", "NOTIFICATION"], try(var.success_destination.kind, ""))
    error_message = "success_destination.kind must be STREAM, QUEUE or NOTIFICATION."
  }
}

variable "failure_destination" {
  description = "Where the invocation record of a failed detached call is sent, as in success_destination."
  type = object({
    kind       = string
    id         = string
    channel_id = optional(string)
  })
  default = null

  validation {
    condition     = var.failure_destination == null || contains(["STREAM", "QUEUE", "NOTIFICATION"], try(var.failure_destination.kind, ""))
    error_message = "failure_destination.kind must be STREAM, QUEUE or NOTIFICATION."
  }
}

variable "provisioned_concurrency" {
  description = "Containers that are kept warm and billed all the time: 0, or steps of 40 at 128 MB, of 20 at 256 MB, of 10 above."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.provisioned_concurrency >= 0 && var.provisioned_concurrency % 10 == 0
    error_message = "provisioned_concurrency must be 0 or a multiple of 10."
  }
}

variable "apm_domain_id" {
  description = "OCID of the APM domain that gets the function's traces. No tracing when it is not given."
  type        = string
  default     = null

  validation {
    condition     = var.apm_domain_id == null || can(regex("^ocid1\\.apmdomain\\.", var.apm_domain_id))
    error_message = "apm_domain_id must be the OCID of an APM domain (ocid1.apmdomain.…)."
  }
}

variable "log_line_format" {
  description = "JSON makes the function's log lines searchable by field; PLAIN_TEXT does not."
  type        = string
  default     = "JSON"
  nullable    = false

  validation {
    condition     = contains(["JSON", "PLAIN_TEXT"], var.log_line_format)
    error_message = "log_line_format must be JSON or PLAIN_TEXT."
  }
}
