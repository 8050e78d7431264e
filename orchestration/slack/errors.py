"""What a message may not be."""


class SlackMessageError(ValueError):
    """A message, or an answer to one, that Slack or we refuse; names the part, not its content."""
