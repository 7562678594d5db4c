"""manage.py demo: the demo estate in an empty database; prints the accounts."""
from django.core.management.base import BaseCommand, CommandError

from servicecentre.desk import demo
from servicecentre.kit.refused import Refused


class Command(BaseCommand):
    help = "在空的数据库里建演示小区；已有就只列出账号。"

    def handle(self, **options):
        try:
            estate = demo.fill()
        except Refused as refusal:
            raise CommandError(refusal.sentence) from refusal
        self.stdout.write(demo.summary(estate))
        self.stdout.write("\n".join([f"演示账号，密码都是 {demo.PASSWORD}：", *demo.accounts()]))
