"""Speed and quality, measured against peers in the same run.

Nothing here is part of a test run. Each module has one `run(options)` that returns its figures;
`clutch bench NAME --json` prints them. Start at `benchmarks.options`.
"""
