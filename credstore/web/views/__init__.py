"""The views, one module for each part of the site. Each has a `register(bp)` that adds its routes to the blueprint."""
