# A dashboard of the console, as its import takes it. The form of a tile with a metric is that of Oracle's own
# dashboard in oracle-quickstart/oci-kubernetes-monitoring, charts/mgmt-agent/resources.
locals {
  has_dashboard = var.create_dashboard && local.has_function
  widget        = "OOBSS-management-dashboard-123"

  charts = concat([for chart in local.platform_charts : merge(chart, {
    namespace   = "oci_faas"
    compartment = var.compartment_ocid
    dimension   = "responseType"
    })], local.has_metrics ? [for chart in local.own_charts : merge(chart, {
    namespace   = var.metrics_namespace
    compartment = local.genai_compartment_ocid
  })] : [])

  platform_charts = [
    { title = "Calls", mql = "FunctionInvocationCount[auto]{resourceId = \"${coalesce(local.function_id, "-")}\"}.sum()" },
    { title = "Answers by type", mql = "FunctionResponseCount[auto]{resourceId = \"${coalesce(local.function_id, "-")}\"}.groupBy(responseType).sum()" },
    { title = "Duration, 95th percentile (ms)", mql = "FunctionExecutionDuration[auto]{resourceId = \"${coalesce(local.function_id, "-")}\"}.percentile(0.95)" },
    { title = "Memory in use (MB)", mql = "AllocatedTotalConcurrency[auto].max()" },
  ]

  own_charts = [
    { title = "Tokens in by team", mql = "InputTokens[auto].groupBy(team).sum()", dimension = "team" },
    { title = "Tokens out by team", mql = "OutputTokens[auto].groupBy(team).sum()", dimension = "team" },
    { title = "Cost by team", mql = "Cost[auto].groupBy(team).sum()", dimension = "team" },
    { title = "Cost by model", mql = "Cost[auto].groupBy(model).sum()", dimension = "model" },
    { title = "Time to the first token (ms)", mql = "FirstTokenMilliseconds[auto].groupBy(model).mean()", dimension = "model" },
    { title = "Errors by team", mql = "Errors[auto].groupBy(team).sum()", dimension = "team" },
    { title = "Refusals of budgets by team", mql = "BudgetRefusals[auto].groupBy(team).sum()", dimension = "team" },
    { title = "Dead letters by model", mql = "DeadLetters[auto].groupBy(model).sum()", dimension = "model" },
  ]

  tiles = [for index, chart in local.charts : {
    displayName     = chart.title
    savedSearchId   = local.widget
    row             = floor(index / 2) * 3
    column          = index % 2 * 6
    height          = 3
    width           = 6
    nls             = {}
    state           = "DEFAULT"
    drilldownConfig = []
    parametersMap   = { time = "$(dashboard.params.time)" }

    uiConfig = {
      internalKey       = local.widget
      defaultDataSource = "${chart.namespace}/${index}"
      chartInfo = {
        colorBy = "dimensions.${chart.dimension}"
        series  = "dimensions.${chart.dimension}"
        group   = "aggregatedDatapoints.timestamp"
        value   = "aggregatedDatapoints.value"
      }
      jetConfig = { type = "lineWithArea", timeAxisType = "enabled" }
    }

    dataConfig = [{
      name = "${chart.namespace}/${index}"
      type = "monitoringDataSource"
      parameters = {
        compartmentId = chart.compartment
        namespace     = chart.namespace
        mql           = chart.mql
        startTime     = "$(params.time.start)"
        endTime       = "$(params.time.end)"
      }
    }]
  }]

  # "ns.key" = "value" becomes { ns = { key = "value" } }, as the service wants tags in a document.
  tag_namespaces = distinct([for name in keys(var.defined_tags) : split(".", name)[0]])
  dashboard_tags = { for space in local.tag_namespaces : space => {
    for name, value in var.defined_tags : join(".", slice(split(".", name), 1, length(split(".", name)))) => value if split(".", name)[0] == space
  } }

  dashboard = {
    # Required in ManagementDashboardForImportExportDetails. The service gives a dashboard that it makes an OCID of its own.
    dashboardId       = "${var.name}-dashboard"
    displayName       = var.name
    description       = "Calls, errors, durations and memory of ${var.name}"
    compartmentId     = var.compartment_ocid
    providerId        = "log-analytics"
    providerName      = "Logging Analytics"
    providerVersion   = "3.0.0"
    metadataVersion   = "2.0"
    type              = "normal"
    isOobDashboard    = false
    isShowInHome      = false
    isShowDescription = true
    isFavorite        = false
    screenImage       = "none"
    nls               = {}
    uiConfig          = { isFilteringEnabled = false, isRefreshEnabled = true, isTimeRangeEnabled = true }
    dataConfig        = []
    drilldownConfig   = []
    savedSearches     = []
    parametersConfig  = [{ name = "time", src = "$(context.time)" }]
    tiles             = local.tiles
    freeformTags      = var.freeform_tags
    definedTags       = local.dashboard_tags
  }
}

resource "oci_management_dashboard_management_dashboards_import" "this" {
  count = local.has_dashboard ? 1 : 0

  import_details     = jsonencode({ dashboards = [local.dashboard] })
  override_same_name = "true"
}
