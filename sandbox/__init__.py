"""What stands in for the real API: an honest embedded server, its legal dialects and its named defects.

Shares no code with the rules that judge it: a misreading on both sides would be invisible.
"""
