"""manage.py add_post LOGIN ROLE --estate CODE [--name 姓名]: the way in to a centre that has nobody yet."""
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from servicecentre.desk.office_people import operators_post
from servicecentre.desk.people_forms import UsernameField
from servicecentre.estates.models import Estate
from servicecentre.kit.refused import Refused
from servicecentre.kit.text import clean_text
from servicecentre.roles import Role
from servicecentre.staff.models import User


class Command(BaseCommand):
    help = "给一个账号岗位；账号没有就建，一次性密码只打印这一次。同样的再来一次不变。"

    def add_arguments(self, parser):
        parser.add_argument("login", help="工号，登录用")
        parser.add_argument("role", choices=[role.value for role in Role], help="岗位：" + "，".join(f"{r.value} {r.label}" for r in Role))
        parser.add_argument("--estate", required=True, metavar="CODE", help="小区代码")
        parser.add_argument("--name", default="", metavar="姓名", help="建账号时用")
        parser.add_argument("--new-password", action="store_true", help="忘了密码：再给一个一次性密码")

    def handle(self, login, role, **options):
        estate = Estate.objects.filter(slug=options["estate"]).first()
        if estate is None:
            raise CommandError(f"没有小区 {options['estate']}，先用 create_estate 建。")
        try:
            username = UsernameField(max_length=40).clean(login)
            name = clean_text(options["name"], 40)
            user = operators_post(estate, username=username, name=name, role=Role(role), new_password=options["new_password"], by=User.system())
        except (Refused, ValidationError) as refusal:
            raise CommandError(" ".join(refusal.messages)) from refusal
        self.stdout.write(f"{user.username} {user.name} {Role(role).label} {estate.name}")
        if one_time := getattr(user, "one_time", None):
            self.stdout.write(f"一次性密码 {one_time}，登录时换掉。")
