variable "application_id" {
  description = "OCID of the application: output application_id of the root module."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^ocid1\\.fnapp\\.", var.application_id))
    error_message = "application_id must be the OCID of an application (ocid1.fnapp.…)."
  }
}

variable "config" {
  description = "The function's configuration: output config of the root module."
  type        = map(string)
  nullable    = false
}

variable "archive" {
  description = "Path of the ZIP (make zip), at most 25 MB."
  type        = string
  nullable    = false

  validation {
    condition     = endswith(var.archive, ".zip")
    error_message = "archive must be the path of a ZIP."
  }
}

variable "runtime" {
  description = "Name of OCI's Python runtime, as the console lists it for code-only functions."
  type        = string
  nullable    = false
}

variable "name" {
  description = "Name of the function."
  type        = string
  default     = "model-service"
  nullable    = false
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

variable "freeform_tags" {
  description = "Free-form tags of the function."
  type        = map(string)
  default     = {}
  nullable    = false
}
