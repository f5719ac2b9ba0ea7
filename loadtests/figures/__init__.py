"""What a load run's rows tell: rates, latencies, costs, and what a gate can be set on. Pure."""
