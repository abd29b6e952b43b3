{{ readings_of('nexus_erp') }}
