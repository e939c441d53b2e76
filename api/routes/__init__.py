"""One module a resource: its paths, their documentation and nothing else."""
