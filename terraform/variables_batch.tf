# Who hands records to the function, all off by default; each of them needs tasks.
variable "event_rules" {
  description = "Rules of OCI Events that call the function, by name: the types of the events, and a filter of their fields, a JSON object as in a rule's data. A bucket emits events of its objects only if object_events_enabled is set."
  type = map(object({
    event_types = list(string)
    filter      = optional(string, "{}")
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for rule in values(var.event_rules) : length(rule.event_types) > 0 && alltrue([for type in rule.event_types : startswith(type, "com.oraclecloud.")])])
    error_message = "event_rules must have event_types such as com.oraclecloud.objectstorage.createobject."
  }

  validation {
    condition     = alltrue([for rule in values(var.event_rules) : can(keys(jsondecode(rule.filter)))])
    error_message = "event_rules must have a JSON object as filter."
  }
}

variable "notification_topics" {
  description = "OCIDs of the Notifications topics whose messages call the function."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for id in var.notification_topics : can(regex("^ocid1\\.onstopic\\.[a-z0-9]+\\.[a-z0-9-]*\\.[A-Za-z0-9._-]+$", id))])
    error_message = "notification_topics must be OCIDs of topics (ocid1.onstopic.…)."
  }
}

variable "create_stream" {
  description = "Make a stream, and a connector that sends its records to the function."
  type        = bool
  default     = false
  nullable    = false
}

variable "stream_partitions" {
  description = "Partitions of the stream."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.stream_partitions >= 1 && floor(var.stream_partitions) == var.stream_partitions
    error_message = "stream_partitions must be a whole number, 1 or more."
  }
}

variable "stream_retention_in_hours" {
  description = "How long the stream keeps a record, 24 to 168 hours. A change makes a new stream."
  type        = number
  default     = 24
  nullable    = false

  validation {
    condition     = var.stream_retention_in_hours >= 24 && var.stream_retention_in_hours <= 168
    error_message = "stream_retention_in_hours must be from 24 to 168."
  }
}

variable "create_queue" {
  description = "Make a queue, and a connector that sends its messages to the function."
  type        = bool
  default     = false
  nullable    = false
}

variable "queue_deliveries" {
  description = "How often a message is tried before it goes to the queue's dead letters, 1 to 20."
  type        = number
  default     = 5
  nullable    = false

  validation {
    condition     = var.queue_deliveries >= 1 && var.queue_deliveries <= 20
    error_message = "queue_deliveries must be from 1 to 20."
  }
}

variable "batch_size" {
  description = "The most records in one call of the function, from the stream and from the queue."
  type        = number
  default     = 100
  nullable    = false

  validation {
    condition     = var.batch_size >= 1 && floor(var.batch_size) == var.batch_size
    error_message = "batch_size must be a whole number, 1 or more."
  }
}

variable "batch_time_in_seconds" {
  description = "Seconds after which a batch is sent, even if it is not full."
  type        = number
  default     = 5
  nullable    = false

  validation {
    condition     = var.batch_time_in_seconds >= 1 && var.batch_time_in_seconds <= 300
    error_message = "batch_time_in_seconds must be from 1 to 300."
  }
}
