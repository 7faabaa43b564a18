# Who calls, what a caller may use and spend: a service file, keys, and the counter that all containers share.
variable "service_config" {
  description = "MODEL_SERVICE_CONFIG: the service file (models, callers, prices): a path in the image, an object (oci://bucket@namespace/object), a secret's OCID, or JSON. See docs/callers.md."
  type        = string
  default     = null
}

variable "service_config_seconds" {
  description = "MODEL_SERVICE_CONFIG_SECONDS: how often the service file and the keys are read again, in seconds, up to 60."
  type        = number
  default     = null

  validation {
    condition     = try(var.service_config_seconds >= 0 && var.service_config_seconds <= 60, true)
    error_message = "service_config_seconds must be a number of seconds between 0 and 60."
  }
}

variable "caller_keys" {
  description = "MODEL_SERVICE_KEYS: where the digests of callers' keys are: a secret's OCID, an object, a path in the image, or JSON. The secret of create_keys_secret when it is not given."
  type        = string
  default     = null
}

variable "caller_headers" {
  description = "MODEL_SERVICE_IDENTITY_HEADERS: the header that has each part of a caller (id, team, key, models). Default: those that the gateway sets."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "usage_records" {
  description = "MODEL_SERVICE_USAGE: a usage record in the log for each call, also without a service file."
  type        = bool
  default     = null
}

variable "metrics_namespace" {
  description = "MODEL_SERVICE_METRICS: the namespace of custom metrics (calls, tokens, cost, errors by caller, team and model) in OCI Monitoring. None are sent when it is not given."
  type        = string
  default     = null

  validation {
    condition     = var.metrics_namespace == null || (can(regex("^[a-zA-Z][a-zA-Z0-9_]{0,254}$", var.metrics_namespace)) && !can(regex("^(oci|oracle)_", coalesce(var.metrics_namespace, "x"))))
    error_message = "metrics_namespace must be letters, digits and _, and not begin with oci_ or oracle_."
  }
}

variable "counter" {
  description = "MODEL_SERVICE_COUNTER: the OCI Cache that budgets are counted in, rediss://<host>:6379. Each container counts alone when it is not given."
  type        = string
  default     = null

  validation {
    condition     = var.counter == null || can(regex("^rediss?://[^:@/]+(:[0-9]+)?(/[0-9]+)?$", var.counter))
    error_message = "counter must be rediss://<host>:<port>, without a password."
  }
}

variable "counter_password" {
  description = "MODEL_SERVICE_COUNTER_PASSWORD: OCID of the secret that holds the password of the counter, if it has one."
  type        = string
  default     = null

  validation {
    condition     = var.counter_password == null || can(regex("^ocid1\\.vaultsecret\\.", var.counter_password))
    error_message = "counter_password must be the OCID of a secret (ocid1.vaultsecret.…)."
  }
}

variable "counter_ca" {
  description = "MODEL_SERVICE_COUNTER_CA: path, in the image, of the certificate authority of the counter, if it is not a public one."
  type        = string
  default     = null
}

variable "counter_failure" {
  description = "MODEL_SERVICE_COUNTER_FAILURE: allow or refuse calls while the counter cannot be reached. allow when it is not given."
  type        = string
  default     = null

  validation {
    condition     = var.counter_failure == null || contains(["allow", "refuse"], coalesce(var.counter_failure, "allow"))
    error_message = "counter_failure must be allow or refuse."
  }
}
