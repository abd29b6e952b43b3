"""Many companies, fanned out by Dagster."""
