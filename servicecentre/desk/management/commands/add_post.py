"""manage.py add_post LOGIN ROLE --estate CODE [--name 姓名]: the way in to a centre that has nobody yet"""
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils.crypto import get_random_string

from servicecentre.desk.office import appoint
from servicecentre.estates.models import Estate
from servicecentre.kit.refused import Refused
from servicecentre.roles import Role
from servicecentre.staff.models import User


class Command(BaseCommand):
    help = "给一个账号岗位；没有账号就建，密码只打印这一次，登录后请自己改。同样的再来一次不变。"

    def add_arguments(self, parser):
        parser.add_argument("login", metavar="LOGIN", help="登录名")
        parser.add_argument("role", choices=[role.value for role in Role], help="，".join(f"{role.value} {role.label}" for role in Role))
        parser.add_argument("--estate", required=True, metavar="CODE")
        parser.add_argument("--name", default="", metavar="姓名", help="建账号时要给")

    def handle(self, login, role, estate, name, **options):
        row = Estate.objects.filter(slug=estate).first()
        if row is None:
            raise CommandError(f"没有代码为 {estate} 的小区，请先用 create_estate 建立。")
        user, password = User.objects.filter(username=login).first(), None
        if user is None:
            password = get_random_string(12, "abcdefghjkmnpqrstuvwxyz23456789")           # read out and typed once: no l, 1, o, 0
            self._refuse_odd(login, name)
        if user is None or not user.posts.filter(estate=row, role=role).exists():
            try:
                user = appoint(row, login, name, role, by=User.system(), password=password)
            except Refused as refusal:
                raise CommandError(refusal.sentence) from refusal
        self.stdout.write(f"{user.username} {user.name} {Role(role).label} {row.name}")
        if password:
            self.stdout.write(f"密码 {password}，只显示这一次，登录后请改。")

    @staticmethod
    def _refuse_odd(login, name):
        if not name.strip():
            raise CommandError(f"还没有账号 {login}，建账号请给 --name 姓名。")
        try:
            User(username=login, name=name, password="!").full_clean()
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
