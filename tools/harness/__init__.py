"""What the tools and the tests share: Meltano, PostgreSQL, environments, a warehouse."""
