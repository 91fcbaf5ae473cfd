"""Tables that the user brings, of paths or images and captions: text or parquet, in memory or in parts."""
