variable "tenancy_ocid" {
  description = "OCID of the tenancy: its home region is looked up with it, and a dynamic group is made in it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^ocid1\\.tenancy\\.", var.tenancy_ocid))
    error_message = "tenancy_ocid must be the OCID of a tenancy (ocid1.tenancy.…)."
  }
}

variable "compartment_ocid" {
  description = "OCID of the compartment in which everything is made."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^ocid1\\.(compartment|tenancy)\\.", var.compartment_ocid))
    error_message = "compartment_ocid must be the OCID of a compartment (ocid1.compartment.…)."
  }
}

variable "region" {
  description = "Region identifier in which everything is made, such as us-chicago-1."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z0-9-]+-[0-9]+$", var.region))
    error_message = "region must be a region identifier such as us-chicago-1."
  }
}

variable "home_region" {
  description = "Region identifier in which IAM is written. Looked up when it is not given."
  type        = string
  default     = null

  validation {
    condition     = var.home_region == null || can(regex("^[a-z]+-[a-z0-9-]+-[0-9]+$", var.home_region))
    error_message = "home_region must be a region identifier such as us-ashburn-1."
  }
}

variable "provider_auth" {
  description = "How Terraform itself signs: ApiKey, SecurityToken, InstancePrincipal, ResourcePrincipal or OKEWorkloadIdentity. The provider's own default when it is not given."
  type        = string
  default     = null

  validation {
    condition     = var.provider_auth == null || contains(["ApiKey", "SecurityToken", "InstancePrincipal", "ResourcePrincipal", "OKEWorkloadIdentity"], coalesce(var.provider_auth, "ApiKey"))
    error_message = "provider_auth must be ApiKey, SecurityToken, InstancePrincipal, ResourcePrincipal or OKEWorkloadIdentity."
  }
}

variable "provider_profile" {
  description = "Profile of ~/.oci/config that Terraform itself uses. DEFAULT when it is not given."
  type        = string
  default     = null
}

variable "name" {
  description = "What everything is named after; unique within the compartment, the dynamic group within the tenancy."
  type        = string
  default     = "model-service"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,29}$", var.name))
    error_message = "name must be 1 to 30 lower-case letters, digits and hyphens, a letter first."
  }
}

variable "freeform_tags" {
  description = "Free-form tags of everything that takes tags."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "defined_tags" {
  description = "Defined tags of everything that takes tags, as namespace.key = value."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for key in keys(var.defined_tags) : can(regex("^[^.]+\\.[^.]+$", key))])
    error_message = "defined_tags must have keys of the form namespace.key."
  }
}
