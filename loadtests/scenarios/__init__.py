"""The load scenarios, and what they plan by."""
