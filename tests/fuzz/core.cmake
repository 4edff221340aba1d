logpipe_fuzz(end_uri logpipe_core)
