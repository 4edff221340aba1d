logpipe_fuzz(status logpipe_status)
