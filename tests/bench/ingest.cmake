logpipe_bench(demo logpipe_ingest logpipe_base)
