# What somebody should hear of. Names of metrics and dimensions: docs.oracle.com, Functions/Reference/functionsmetrics.htm
# and APIGateway/Reference/apigatewaymetrics.htm.
locals {
  has_alarms = var.create_alarms && local.has_function
  # Nine tenths of what a call may take, in milliseconds.
  slow = var.timeout_in_seconds * 900

  alarms = local.has_alarms ? merge({
    failed = {
      namespace = "oci_faas"
      query     = "FunctionResponseCount[5m]{resourceId = \"${local.function_id}\", responseType = \"Error\"}.sum() > 5"
      severity  = "CRITICAL"
      body      = "Calls of the function fail. Its log says why."
    }
    throttled = {
      namespace = "oci_faas"
      query     = "FunctionResponseCount[5m]{resourceId = \"${local.function_id}\", responseType = \"Throttled\"}.sum() > 0"
      severity  = "WARNING"
      body      = "The tenancy's limit of memory for functions is reached: callers get 429."
    }
    slow = {
      namespace = "oci_faas"
      query     = "FunctionExecutionDuration[5m]{resourceId = \"${local.function_id}\"}.percentile(0.95) > ${local.slow}"
      severity  = "WARNING"
      body      = "One call in twenty takes nearly as long as it may."
    }
    }, local.has_api ? {
    gateway = {
      namespace = "oci_apigateway"
      query     = "HttpResponses[5m]{deploymentId = \"${oci_apigateway_deployment.this[0].id}\", httpStatusCategory = \"5xx\"}.sum() > 5"
      severity  = "CRITICAL"
      body      = "Callers get 5xx from the gateway."
    }
    } : {}, local.has_metrics ? { for name, alarm in local.own_alarms : name => merge(alarm, {
      namespace   = var.metrics_namespace
      compartment = local.genai_compartment_ocid
    })
  } : {}) : {}

  # Of the function's own metrics (src/model_service/usage/metrics.py), over all callers, teams and models.
  has_metrics = var.metrics_namespace != null
  own_alarms = {
    dead_letters = {
      query    = "DeadLetters[5m].grouping().sum() > 0"
      severity = "WARNING"
      body     = "Records have failed for good. Their dead letters say why; model-service batch redrive tries them again."
    }
    dead_letters_lost = {
      query    = "DeadLettersLost[5m].grouping().sum() > 0"
      severity = "CRITICAL"
      body     = "A record failed, and its dead letter could not be written: it comes again and again. The log (dead_letter_lost) says why."
    }
    records_left = {
      query    = "RecordsLeft[15m].grouping().sum() > 0"
      pending  = "PT15M"
      severity = "WARNING"
      body     = "Batches are left unfinished for a quarter of an hour. The log (batch.left, record_left) says what holds them up."
    }
    budget_reached = {
      query    = "BudgetRefusals[5m].grouping().sum() > 0"
      severity = "WARNING"
      body     = "A caller or a team has reached a limit and is refused. The log (budget_refused) names it."
    }
    config_stale = {
      query    = "ConfigStale[5m].grouping().sum() > 0"
      severity = "CRITICAL"
      body     = "The service file, or the document of keys, is broken: the last good one still holds. The log (config_stale) says what is wrong."
    }
    counter_unavailable = {
      query    = "CounterUnavailable[5m].grouping().sum() > 0"
      severity = "WARNING"
      body     = "The counter of budgets cannot be reached: MODEL_SERVICE_COUNTER_FAILURE says what becomes of calls meanwhile."
    }
  }
}

resource "oci_ons_notification_topic" "alarms" {
  count = local.has_alarms ? 1 : 0

  compartment_id = var.compartment_ocid
  name           = "${var.name}-alarms"
  description    = "Alarms of ${var.name}"
  freeform_tags  = var.freeform_tags
  defined_tags   = var.defined_tags
}

resource "oci_ons_subscription" "alarms" {
  for_each = local.has_alarms ? toset(var.alarm_emails) : toset([])

  compartment_id = var.compartment_ocid
  topic_id       = oci_ons_notification_topic.alarms[0].id
  protocol       = "EMAIL"
  endpoint       = each.value
  freeform_tags  = var.freeform_tags
  defined_tags   = var.defined_tags
}

resource "oci_monitoring_alarm" "this" {
  for_each = local.alarms

  compartment_id        = var.compartment_ocid
  metric_compartment_id = lookup(each.value, "compartment", var.compartment_ocid)
  display_name          = "${var.name}-${each.key}"
  namespace             = each.value.namespace
  query                 = each.value.query
  severity              = each.value.severity
  body                  = each.value.body
  destinations          = [oci_ons_notification_topic.alarms[0].id]
  is_enabled            = true
  pending_duration      = lookup(each.value, "pending", "PT5M")
  message_format        = "ONS_OPTIMIZED"
  freeform_tags         = var.freeform_tags
  defined_tags          = var.defined_tags
}
