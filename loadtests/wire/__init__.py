"""How load is sent and judged at once: ready bytes out over kept connections, answers in, evidence kept."""
