# One variable for each setting that the function reads (src/model_service/settings.py); settings.tf passes them on.
variable "genai_compartment_ocid" {
  description = "OCI_COMPARTMENT_ID: who pays for Generative AI; allowed_compartments may be named instead. compartment_ocid when it is not given."
  type        = string
  default     = null

  validation {
    condition     = var.genai_compartment_ocid == null || can(regex("^ocid1\\.(compartment|tenancy)\\.", var.genai_compartment_ocid))
    error_message = "genai_compartment_ocid must be the OCID of a compartment or of a tenancy."
  }
}

variable "allowed_compartments" {
  description = "MODEL_SERVICE_COMPARTMENTS: compartments that an HTTP caller may name to pay for a request, besides genai_compartment_ocid. policy_compartment_ocid has to hold them all."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for ocid in var.allowed_compartments : can(regex("^ocid1\\.(compartment|tenancy)\\.", ocid))])
    error_message = "allowed_compartments must be OCIDs of compartments or of a tenancy."
  }
}

variable "inference_region" {
  description = "OCI_REGION: the region where models are asked, if it is not the function's own; everything else stays in the function's own. Needs network_internet_egress."
  type        = string
  default     = null

  validation {
    condition     = var.inference_region == null || can(regex("^[a-z]{2}-([a-z0-9]+-)+[0-9]+$", var.inference_region))
    error_message = "inference_region must be a region identifier such as us-chicago-1."
  }
}

variable "auth_type" {
  description = "OCI_AUTH_TYPE: how the function signs, its own resource principal when it is not given."
  type        = string
  default     = null

  validation {
    condition     = var.auth_type == null || contains(["api_key", "session_token", "instance_principal", "resource_principal", "delegation_token", "oke_workload_identity"], coalesce(var.auth_type, "api_key"))
    error_message = "auth_type must be api_key, session_token, instance_principal, resource_principal, delegation_token or oke_workload_identity."
  }
}

variable "config_file" {
  description = "OCI_CONFIG_FILE: path, in the image, of a configuration file of OCI; for auth_type api_key or session_token."
  type        = string
  default     = null
}

variable "profile" {
  description = "OCI_PROFILE: the profile of config_file."
  type        = string
  default     = null
}

variable "project_id" {
  description = "MODEL_SERVICE_PROJECT_ID: the Generative AI project of Responses requests that name none."
  type        = string
  default     = null

  validation {
    condition     = var.project_id == null || can(regex("^ocid1\\.generativeaiproject\\.", var.project_id))
    error_message = "project_id must be the OCID of a Generative AI project (ocid1.generativeaiproject.…)."
  }
}

variable "allowed_projects" {
  description = "MODEL_SERVICE_PROJECTS: Generative AI projects that an HTTP caller may name (OpenAI-Project), besides project_id."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for ocid in var.allowed_projects : can(regex("^ocid1\\.generativeaiproject\\.", ocid))])
    error_message = "allowed_projects must be OCIDs of Generative AI projects (ocid1.generativeaiproject.…)."
  }
}

variable "responses_store" {
  description = "MODEL_SERVICE_RESPONSES_STORE: whether OCI stores responses and conversations."
  type        = bool
  default     = null
}

variable "unsupported" {
  description = "MODEL_SERVICE_UNSUPPORTED: drop or refuse a parameter that a model cannot take and no caller would miss."
  type        = string
  default     = null

  validation {
    condition     = var.unsupported == null || contains(["drop", "refuse"], coalesce(var.unsupported, "drop"))
    error_message = "unsupported must be drop or refuse."
  }
}

variable "genai_endpoint" {
  description = "OCI_GENAI_ENDPOINT: another address for the inference endpoint than the region's."
  type        = string
  default     = null

  validation {
    condition     = var.genai_endpoint == null || can(regex("^https?://[A-Za-z0-9_.-]+(:[0-9]{1,5})?(/[A-Za-z0-9_.~/-]*)?$", var.genai_endpoint))
    error_message = "genai_endpoint must be a plain URL such as https://inference.generativeai.<region>.oci.oraclecloud.com."
  }
}

