"""Forms of places and tenures: what was typed → an act's clean values."""
from datetime import timedelta
from hashlib import sha256

from crispy_forms.layout import HTML, Div, Layout, Row
from django import forms

from households.entering import person_fields
from households.handing import GOES_ALONG, PAPERS, PROOFS
from households.models import Person, Unit
from households.register import FIRST_MONTH, OF_OWNERSHIP
from servicecentre.kit.fields import AreaField, DayField, MonthField, PhoneField, ReadingField, TextField
from servicecentre.kit.forms import DeskForm
from servicecentre.kit.identity import IdKind
from servicecentre.kit.money import area_text
from servicecentre.kit.refused import Refused
from servicecentre.kit.text import parse_room

ID_KINDS = [("", "按号码判断"), *IdKind.choices]


class UnitFilter(forms.Form):
    """Which units; nothing in it is personal, so it may stand in the address."""

    STATES = (("", "全部"), ("held", "有业主"), ("free", "没有业主"))

    building = forms.ModelChoiceField(label="楼栋", queryset=None, required=False, empty_label="全部")
    kind = forms.ChoiceField(label="用途", choices=[("", "全部"), *Unit.Kind.choices], required=False)
    state = forms.ChoiceField(label="状态", choices=STATES, required=False)

    def __init__(self, *args, buildings, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["building"].queryset = buildings
        for bound in self.fields.values():
            bound.widget.attrs["class"] = "form-select"

    @property
    def chosen(self):
        """The sensible part of what was asked; the rest is ignored (TRUST §4 row 29)."""
        self.is_valid()
        return {name: value for name, value in getattr(self, "cleaned_data", {}).items() if value}


class UnitForm(DeskForm):
    """A new unit with its area."""

    code = TextField(label="房号", max_length=40, help_text="如 3-2-1801、3栋2单元1801；商铺如 S01")
    kind = forms.ChoiceField(label="用途", choices=[("", "按房号判断"), *Unit.Kind.choices], required=False)
    area = AreaField(label="实测建筑面积（㎡）")
    from_month = MonthField(label="面积从哪个月起", initial=FIRST_MONTH, required=False, help_text="不知道就不改")
    basis = TextField(label="依据", max_length=80, required=False)
    trade = TextField(label="业态", max_length=40, required=False, help_text="只有商铺填")
    remark = TextField(label="备注", max_length=400, required=False)
    layout = Layout(Row("code", "kind"), Row("area", "from_month", "basis"), Row("trade", "remark"))

    def clean_code(self):
        return parse_room(self.cleaned_data["code"]).code

    def clean_from_month(self):
        return self.cleaned_data["from_month"] or FIRST_MONTH


class ChangeUnitForm(DeskForm):
    kind = forms.ChoiceField(label="用途", choices=Unit.Kind.choices, widget=forms.RadioSelect)
    trade = TextField(label="业态", max_length=40, required=False, help_text="只有商铺填")
    remark = TextField(label="备注", max_length=400, required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    layout = Layout(Row("kind", "trade"), "remark")


class AreaForm(DeskForm):
    """A re-survey from the 1st of a month on."""

    area = AreaField(label="新的建筑面积（㎡）")
    from_month = MonthField(label="从哪个月 1 日起")
    basis = TextField(label="依据", max_length=80, required=False, help_text="如 实测报告 2026-118")
    layout = Layout(Row("area", "from_month"), "basis")


class OwnersForm(DeskForm):
    """Up to three owners in the order of the contract; an owner without a name is no owner."""

    OWNERS = (1, 2, 3)
    COLUMNS = ("kind", "name", "id_kind", "id_number", "phone", "share", "legal_rep", "mail_address", "guardian", "guardian_consent")

    def __init__(self, *args, estate, **kwargs):
        super().__init__(*args, **kwargs)
        self.estate = estate
        for n in self.OWNERS:
            self._add_owner(n, required=n == 1)
        self.helper.layout = Layout(*self.lead, *(self._block(n) for n in self.OWNERS))

    lead, first = (), "业主"

    def _add_owner(self, n, required):
        add = self.fields.__setitem__
        add(f"kind_{n}", forms.ChoiceField(label="类别", choices=Person.Kind.choices, initial=Person.Kind.PERSON, widget=forms.RadioSelect,
                                           required=False))
        add(f"name_{n}", TextField(label="姓名（名称）", max_length=60, required=required))
        add(f"id_kind_{n}", forms.ChoiceField(label="证件类别", choices=ID_KINDS, required=False))
        add(f"id_number_{n}", TextField(label="证件号码", max_length=40, required=False))
        add(f"phone_{n}", PhoneField(label="电话", required=False))
        add(f"share_{n}", TextField(label="份额", max_length=20, required=False))
        add(f"legal_rep_{n}", TextField(label="法人", max_length=40, required=False))
        add(f"mail_address_{n}", TextField(label="通讯地址", max_length=120, required=False))
        add(f"guardian_{n}", TextField(label="监护人", max_length=40, required=False, help_text="业主未满 14 岁的要填"))
        add(f"guardian_consent_{n}", forms.BooleanField(label="监护人同意登记孩子的资料", required=False))
        for field in (f"name_{n}", f"id_number_{n}", f"phone_{n}"):
            self.fields[field].widget.attrs["autocomplete"] = "off"

    def _block(self, n):
        title = self.first if n == 1 else f"共有人 {n}"
        rows = (Row(f"name_{n}", f"kind_{n}", f"phone_{n}"), Row(f"id_kind_{n}", f"id_number_{n}", f"share_{n}"),
                Row(f"mail_address_{n}", f"legal_rep_{n}"), Row(f"guardian_{n}", f"guardian_consent_{n}"))
        if n == 1:
            return Div(HTML(f'<h2 class="sec-h mb-2">{title}</h2>'), *rows, css_class="mt-3")
        filled = self.is_bound and self.data.get(self.add_prefix(f"name_{n}"))
        return Div(HTML(f'<details class="mt-3"{" open" if filled else ""}><summary>{title} <span class="req">可不填</span></summary>'),
                   *rows, HTML("</details>"))

    def clean(self):
        """Each owner by itself; whether somebody is known already is the act's to ask."""
        for n in self.OWNERS:
            owner = self._owner(n)
            if not owner["name"]:
                if any(owner[c] for c in ("id_number", "phone", "share")):
                    self.add_error(f"name_{n}", "请填写姓名")
                continue
            if not self.has_error(f"name_{n}"):
                self._check(owner, n)
        return self.cleaned_data

    def _check(self, owner, n):
        try:
            person_fields(self.estate, suffix=f"_{n}", **{k: v for k, v in owner.items() if k not in OF_OWNERSHIP})
        except Refused as refusal:
            self.refuse(refusal)

    def _owner(self, n):
        return {column: self.cleaned_data.get(f"{column}_{n}") or "" for column in self.COLUMNS}

    def act_fields(self):
        per_owner = {f"{column}_{n}" for n in self.OWNERS for column in self.COLUMNS}
        fields = {k: v for k, v in super().act_fields().items() if k not in per_owner}
        return fields | {"owners": [owner for n in self.OWNERS if (owner := self._owner(n))["name"]]}


class OpenHouseholdForm(OwnersForm):
    """The first day and the owners of a unit that nobody holds."""

    starts_on = DayField(label="交付日（从哪天起）", help_text="物业管理服务费从这天起算")
    remark = TextField(label="备注", max_length=400, required=False)
    lead = (Row("starts_on", "remark"),)


class ChangeOwnerForm(OwnersForm):
    """The seller's last day, papers seen, meters read, what goes along, and the buyers."""

    last_day = DayField(label="原业主最后一天", help_text="新业主从次日起交费")
    basis = TextField(label="凭什么", max_length=80, required=False, help_text="如 不动产权证书，11-20 登记")
    seller_phone = PhoneField(label="原业主以后的电话", required=False, help_text="退钱、寄信用")
    papers = forms.MultipleChoiceField(label="看过的资料", choices=PAPERS, widget=forms.CheckboxSelectMultiple,
                                       error_messages={"required": "请勾看过的资料"})
    water = ReadingField(label="水表读数", required=False)
    power = ReadingField(label="电表读数", required=False)
    gas = ReadingField(label="气表读数", required=False)
    taken_over = forms.MultipleChoiceField(label="跟着房子转的", choices=GOES_ALONG, required=False, widget=forms.CheckboxSelectMultiple,
                                           help_text="双方都签字才转；不勾就不转")
    taken_words = TextField(label="怎么转", max_length=120, required=False)
    shown = forms.IntegerField(widget=forms.HiddenInput, required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    seller_signed = forms.BooleanField(label="卖方已签字", required=False)
    buyer_signed = forms.BooleanField(label="买方已签字", required=False)
    no_id = TextField(label="新业主没有证件号码的原因", max_length=60, required=False, help_text="每位都填了证件号码就不用写；如 证件在办，下周补")
    lead = (Row("last_day", "basis", "seller_phone"), "papers", "no_id", Row("water", "power", "gas"), "taken_over",
            Row("taken_words", "seller_signed", "buyer_signed"))
    first = "新业主"
    METERS = ("water", "power", "gas")

    def clean(self):
        """A proof of the transfer, each buyer's ID or why not; then what ``summary`` says must have been seen as it stands."""
        clean = super().clean()
        if clean.get("papers") and not PROOFS & set(clean["papers"]):
            self.add_error("papers", "至少看一样产权转移的凭据：不动产权证书、买卖合同，或继承公证、判决")
        without = [n for n in self.OWNERS if clean.get(f"name_{n}") and not clean.get(f"id_number_{n}") and not self.has_error(f"id_number_{n}")]
        if without and not clean.get("no_id") and not self.has_error("no_id"):
            self.add_error(f"id_number_{without[0]}", "填证件号码；没有的，在上面写原因")
        for side in ("seller_signed", "buyer_signed"):
            if clean.get("taken_over") and not clean.get(side):
                self.add_error(side, "勾了随房转的，双方都签字才转")
        typed = {name: value for name, value in clean.items() if name not in ("request_key", "despite")}
        self.digest = sha256(repr(sorted(typed.items())).encode()).hexdigest()[:32]
        return clean

    @property
    def confirmed(self):
        """Was the summary of just this shown before the button was pressed?"""
        return self.is_valid() and self.data.get("seen") == self.digest

    def summary(self, unit, seller):
        """[(what, in words)] of what the button does, for beside it."""
        clean, labels, along = self.cleaned_data, dict(PAPERS), dict(GOES_ALONG)
        names = "、".join(owner["name"] for owner in self.act_fields()["owners"])
        meters = [f"{self.fields[kind].label.removesuffix('表读数')} {area_text(clean[kind])}" for kind in self.METERS if clean[kind] is not None]
        return [("原业主", f"{seller.owner_names}，到 {clean['last_day']} 为止；以后只看不改，欠费仍是原业主的"),
                ("新业主", f"{names}，{clean['last_day'] + timedelta(days=1)} 起交费"),
                ("看过", "、".join(labels[code] for code in clean["papers"])),
                ("新业主证件", f"没有看全：{clean['no_id']}" if clean["no_id"] else "都填了"),
                ("抄表", "，".join(meters) or "没有抄，结算单上就没有读数"),
                ("随房转", f"{'、'.join(along[code] for code in clean['taken_over'])}，双方都签了" if clean["taken_over"] else "没有")]

    def act_fields(self):
        fields = super().act_fields()
        return fields | {"readings": {kind: value for kind in self.METERS if (value := fields.pop(kind)) is not None}}


class RemarkForm(DeskForm):
    remark = TextField(label="备注", max_length=400, required=False, help_text="写办事要知道的，如「老人在家，先打电话」；会一直显示在这一户上面")
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    layout = Layout("remark")


class UndoSaleForm(DeskForm):
    reason = TextField(label="为什么撤回", max_length=80, help_text="如 办到了别的房，还没有过户")
    layout = Layout("reason")
