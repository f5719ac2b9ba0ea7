"""What makes traffic: each driver sends its probes through one `Run` and says which promises it owes. Judges nothing."""
