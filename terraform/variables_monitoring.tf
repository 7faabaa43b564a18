variable "create_logs" {
  description = "Make a log group with logs of the function, the gateway (access and execution) and the event rules."
  type        = bool
  default     = true
  nullable    = false
}

variable "log_retention_in_days" {
  description = "How long logs are kept: 30, 60, 90, 120, 150 or 180 days."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = contains([30, 60, 90, 120, 150, 180], var.log_retention_in_days)
    error_message = "log_retention_in_days must be 30, 60, 90, 120, 150 or 180."
  }
}

variable "create_alarms" {
  description = "Make alarms (failed, throttled and slow calls, 5xx of the gateway; with metrics_namespace also dead letters, records left over, budgets reached, a broken service file, a counter that is away) and a topic that they go to."
  type        = bool
  default     = false
  nullable    = false
}

variable "alarm_emails" {
  description = "Addresses that get the alarms; each has to confirm once."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for address in var.alarm_emails : can(regex("^[^@ ]+@[^@ ]+$", address))])
    error_message = "alarm_emails must be e-mail addresses."
  }
}

variable "create_dashboard" {
  description = "Import a dashboard of calls, errors, durations and memory, and with metrics_namespace of tokens, cost and budgets, into the console's Dashboards."
  type        = bool
  default     = false
  nullable    = false
}

variable "create_usage_bucket" {
  description = "Make a private bucket, and a connector that sends the function's log there: model-service usage --from oci://… adds up who used what."
  type        = bool
  default     = false
  nullable    = false
}
