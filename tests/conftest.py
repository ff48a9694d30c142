"""What holds for every suite."""

from hypothesis import HealthCheck, settings

# No test is judged by the clock: a machine that others use, too, takes ten times as long now and then.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
