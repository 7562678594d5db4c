"""Input of vacancies: the application with its proof, the decision, a month's check, the end."""
from crispy_forms.layout import Field, Layout, Row
from django import forms

from billing.models import VacancyApplication, VacancyCheck
from servicecentre.files.forms import FilesMixin
from servicecentre.kit.fields import DayField, MonthField, ReadingField, TextField
from servicecentre.kit.forms import DeskForm
from servicecentre.kit.periods import BillingMonth, today

SIGNS = [(word, word) for word in ("没有住人迹象", "门口有快递", "灯亮", "有装修声", "有晾晒")]
QUIET = SIGNS[0][0]


class ApplyForm(FilesMixin, DeskForm):
    applied_on = DayField(label="申请日", initial=today)
    spell_from = DayField(label="从哪天起一直空着", help_text="不能早于这一任业主的起日")
    proof = forms.ChoiceField(label="凭什么", choices=VacancyApplication.Proof.choices)
    planned_to = DayField(label="打算空到", required=False)
    reason = forms.ChoiceField(label="为什么空着", choices=VacancyApplication.Reason.choices)
    contact = TextField(label="漏水找谁", max_length=60, help_text="姓名、关系、电话")
    key_left = forms.BooleanField(label="留钥匙在服务中心", required=False)
    water_start = ReadingField(label="水表，起始日（吨）", required=False)
    water_now = ReadingField(label="水表，申请日（吨）", required=False)
    power_start = ReadingField(label="电表，起始日（度）", required=False)
    power_now = ReadingField(label="电表，申请日（度）", required=False)
    gas_start = ReadingField(label="燃气表，起始日（方）", required=False)
    gas_now = ReadingField(label="燃气表，申请日（方）", required=False)
    words = TextField(label="备注", max_length=100, required=False)
    letter = forms.TypedChoiceField(label="委托书（代办才要）", coerce=int, required=False, empty_value=None)
    statement = forms.BooleanField(label="业主声明：没住、没租、没装修，以后有人住或装修当天告诉前台",
                                   error_messages={"required": "业主没有声明，不能登记申请。"})
    layout = Layout(Row("applied_on", "spell_from", "proof", "planned_to"), Row("reason", "contact", "words", "letter"),
                    Row("water_start", "water_now", "power_start", "power_now"), Row("gas_start", "gas_now"), "key_left", "files", "statement")

    def __init__(self, *args, letters, **kwargs):
        super().__init__(*args, **kwargs)
        self.letters = {letter.pk: letter for letter in letters}
        self.fields["letter"].choices = [("", "业主本人"), *((letter.pk, f"{letter.agent.name}，{letter.matter_words}") for letter in letters)]

    def clean_letter(self):
        return self.letters.get(self.cleaned_data["letter"])


class ApproveForm(DeskForm):
    approved_from = MonthField(label="从哪个月")
    approved_to = MonthField(label="到哪个月")
    version = forms.IntegerField(widget=forms.HiddenInput)
    layout = Layout(Row("approved_from", "approved_to"), "version")


class RefuseForm(DeskForm):
    refusal = TextField(label="为什么不批", max_length=100)
    layout = Layout("refusal")


class ExtendForm(DeskForm):
    approved_to = MonthField(label="延长到哪个月")
    words = TextField(label="依据", max_length=100, help_text="业主哪天来申请延长的")
    version = forms.IntegerField(widget=forms.HiddenInput)
    layout = Layout(Row("approved_to", "words"), "version")


class EndForm(DeskForm):
    ended_on = DayField(label="从哪天起不再空置", initial=today)
    why = forms.ChoiceField(label="原因", choices=VacancyApplication.Why.choices)
    words = TextField(label="说明", max_length=100, required=False)
    version = forms.IntegerField(widget=forms.HiddenInput)
    layout = Layout(Row("ended_on", "why"), "words", "version")


class UndoEndForm(DeskForm):
    reason = TextField(label="结束错在哪里", max_length=60)
    version = forms.IntegerField(widget=forms.HiddenInput)
    layout = Layout("reason", "version")


class CheckForm(FilesMixin, DeskForm):
    """One month of one spell; what was seen at the door says whether somebody lives there."""

    month = forms.ChoiceField(label="核哪个月")
    on = DayField(label="核查日", initial=today)
    water = ReadingField(label="水表（吨）", required=False)
    power = ReadingField(label="电表（度）", required=False)
    gas = ReadingField(label="燃气表（方）", required=False)
    kind = forms.ChoiceField(label="怎么核", choices=VacancyCheck.Kind.choices, widget=forms.RadioSelect, help_text="表箱锁着、抄不到的，选现场查看")
    signs = forms.MultipleChoiceField(label="看到什么", choices=SIGNS, required=False, widget=forms.CheckboxSelectMultiple)
    use_found = forms.BooleanField(label="看得出有人在用", required=False)
    words = TextField(label="说明", max_length=100, required=False)
    layout = Layout(Row("month", "on"), "kind", Row("water", "power", "gas"), Field("signs"), "use_found", "words", "files")

    def __init__(self, *args, months, last, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["month"].choices = [(str(month), month.label) for month in months]
        for meter in ("water", "power", "gas"):
            if row := last.get(meter):
                self.fields[meter].help_text = f"上次 {row.on:%m-%d} {self.fields[meter].show(row.reading)}"

    def clean_month(self):
        return BillingMonth.parse(self.cleaned_data["month"])

    def clean(self):
        super().clean()
        if QUIET in self.cleaned_data.get("signs", ()) and self.cleaned_data.get("use_found"):
            self.add_error("signs", "勾了没有住人迹象，就不要再勾有人在用。")

    def clean_signs(self):
        return "、".join(self.cleaned_data["signs"])


class WithdrawForm(DeskForm):
    reason = TextField(label="为什么撤回", max_length=60)
    layout = Layout("reason")
