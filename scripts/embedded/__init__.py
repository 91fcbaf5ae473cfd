"""How the embedded data is made: packages -> concepts -> drawings -> pairs -> one parquet and a vocabulary."""
