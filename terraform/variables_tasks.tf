# Records that arrive by themselves: what is to be done with them, and what the function may read and write for it.
variable "tasks" {
  description = "MODEL_SERVICE_TASKS: the tasks file: a path in the image, an object (oci://bucket@namespace/object, or its URL), or the YAML or JSON itself. The sinks in it have to be among sink_…, or made here."
  type        = string
  default     = null

  validation {
    condition     = var.tasks == null || length(trimspace(coalesce(var.tasks, "-"))) > 0
    error_message = "tasks must not be empty; null is for none."
  }

  validation {
    condition     = can(regex("^\\{|\n", trimspace(coalesce(var.tasks, "-")))) || !strcontains(coalesce(var.tasks, "-"), "://") || can(regex("^(https://[^/]+/n/[^/]+/b/[^/]+/o/.+|oci://[^/@]+@[^/@]+/.+)$", trimspace(var.tasks)))
    error_message = "tasks in Object Storage must be https://objectstorage.<region>.oraclecloud.com/n/<namespace>/b/<bucket>/o/<object> or oci://<bucket>@<namespace>/<object>; the function signs, so no pre-authenticated URL."
  }

  validation {
    condition     = !can(regex("^\\{|\n", trimspace(coalesce(var.tasks, "-")))) || can(yamldecode(var.tasks).tasks[0])
    error_message = "tasks, where they are written out, must be YAML or JSON with a list of tasks."
  }

  # In base64, so that bytes are counted and not characters: 5464 are 4096 bytes.
  validation {
    condition     = length(base64encode(try(jsonencode(yamldecode(var.tasks)), coalesce(var.tasks, "-")))) <= 5464
    error_message = "tasks, written out, must not be longer than the 4 kB that OCI gives a function for all its settings: put them into the image or into Object Storage."
  }
}

variable "batch_concurrency" {
  description = "MODEL_SERVICE_BATCH_CONCURRENCY: records of a batch that are worked on at the same time, 1 to 32; 8 when it is not given."
  type        = number
  default     = null

  validation {
    condition     = coalesce(var.batch_concurrency, 1) >= 1 && coalesce(var.batch_concurrency, 1) <= 32 && floor(coalesce(var.batch_concurrency, 1)) == coalesce(var.batch_concurrency, 1)
    error_message = "batch_concurrency must be a whole number from 1 to 32."
  }
}

variable "source_buckets" {
  description = "Buckets in compartment_ocid whose objects a task may read: bucket or namespace/bucket. The bucket of tasks itself need not be named."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for bucket in var.source_buckets : can(regex("^([A-Za-z0-9_-]{1,256}/)?[A-Za-z0-9_.-]{1,256}$", bucket))])
    error_message = "source_buckets must be buckets, or namespaces and buckets with a slash between them."
  }
}

variable "sink_buckets" {
  description = "Buckets in compartment_ocid that tasks name as sinks: bucket or namespace/bucket. The function may create objects, and not change or delete any."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for bucket in var.sink_buckets : can(regex("^([A-Za-z0-9_-]{1,256}/)?[A-Za-z0-9_.-]{1,256}$", bucket))])
    error_message = "sink_buckets must be buckets, or namespaces and buckets with a slash between them."
  }
}

variable "ledger_bucket" {
  description = "Bucket in compartment_ocid that tasks name as the ledger: bucket or namespace/bucket. The bucket that create_results_bucket makes, when it is not given."
  type        = string
  default     = null

  validation {
    condition     = var.ledger_bucket == null || can(regex("^([A-Za-z0-9_-]{1,256}/)?[A-Za-z0-9_.-]{1,256}$", var.ledger_bucket))
    error_message = "ledger_bucket must be a bucket, or a namespace and a bucket with a slash between them."
  }
}

variable "sink_streams" {
  description = "OCIDs of streams in compartment_ocid that tasks name as sinks."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for id in var.sink_streams : can(regex("^ocid1\\.stream\\.[a-z0-9]+\\.[a-z0-9-]*\\.[A-Za-z0-9._-]+$", id))])
    error_message = "sink_streams must be OCIDs of streams (ocid1.stream.…)."
  }
}

variable "sink_queues" {
  description = "OCIDs of queues in compartment_ocid that tasks name as sinks."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for id in var.sink_queues : can(regex("^ocid1\\.queue\\.[a-z0-9]+\\.[a-z0-9-]*\\.[A-Za-z0-9._-]+$", id))])
    error_message = "sink_queues must be OCIDs of queues (ocid1.queue.…)."
  }
}

variable "sink_topics" {
  description = "OCIDs of topics in compartment_ocid that tasks name as sinks. OCI has no permission for a single topic, so the function may then publish to every topic of the compartment."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for id in var.sink_topics : can(regex("^ocid1\\.onstopic\\.[a-z0-9]+\\.[a-z0-9-]*\\.[A-Za-z0-9._-]+$", id))])
    error_message = "sink_topics must be OCIDs of topics (ocid1.onstopic.…)."
  }
}

variable "sink_functions" {
  description = "OCIDs of functions in compartment_ocid that tasks name as sinks; they are called detached."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for id in var.sink_functions : can(regex("^ocid1\\.fnfunc\\.[a-z0-9]+\\.[a-z0-9-]*\\.[A-Za-z0-9._-]+$", id))])
    error_message = "sink_functions must be OCIDs of functions (ocid1.fnfunc.…)."
  }
}

variable "create_results_bucket" {
  description = "Make a private bucket, <name>-results, for results, dead letters and the ledger of tasks. Nothing in it is deleted automatically."
  type        = bool
  default     = false
  nullable    = false
}

variable "create_results_topic" {
  description = "Make a topic that tasks may name as a sink."
  type        = bool
  default     = false
  nullable    = false
}
