"""A page of ours beside Locust's: the test that is under way in live charts, and each promise as it stands."""
