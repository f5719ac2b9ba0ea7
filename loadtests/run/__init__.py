"""One load test from its options to its report, in one process or several."""
