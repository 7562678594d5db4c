"""Pages of the people of an estate: who works here as what, until when; the rights of each role (screens 33b, 33c)."""
from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from servicecentre.kit.periods import today
from servicecentre.roles import AREAS, BELOW_MANAGER, CONDITIONS, CONFIRMED, IN_WORDS, RIGHTS, Role
from servicecentre.staff import second_factor
from servicecentre.staff.access import may, needs
from servicecentre.staff.models import Post, User
from servicecentre.worklog.models import Entry

from . import office_people as acts
from .account import sign_ins_of
from .people_forms import AddUserForm, ConfirmForm, CoverForm, PersonForm, PostForm, ReasonForm

RECENT = 8


def _here(request):
    """Who holds or has held a post at this estate; nobody else's people are seen."""
    return User.objects.filter(pk__in=Post.objects.of(request.estate).values("user"))


def _user(request, pk):
    return get_object_or_404(_here(request), pk=pk)


def _posts(request):
    return Post.objects.of(request.estate).select_related("user", "covers", "given_by", "ended_by").order_by("pk")


@needs("desk.view_users")
def users(request):
    """Everybody of this estate with the posts in force, who has left last; stand-ins beside."""
    day = today()
    posts = {}
    for post in _posts(request).held(on=day):
        posts.setdefault(post.user_id, []).append(post)
    people = sorted(_here(request), key=lambda user: (not _in_post(user, posts), not user.is_active, user.name))
    rows = [{"user": user, "posts": posts.get(user.pk, []) if user.is_active else [], "in_post": _in_post(user, posts)} for user in people]
    covers = [p for p in _posts(request).filter(covers__isnull=False, ended_at=None, ends_on__gte=day).order_by("starts_on", "pk")]
    return render(request, "desk/people/users.html", {
        "rows": rows, "in_post": sum(row["in_post"] for row in rows), "covers": covers, "day": day, "changes": _changes(request),
        "may_add": may(request, "desk.add_user"), "may_cover": may(request, "desk.arrange_cover"), "cancel": ConfirmForm(),
        "forbidden": _uncancellable(request)})


def _in_post(user, posts):
    return user.is_active and user.pk in posts


def _uncancellable(request):
    """Roles whose stand-ins this user may not cancel."""
    return frozenset() if Role.ADMINISTRATOR in request.roles else frozenset(Role) - BELOW_MANAGER


def _changes(request, user=None):
    """The latest log entries about people, or about one."""
    entries = Entry.objects.of(request.estate).filter(row_type="staff.user")
    if user is not None:
        entries = entries.filter(row_id=user.pk)
    return entries.select_related("by").newest_first()[:RECENT]


@needs("desk.view_users")
def user(request, pk):
    return _user_page(request, _user(request, pk))


def _user_page(request, person, refused=None):
    day = today()
    posts = list(_posts(request).filter(user=person))
    in_force = [post for post in posts if post.ended_at is None and (post.ends_on is None or post.ends_on >= day)]
    oneself = person.pk == request.user.pk
    can = {name: not oneself and may(request, f"desk.{name}") for name in (
        "end_sessions", "reset_second_factor", "change_user", "give_post", "end_post", "arrange_cover", "reset_password", "deactivate_user")}
    return render(request, "desk/people/user.html", {
        "person": person, "posts": posts, "day": day, "oneself": oneself, "can": can, "changes": _changes(request, person),
        "in_force": in_force,
        "over": [p for p in posts if p.ended_at is not None or p.ends_on and p.ends_on < day],
        "sign_ins": sign_ins_of(person) if any(p.starts_on is None or p.starts_on <= day for p in in_force) else None, "factor": second_factor.of(person),
        "forbidden": _uncancellable(request), "button": ConfirmForm(), "refused": refused})


def _form_page(request, form, *, title, button, back, about="", busy="正在登记，请稍等"):
    return render(request, "desk/people/form.html", {"form": form, "title": title, "button": button, "back": back, "about": about, "busy": busy})


def _told_once(request, person, words):
    """The one-time password, shown in the answer itself: it is kept nowhere, so a reload can't show it again."""
    return render(request, "desk/people/password.html", {
        "person": person, "words": words, "one_time": getattr(person, "one_time", None), "back": reverse("user", args=[person.pk])})


@needs("desk.add_user")
def add_user(request):
    form = AddUserForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and (
            person := form.perform(acts.add_user, request.estate, one_time=acts.OneTime(), by=request.user)):
        if "same_person" in form.cleaned_data["despite"]:
            messages.success(request, f"{person.name} 已加到这里，用原来的工号和密码登录。")
            return redirect("user", person.pk)
        return _told_once(request, person, "已加人")
    return _form_page(request, form, title="加一个人", button="加人", back=reverse("users"), about="加好给出一次性密码，本人登录时换掉。")


