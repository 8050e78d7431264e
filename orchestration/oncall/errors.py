"""What people, rota and ladders refuse."""


class PeopleError(ValueError):
    """Somebody unknown, or somebody who may not; says who may."""


class RotaError(ValueError):
    """Hours, a rota or a ladder that cannot be; says what was found, wanted, what to do."""
