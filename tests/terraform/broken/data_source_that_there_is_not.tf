# refused: Invalid data source
# statically: there is no such data source type
data "oci_core_service" "all" {
}
