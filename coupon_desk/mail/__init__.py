"""What the customer is told, and how it gets to the mail server."""
