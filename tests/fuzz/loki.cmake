logpipe_fuzz(loki_level logpipe_loki logpipe_core simdjson::simdjson)
