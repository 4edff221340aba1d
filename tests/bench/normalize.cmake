logpipe_bench(normalize logpipe_normalize logpipe_base fmt::fmt)
