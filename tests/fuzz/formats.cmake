logpipe_fuzz(normalize logpipe_formats simdjson::simdjson)
