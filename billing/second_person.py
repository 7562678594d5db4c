"""Who may be the second person: not who asked, not who took the money; an administrator only where no manager is left (DOMAIN §2, §14)."""
from servicecentre.kit.periods import today
from servicecentre.roles import Role
from servicecentre.staff.models import Post


def why_not(user, estate, *, asked_by, cashiers=(), taken="这张收据是您开的，收款人不能批准。"):
    """Why this user may not approve, as a sentence; None when they may. ``asked_by`` and ``cashiers`` are pks."""
    if user.pk == asked_by:
        return "这是您申请的，要由别的主管批准。"
    if user.pk in cashiers:
        return taken
    if Role.MANAGER not in user.roles_at(estate) and (others := second_persons(estate, {asked_by, *cashiers})):
        return f"请主管 {'、'.join(others)} 批准；管理员只在没有别的主管时代为批准。"
    return None


def second_persons(estate, but=()):
    """Names of the estate's managers who may approve: none of these pks."""
    posts = Post.objects.of(estate).held(on=today()).filter(role=Role.MANAGER, user__is_active=True)
    names = posts.exclude(user__in=but).order_by("pk").values_list("user", "user__name")
    return list(dict(names).values())                    # a manager who also stands in for one is named once