@needs("desk.change_user")
def change_user(request, pk):
    person = _user(request, pk)
    form = PersonForm(request.POST or None, initial={"name": person.name, "mobile": person.mobile, "version": person.version})
    if request.method == "POST" and form.perform(acts.change_user, person, estate=request.estate, by=request.user):
        messages.success(request, "资料已改。")
        return redirect("user", pk)
    return _form_page(request, form, title="修改人员资料", button="保存", back=reverse("user", args=[pk]), about=f"{person.name} {person.username}")


@needs("desk.give_post")
def give_post(request, pk):
    person = _user(request, pk)
    form = PostForm(request.POST or None)
    if request.method == "POST" and (post := form.perform(acts.give_post, person, estate=request.estate, by=request.user)):
        messages.success(request, f"{person.name} 现在任{post.get_role_display()}。")
        return redirect("user", pk)
    return _form_page(request, form, title="给岗位", button="给岗位", back=reverse("user", args=[pk]), about=f"{person.name} {person.username}")


@needs("desk.arrange_cover")
def arrange_cover(request, pk):
    person = _user(request, pk)
    form = CoverForm(request.POST or None, estate=request.estate, user=person, roles=request.roles, initial={"starts_on": today()})
    if request.method == "POST" and (cover := form.perform(acts.arrange_cover, person, by=request.user)):
        messages.success(request, f"{person.name} 替 {cover.covers.name}，{cover.starts_on:%m-%d} 至 {cover.ends_on:%m-%d}。")
        return redirect("user", pk)
    return _form_page(request, form, title="安排替班", button="安排替班", back=reverse("user", args=[pk]), about=f"{person.name} 替别人的岗")


def _end(request, pk, act, words):
    post = get_object_or_404(_posts(request), pk=pk)
    if request.method != "POST":
        return redirect("user", post.user_id)
    form = ConfirmForm(request.POST)
    if form.perform(act, post, by=request.user):
        messages.success(request, words.format(post))
        return redirect("user", post.user_id)
    return _user_page(request, post.user, refused=form)


@needs("desk.end_post")
def end_post(request, pk):
    return _end(request, pk, acts.end_post, "{0.user.name} 不再任这个岗位。")


@needs("desk.arrange_cover")
def end_cover(request, pk):
    return _end(request, pk, acts.end_cover, "{0.user.name} 的替班已取消。")


@needs("desk.deactivate_user")
def deactivate_user(request, pk):
    person = _user(request, pk)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.perform(acts.deactivate_user, person, estate=request.estate, by=request.user):
        messages.success(request, f"{person.name} 的账号已停用，正在用的电脑也已退出。")
        return redirect("user", pk)
    return _form_page(request, form, title="停用账号", button="停用账号", back=reverse("user", args=[pk]), busy="正在停用，请稍等",
                      about=f"{person.name} {person.username}，停用后马上进不来，记录都留着。")


def _new_password(request, pk, act, words):
    person = _user(request, pk)
    if request.method != "POST":
        return redirect("user", pk)
    form = ConfirmForm(request.POST)
    if there := form.perform(act, person, estate=request.estate, one_time=acts.OneTime(), by=request.user):
        return _told_once(request, there, words)
    return _user_page(request, person, refused=form)


@needs("desk.deactivate_user")
def reactivate_user(request, pk):
    return _new_password(request, pk, acts.reactivate_user, "账号已恢复")


@needs("desk.reset_password")
def reset_password(request, pk):
    return _new_password(request, pk, acts.reset_password, "密码已重设")


def _on_the_page(request, pk, act, words):
    person = _user(request, pk)
    form = ConfirmForm(request.POST)
    if request.method == "POST" and not form.perform(act, person, estate=request.estate, by=request.user):
        return _user_page(request, person, refused=form)
    if request.method == "POST":
        messages.success(request, words.format(person.name))
    return redirect("user", pk)


@needs("desk.end_sessions")
def end_sessions(request, pk):
    return _on_the_page(request, pk, acts.end_sessions, "{} 的登录都已退出。")


@needs("desk.reset_second_factor")
def reset_second_factor(request, pk):
    return _on_the_page(request, pk, acts.reset_second_factor, "{} 的第二道验证已取消，下次只要密码。")


@needs("desk.view_rights")
def rights(request):
    """Every right by area and role, with who has it at this estate today."""
    held = Post.objects.of(request.estate).held(on=today()).filter(user__is_active=True).select_related("user").order_by("user__name", "pk")
    by_role = {role: list(dict.fromkeys(post.user.name for post in held if post.role == role)) for role in Role}
    areas = {}
    for name, right in RIGHTS.items():
        names = sorted({n for role in right.roles for n in by_role[role]})
        areas.setdefault(AREAS.get(name.partition(".")[0], "其他"), []).append({
            "label": right.label, "condition": CONDITIONS.get(name, ""), "again": name in CONFIRMED, "names": names,
            "cells": [role in right.roles for role in Role]})
    return render(request, "desk/people/rights.html", {
        "roles": [(role.label, IN_WORDS[role], by_role[role]) for role in Role],
        "areas": [(area, areas[area]) for area in sorted(areas, key=lambda a: [*AREAS.values(), "其他"].index(a))]})
