logpipe_fuzz(bulk_response logpipe_opensearch simdjson::simdjson)
