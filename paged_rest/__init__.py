"""Complete reading of lists that come in numbered pages, as Singer streams."""
