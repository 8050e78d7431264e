"""What goes wrong with classifiers of texts."""


class ClassifierError(ValueError):
    """A data set, a model or a file cannot be used; the text says what to do."""
