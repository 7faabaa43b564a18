variable "create_gateway" {
  description = "Make an API Gateway in front of the function, so that any client of OpenAI's API can use it."
  type        = bool
  default     = true
  nullable    = false
}

variable "gateway_endpoint_type" {
  description = "PUBLIC or PRIVATE: whether the gateway has an address on the internet."
  type        = string
  default     = "PUBLIC"
  nullable    = false

  validation {
    condition     = contains(["PUBLIC", "PRIVATE"], var.gateway_endpoint_type)
    error_message = "gateway_endpoint_type must be PUBLIC or PRIVATE."
  }
}

variable "gateway_certificate_id" {
  description = "OCID of the gateway's certificate, for a host name of your own."
  type        = string
  default     = null

  validation {
    condition     = var.gateway_certificate_id == null || can(regex("^ocid1\\.(apigatewaycertificate|certificate)\\.", var.gateway_certificate_id))
    error_message = "gateway_certificate_id must be the OCID of a certificate."
  }
}

variable "gateway_path_prefix" {
  description = "Where the API begins. It ends with /v1: that is how the function knows its paths."
  type        = string
  default     = "/v1"
  nullable    = false

  validation {
    condition     = can(regex("^(/[A-Za-z0-9_-]+)*/v1$", var.gateway_path_prefix))
    error_message = "gateway_path_prefix must be a path that ends with /v1."
  }
}

variable "gateway_authentication" {
  description = "Who may call: jwt (a token of your identity provider), keys (the function's own keys), or none (everybody who can reach the gateway)."
  type        = string
  default     = "jwt"
  nullable    = false

  validation {
    condition     = contains(["jwt", "keys", "none"], var.gateway_authentication)
    error_message = "gateway_authentication must be jwt, keys or none."
  }
}

variable "gateway_open_to_the_internet" {
  description = "Confirm a public gateway without authentication: everybody can then spend this tenancy's tokens."
  type        = bool
  default     = false
  nullable    = false
}

variable "jwks_uri" {
  description = "jwt: where the identity provider publishes its signing keys."
  type        = string
  default     = null

  validation {
    condition     = var.jwks_uri == null || can(regex("^https://", var.jwks_uri))
    error_message = "jwks_uri must be an https URL."
  }
}

variable "jwt_issuers" {
  description = "jwt: the issuers whose tokens are accepted (claim iss)."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.jwt_issuers) <= 5
    error_message = "jwt_issuers can be at most five."
  }
}

variable "jwt_audiences" {
  description = "jwt: the audiences that a token must have (claim aud)."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.jwt_audiences) <= 5
    error_message = "jwt_audiences can be at most five."
  }
}

variable "gateway_scopes" {
  description = "jwt and keys: a caller needs one of these scopes. Without any, every authenticated caller is accepted."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "identity_headers" {
  description = "Headers in which the gateway sends the function who called, and the claim of the token (jwt) or of the context (keys) in each. A value that the caller sends is always removed."
  type        = map(string)
  default     = { "X-Authenticated-Subject" = "sub" }
  nullable    = false

  validation {
    condition     = alltrue([for header, claim in var.identity_headers : can(regex("^[A-Za-z0-9-]+$", header)) && can(regex("^[A-Za-z0-9_.-]+$", claim))])
    error_message = "identity_headers must be names of headers, and of claims."
  }
}

variable "rate_limit" {
  description = "Requests per second that the gateway allows. 0: no limit."
  type        = number
  default     = 50
  nullable    = false

  validation {
    condition     = var.rate_limit >= 0 && floor(var.rate_limit) == var.rate_limit
    error_message = "rate_limit must be a whole number, 0 or more."
  }
}

variable "rate_limit_key" {
  description = "CLIENT_IP: rate_limit is for each client; TOTAL: for all together."
  type        = string
  default     = "CLIENT_IP"
  nullable    = false

  validation {
    condition     = contains(["CLIENT_IP", "TOTAL"], var.rate_limit_key)
    error_message = "rate_limit_key must be CLIENT_IP or TOTAL."
  }
}

variable "usage_plans" {
  description = "Plans by name: requests a second, and a quota of requests for a period (MINUTE, HOUR, DAY, WEEK, MONTH) after which requests are rejected (REJECT) or still allowed (ALLOW)."
  type = map(object({
    requests_per_second = number
    quota               = number
    period              = optional(string, "MONTH")
    when_used_up        = optional(string, "REJECT")
  }))
  default  = {}
  nullable = false

  validation {
    condition = alltrue([for plan in values(var.usage_plans) :
    contains(["MINUTE", "HOUR", "DAY", "WEEK", "MONTH"], plan.period) && contains(["REJECT", "ALLOW"], plan.when_used_up)])
    error_message = "usage_plans must have MINUTE, HOUR, DAY, WEEK or MONTH as period, and REJECT or ALLOW as when_used_up."
  }
}

variable "usage_plan_subscribers" {
  description = "Subscribers by name: the plan that each is on."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "usage_plan_tokens" {
  description = "The token of each subscriber, by the same names. It goes into Terraform's state: keep that safe."
  type        = map(string)
  default     = {}
  nullable    = false
  sensitive   = true
}

variable "usage_plan_token_location" {
  description = "Where a request has the subscriber's token."
  type        = string
  default     = "request.headers[X-Subscription-Token]"
  nullable    = false

  validation {
    condition     = can(regex("^request\\.(headers|query)\\[[A-Za-z0-9_-]+\\]$", var.usage_plan_token_location))
    error_message = "usage_plan_token_location must be request.headers[name] or request.query[name]."
  }
}

variable "cors_allowed_origins" {
  description = "Origins of web pages that may call the gateway. No CORS when there are none."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for origin in var.cors_allowed_origins : origin == "*" || can(regex("^https?://[^/]+$", origin))])
    error_message = "cors_allowed_origins must be * or origins such as https://app.example.com."
  }
}

variable "gateway_log_level" {
  description = "INFO, WARN or ERROR: the level of the gateway's execution log."
  type        = string
  default     = "WARN"
  nullable    = false

  validation {
    condition     = contains(["INFO", "WARN", "ERROR"], var.gateway_log_level)
    error_message = "gateway_log_level must be INFO, WARN or ERROR."
  }
}
