"""What the product costs, beside what the same work costs by hand; docs/benchmarks.md."""
