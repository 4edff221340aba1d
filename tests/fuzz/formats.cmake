logpipe_fuzz(normalize logpipe_formats simdjson::simdjson)
logpipe_fuzz(member_scan logpipe_formats simdjson::simdjson)
logpipe_fuzz(log_format logpipe_formats logpipe_core)
