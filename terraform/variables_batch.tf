# Off by default: a function that answers them comes in a later release (README.md).
variable "event_rules" {
  description = "Rules of OCI Events that call the function, by name: the types of the events, and a filter of their fields, a JSON object as in a rule's data."
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

variable "create_stream" {
  description = "Make a stream of which every record is handed to the function."
  type        = bool
  default     = false
  nullable    = false
}

variable "stream_partitions" {
  description = "Partitions of the stream: how many batches may be under way at once."
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
  description = "Make a queue of which every message is handed to the function."
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
  description = "At most so many records in one call of the function, from the stream and from the queue."
  type        = number
  default     = 100
  nullable    = false

  validation {
    condition     = var.batch_size >= 1 && floor(var.batch_size) == var.batch_size
    error_message = "batch_size must be a whole number, 1 or more."
  }
}

variable "batch_time_in_seconds" {
  description = "How long a batch is waited for before it goes with what there is."
  type        = number
  default     = 5
  nullable    = false

  validation {
    condition     = var.batch_time_in_seconds >= 1 && var.batch_time_in_seconds <= 300
    error_message = "batch_time_in_seconds must be from 1 to 300."
  }
}

variable "create_results_bucket" {
  description = "Make a private bucket that the function may put results into."
  type        = bool
  default     = false
  nullable    = false
}

variable "create_results_topic" {
  description = "Make a topic that the function may publish results to."
  type        = bool
  default     = false
  nullable    = false
}

variable "create_keys_secret" {
  description = "Make a secret in vault_id for the keys that gateway_authentication = keys takes. Its content is put there outside Terraform."
  type        = bool
  default     = false
  nullable    = false
}

variable "vault_id" {
  description = "OCID of the vault of the secret."
  type        = string
  default     = null

  validation {
    condition     = var.vault_id == null || can(regex("^ocid1\\.vault\\.", var.vault_id))
    error_message = "vault_id must be the OCID of a vault (ocid1.vault.…)."
  }
}

variable "vault_key_id" {
  description = "OCID of the key that encrypts the secret."
  type        = string
  default     = null

  validation {
    condition     = var.vault_key_id == null || can(regex("^ocid1\\.key\\.", var.vault_key_id))
    error_message = "vault_key_id must be the OCID of a key (ocid1.key.…)."
  }
}
