"""A page as a list of parts: each a function that asks one lower app and says which right it needs (ARCHITECTURE «The household page»)."""
from servicecentre.staff.access import may


def part(right):
    """Marks a part; it is left out for a user who lacks the right, and where it answers None."""
    def mark(ask):
        ask.right = right
        return ask
    return mark


def gather(columns, request, folder, *args):
    """Columns of {name, template, part}: what each part answered and the template that shows it."""
    return [[{"name": ask.__name__, "template": f"desk/{folder}/{ask.__name__}.html", "part": answer}
             for ask in column if may(request, ask.right) and (answer := ask(*args)) is not None] for column in columns]


def answer_of(columns, name):
    """What the part of this name answered, or None when it is left out."""
    return next((shown["part"] for column in columns for shown in column if shown["name"] == name), None)
