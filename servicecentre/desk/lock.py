"""The lock of a shared computer: the page stays beneath it, the PIN opens it, another person goes on under his own name (TRUST T2)."""
from urllib.parse import urlsplit

from django.contrib.auth import login
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django_htmx.http import trigger_client_event

from billing.models import Shift
from servicecentre.kit.periods import now, today
from servicecentre.roles import Role
from servicecentre.staff import gate, pins, second_factor
from servicecentre.staff.access import needs
from servicecentre.staff.models import Post, SignIn
from servicecentre.staff.views import BACKEND, inside

LONGEST = 128


@needs("desk.lock")
def lock(request):
    """POST locks; what it answers is what the overlay shows. GET is the same as a page, for a browser without scripts or a reload."""
    row, after = request.sign_in, _after(request)
    if request.method == "POST":
        gate.lock(row)
        if not request.headers.get("HX-Request"):
            came_from = inside(request, _path(request.headers.get("Referer", "")))
            return redirect(f"{reverse('lock')}?next={came_from}" if came_from else "lock")
        return _shown(request, after)
    if row.locked_at is None:
        return HttpResponseRedirect(after or reverse("home"))
    return _shown(request, after)


@needs("desk.lock")
def unlock(request):
    """The PIN or password of who locked it, or of a colleague who goes on under his own name."""
    if request.method != "POST":
        return redirect("lock")
    after, said = _after(request), request.POST.get("pin", "")[:LONGEST]
    people = _people(request)
    number = request.POST.get("person", "") or str(request.user.pk)
    person = next((each["user"] for each in people if str(each["user"].pk) == number), None)
    if person is None or not said:
        return _shown(request, after, people, chosen=person, trouble="选一个人，再输 PIN。" if person is None else "请输 PIN 或密码。")
    if person.pk != request.user.pk and second_factor.of(person):
        return _shown(request, after, people, chosen=person, trouble=f"{person.name}有第二道验证，请退出后用密码和动态码登录。")
    if trouble := pins.trouble(request, person, said):
        return _shown(request, after, people, chosen=person, trouble=trouble)
    if person.pk == request.user.pk:
        return _opened(request, after)
    return _switched(request, person)


def _opened(request, after):
    gate.confirm(request.sign_in)
    if request.headers.get("HX-Request"):
        return trigger_client_event(HttpResponse(status=204), "unlocked")
    return HttpResponseRedirect(after or reverse("home"))


def _switched(request, person):
    """Another session, of another person: nothing of the one before is left in it. The page sends what was typed after it, under the old token."""
    request.sign_in.end(SignIn.End.SWITCHED, now())
    request.session.flush()
    request.sign_in_how = SignIn.How.PIN
    login(request, person, backend=BACKEND)
    if request.headers.get("HX-Request"):
        return trigger_client_event(HttpResponse(status=204), "switched")
    return redirect("home")


def _after(request):
    return inside(request, request.POST.get("next") or request.GET.get("next") or "")


def _path(address):
    try:
        return urlsplit(address).path
    except ValueError:                                        # http://[: a browser sends no such Referer
        return ""


def _people(request):
    """Who works here and has a PIN, the one who locked it first: {user, words, here}."""
    on_shift = set(Shift.objects.of(request.estate).filter(closed_at=None).values_list("cashier", flat=True))
    found = {}
    for post in Post.objects.of(request.estate).held(on=today()).filter(user__is_active=True).select_related("user").order_by("user__name", "pk"):
        mine = post.user_id == request.user.pk
        if mine or post.user.pin and not post.user.must_change_password:
            each = found.setdefault(post.user_id, {"user": post.user, "roles": set(), "here": mine, "shift": post.user_id in on_shift})
            each["roles"].add(post.role)
    for each in found.values():
        each["words"] = "、".join(role.label for role in Role if role in each["roles"]) + ("，当班" if each["shift"] else "")
    return sorted(found.values(), key=lambda each: not each["here"])


def _shown(request, after, people=None, chosen=None, trouble=""):
    htmx = bool(request.headers.get("HX-Request"))
    person = chosen or request.user
    return render(request, "desk/lock/_lock.html" if htmx else "desk/lock/lock.html", {
        "people": people or _people(request), "chosen": person, "trouble": trouble, "after": after, "locked_at": request.sign_in.locked_at,
        "needs_password": not person.pin or pins.spent(person)})
