"""The compiled sampler: what it takes, how a clip is cut into windows, and the call itself."""
