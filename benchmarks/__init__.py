"""What the product costs, beside what the same work costs by hand. Each module runs by `python -m`; docs/benchmarks.md."""