variable "federation_endpoint" {
  description = "MODEL_SERVICE_FEDERATION_ENDPOINT: the auth service of an instance principal, a host or the whole address."
  type        = string
  default     = null

  validation {
    condition     = var.federation_endpoint == null || can(regex("^(https?://)?[A-Za-z0-9_.-]+(:[0-9]{1,5})?(/[A-Za-z0-9_.~/-]*)?$", var.federation_endpoint))
    error_message = "federation_endpoint must be a host or a plain URL such as https://auth.<region>.oraclecloud.com."
  }
}

variable "oci_endpoint" {
  description = "MODEL_SERVICE_OCI_ENDPOINT: one address for all services but Generative AI in place of the region's."
  type        = string
  default     = null

  validation {
    condition     = var.oci_endpoint == null || can(regex("^https?://[A-Za-z0-9_.-]+(:[0-9]{1,5})?(/[A-Za-z0-9_.~/-]*)?$", var.oci_endpoint))
    error_message = "oci_endpoint must be a plain URL."
  }
}

variable "control_plane_endpoint" {
  description = "MODEL_SERVICE_CONTROL_PLANE_ENDPOINT: the address of the control plane, where dedicated endpoints and models are described, in place of the region's."
  type        = string
  default     = null

  validation {
    condition     = var.control_plane_endpoint == null || can(regex("^https?://[A-Za-z0-9_.-]+(:[0-9]{1,5})?(/[A-Za-z0-9_.~/-]*)?$", var.control_plane_endpoint))
    error_message = "control_plane_endpoint must be a plain URL."
  }
}

variable "object_storage_endpoint" {
  description = "MODEL_SERVICE_OBJECT_STORAGE_ENDPOINT: the address of Object Storage in place of the region's."
  type        = string
  default     = null

  validation {
    condition     = var.object_storage_endpoint == null || can(regex("^https?://[A-Za-z0-9_.-]+(:[0-9]{1,5})?(/[A-Za-z0-9_.~/-]*)?$", var.object_storage_endpoint))
    error_message = "object_storage_endpoint must be a plain URL."
  }
}

variable "streaming_endpoint" {
  description = "MODEL_SERVICE_STREAMING_ENDPOINT: the address of Streaming in place of the region's."
  type        = string
  default     = null

  validation {
    condition     = var.streaming_endpoint == null || can(regex("^https?://[A-Za-z0-9_.-]+(:[0-9]{1,5})?(/[A-Za-z0-9_.~/-]*)?$", var.streaming_endpoint))
    error_message = "streaming_endpoint must be a plain URL."
  }
}

variable "queue_endpoint" {
  description = "MODEL_SERVICE_QUEUE_ENDPOINT: the address of Queue in place of the region's."
  type        = string
  default     = null

  validation {
    condition     = var.queue_endpoint == null || can(regex("^https?://[A-Za-z0-9_.-]+(:[0-9]{1,5})?(/[A-Za-z0-9_.~/-]*)?$", var.queue_endpoint))
    error_message = "queue_endpoint must be a plain URL."
  }
}

variable "notifications_endpoint" {
  description = "MODEL_SERVICE_NOTIFICATIONS_ENDPOINT: the address of Notifications in place of the region's."
  type        = string
  default     = null

  validation {
    condition     = var.notifications_endpoint == null || can(regex("^https?://[A-Za-z0-9_.-]+(:[0-9]{1,5})?(/[A-Za-z0-9_.~/-]*)?$", var.notifications_endpoint))
    error_message = "notifications_endpoint must be a plain URL."
  }
}

