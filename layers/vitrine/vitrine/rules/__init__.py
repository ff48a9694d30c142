"""Who matches and who gets which arm: conditions, bucketing, experiments. Generic and pure."""
