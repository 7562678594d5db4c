"""Who may be the second person: not who asked, not who took the money; an administrator only where no manager is left (DOMAIN §2, §14)."""
from servicecentre.kit.periods import today
from servicecentre.roles import Role
from servicecentre.staff.models import Post


def why_not(user, estate, *, asked_by, cashiers=(), taken="这张收据是您开的，收款人不能批准。"):
    """Why this user may not approve, as a sentence; None when they may. ``asked_by`` and ``cashiers`` are pks."""
    return refusal(user.pk, user.roles_at(estate), managers(estate), asked_by=asked_by, cashiers=cashiers, taken=taken)


def refusal(pk, roles, managers, *, asked_by, cashiers=(), taken="钱是您收的，收款人不能批准。"):
    """The same of what is known already: the user's pk and roles here, and the estate's ``managers()``. The right alone makes nobody one."""
    if pk == asked_by:
        return "这是您申请的，要由别的主管批准。"
    if pk in cashiers:
        return taken
    others = [name for manager, name in managers.items() if manager != asked_by and manager not in cashiers]
    if Role.MANAGER not in roles and others:
        return f"请主管 {'、'.join(others)} 批准；管理员只在没有别的主管时代为批准。"
    if not {Role.MANAGER, Role.ADMINISTRATOR} & set(roles):
        return "要由主管批准；没有别的主管的，由管理员代为批准。"
    return None


def managers(estate):
    """{pk: name} of the estate's managers of today; one who also stands in for another is named once."""
    posts = Post.objects.of(estate).held(on=today()).filter(role=Role.MANAGER, user__is_active=True)
    return dict(posts.order_by("pk").values_list("user", "user__name"))


def second_persons(estate, but=()):
    """Names of the managers who may approve: none of these pks."""
    return [name for pk, name in managers(estate).items() if pk not in but]
