"""Pools in WebDataset shards: tar files, here or in a store, indexed once and then read by ranges of bytes."""
