"""What makes traffic: each driver sends its probes through one `Run`, and owes some promises. Judges nothing."""
