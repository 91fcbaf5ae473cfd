"""Resource-aware benchmarking and scaling studies of CLIP pretraining."""
