logpipe_fuzz(normalize logpipe_normalize simdjson::simdjson)
