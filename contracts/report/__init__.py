"""What a run came to: report.json, a summary for the terminal, a page to read. Judges nothing, sends nothing."""
