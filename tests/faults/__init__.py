"""Servers that break, lie and stall: a table of faults, a server that plays them, what both wires make of them."""
