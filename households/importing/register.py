"""The register as a kind of list: how it is read, planned, applied and taken back."""
from .applying import import_register
from .kinds import ListKind
from .labels import REGISTER
from .planning import plan
from .reading import read_register
from .undoing import undo_register

LIST = ListKind(code="register", label="登记表", counted="套", right="households.import_register", words=REGISTER, read=read_register, plan=plan,
                apply=import_register, undo=undo_register, upload_page="households:import", leads_to="households:units", leads_words="看房屋住户",
                asks="表头在哪一行、列怎么排都可以；同一个文件再传不会重复登记。")
