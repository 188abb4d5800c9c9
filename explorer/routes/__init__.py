"""What the page and programs ask: live channel, HTTP routes, named endpoints."""
