"""What is counted and what is measured: multiply-adds, step times, memory. Importing this package loads nothing."""
