"""manage.py create_estate CODE 名称"""
from django.core.management.base import BaseCommand, CommandError

from servicecentre.desk.office import create_estate
from servicecentre.kit.refused import Refused
from servicecentre.staff.models import User


class Command(BaseCommand):
    help = "建立小区，带培训资料的收费标准；同一代码再来一次不变。"

    def add_arguments(self, parser):
        parser.add_argument("code")
        parser.add_argument("name")

    def handle(self, code, name, **options):
        try:
            estate = create_estate(code, name, by=User.system())
        except Refused as refusal:
            raise CommandError(refusal.sentence) from refusal
        self.stdout.write(f"{estate.slug} {estate.name}")