variable "functions_endpoint" {
  description = "MODEL_SERVICE_FUNCTIONS_ENDPOINT: the address of Functions in place of the region's."
  type        = string
  default     = null

  validation {
    condition     = var.functions_endpoint == null || can(regex("^https?://[A-Za-z0-9_.-]+(:[0-9]{1,5})?(/[A-Za-z0-9_.~/-]*)?$", var.functions_endpoint))
    error_message = "functions_endpoint must be a plain URL."
  }
}

variable "vault_endpoint" {
  description = "MODEL_SERVICE_VAULT_ENDPOINT: the address of Vault's secrets in place of the region's."
  type        = string
  default     = null

  validation {
    condition     = var.vault_endpoint == null || can(regex("^https?://[A-Za-z0-9_.-]+(:[0-9]{1,5})?(/[A-Za-z0-9_.~/-]*)?$", var.vault_endpoint))
    error_message = "vault_endpoint must be a plain URL."
  }
}

variable "monitoring_endpoint" {
  description = "MODEL_SERVICE_MONITORING_ENDPOINT: the address of Monitoring in place of the region's."
  type        = string
  default     = null

  validation {
    condition     = var.monitoring_endpoint == null || can(regex("^https?://[A-Za-z0-9_.-]+(:[0-9]{1,5})?(/[A-Za-z0-9_.~/-]*)?$", var.monitoring_endpoint))
    error_message = "monitoring_endpoint must be a plain URL."
  }
}

variable "proxy" {
  description = "MODEL_SERVICE_PROXY: the proxy on the way to OCI, http://[user:password@]host:port. The function uses none when it is not given."
  type        = string
  default     = null

  validation {
    condition     = var.proxy == null || can(regex("^(off|environment|(https?://)?[^/?#]+/?)$", var.proxy))
    error_message = "proxy must be http://[user:password@]host:port, environment or off."
  }
}

variable "ca_bundle" {
  description = "MODEL_SERVICE_CA_BUNDLE: path, in the image, of a PEM file or a folder of the authorities to trust in place of the public ones."
  type        = string
  default     = null

  validation {
    condition     = var.ca_bundle == null || can(regex("^/", var.ca_bundle))
    error_message = "ca_bundle must be an absolute path in the image."
  }
}

variable "deadline_margin" {
  description = "MODEL_SERVICE_DEADLINE_MARGIN: seconds before the deadline at which an answer is closed properly, 0 to 60."
  type        = number
  default     = null

  validation {
    condition     = coalesce(var.deadline_margin, 0) >= 0 && coalesce(var.deadline_margin, 0) <= 60
    error_message = "deadline_margin must be from 0 to 60."
  }
}

variable "transport" {
  description = "LOCUS_OCI_TRANSPORT: v1 or sdk for every model. The function's own table when it is not given."
  type        = string
  default     = null

  validation {
    condition     = var.transport == null || contains(["v1", "sdk"], coalesce(var.transport, "v1"))
    error_message = "transport must be v1 or sdk."
  }
}

variable "aliases" {
  description = "MODEL_SERVICE_ALIASES: names that callers may use, and the model that each stands for."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for model in values(var.aliases) : length(trimspace(model)) > 0])
    error_message = "aliases must name a model for each alias."
  }
}

variable "endpoint_families" {
  description = "MODEL_SERVICE_ENDPOINT_FAMILIES: the format of a dedicated endpoint (cohere, cohere_v2 or generic), by its OCID. For others OCI is asked."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for id, family in var.endpoint_families : startswith(id, "ocid1.generativeaiendpoint.") && contains(["cohere", "cohere_v2", "generic"], family)])
    error_message = "endpoint_families must have OCIDs of dedicated endpoints (ocid1.generativeaiendpoint.…), and cohere, cohere_v2 or generic for each."
  }
}

variable "log_requests" {
  description = "OCI_LOG_REQUESTS: a log line for each request to OCI and one for its answer, without prompts and answers."
  type        = bool
  default     = null
}

variable "log_content" {
  description = "MODEL_SERVICE_LOG_CONTENT: those lines with prompts and answers. Consider who can read the log."
  type        = bool
  default     = null
}
