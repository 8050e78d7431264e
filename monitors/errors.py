"""What can be wrong with a monitor or an event contract."""


class MonitorError(ValueError):
    """A monitor's declaration or its output is wrong; the message says what to do."""


class ContractError(ValueError):
    """An event contract or a frame that should follow one is wrong."""
