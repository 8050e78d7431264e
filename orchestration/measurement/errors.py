"""What measurement refuses."""


class MeasurementError(ValueError):
    """Counts or shares that cannot be; says what was found, what was wanted, what to do."""
