"""How this estate bills: the settings of DOMAIN §13 that are about money, each with its mark."""
from django.db import models
from django.db.models import F, Q

from servicecentre.estates.models import Mark, Policy, Setting

SEED, PRACTICE, UNSET = Mark.SEED, Mark.PRACTICE, Mark.UNSET


class BillingPolicy(Policy):
    """How this estate bills (DOMAIN §13)."""

    class FirstMonth(models.TextChoices):
        BY_DAY = "by_day", "按天"
        HALF_MONTH = "half_month", "15 日前交付收半月，以后不收"
        HALF_OR_WHOLE = "half_or_whole", "15 日前交付收整月，以后收半月"
        WHOLE_MONTH = "whole_month", "收整月"
        NEXT_MONTH = "next_month", "从下月起"

    class LastMonth(models.TextChoices):
        BY_DAY = "by_day", "按天"
        WHOLE_MONTH = "whole_month", "收整月"

    class SpellFrom(models.TextChoices):
        PROVEN = "proven", "证明的空置日"
        APPLICATION = "application", "申请日"

    class Reduces(models.TextChoices):
        AFTER_SIX = "after_six", "满了以后的月份"
        WHOLE_SPELL = "whole_spell", "整段空置"

    class Over12h(models.TextChoices):
        BY_HAND = "by_hand", "没定，手工填"
        EACH_12H = "each_12h", "每多 12 小时再收一次，不足也算"
        EACH_24H = "each_24h", "每多 24 小时再收一次，不足也算"

    due_day = models.PositiveSmallIntegerField("每月缴费日", default=5)
    due_moves = models.BooleanField("缴费日遇节假日", default=False)
    first_days = models.PositiveSmallIntegerField("首期最少留几天", default=7)
    same_again_minutes = models.PositiveSmallIntegerField("同额重复收款提醒", default=10)    # TRUST 2
    first_month = models.CharField("首月怎么算", max_length=15, choices=FirstMonth.choices, default=FirstMonth.BY_DAY)
    last_month = models.CharField("末月怎么算", max_length=15, choices=LastMonth.choices, default=LastMonth.BY_DAY)
    bill_developer = models.BooleanField("没交付的房屋", default=False)
    year_discount = models.PositiveSmallIntegerField("一次缴清全年优惠", default=0)
    year_free_months = models.PositiveSmallIntegerField("一次缴清全年免几个月", default=0, db_default=0)
    year_discount_from = models.DateField("全年优惠从哪天起", null=True)
    year_discount_to = models.DateField("全年优惠到哪天", null=True)
    late_rate = models.PositiveSmallIntegerField("违约金每天万分之几", default=0)
    late_grace = models.PositiveSmallIntegerField("违约金宽限", default=0)
    late_cap = models.PositiveSmallIntegerField("违约金最多", default=100)
    reminder_first = models.PositiveSmallIntegerField("第一次催缴", default=20)
    reminder_second = models.PositiveSmallIntegerField("第二次催缴", default=50)
    reminder_final = models.PositiveSmallIntegerField("最后一次催缴", default=80)
    final_days = models.PositiveSmallIntegerField("最后催缴限", default=15)
    months_ahead_max = models.PositiveSmallIntegerField("最多预交几个月", default=12)
    vacancy_months = models.PositiveSmallIntegerField("空置满几个月打折", default=6)
    vacancy_percent = models.PositiveSmallIntegerField("空置收百分之几", default=70)
    vacancy_spell_from = models.CharField("空置从哪天数", max_length=12, choices=SpellFrom.choices, default=SpellFrom.PROVEN)
    vacancy_reduces = models.CharField("空置折扣给哪些月", max_length=12, choices=Reduces.choices, default=Reduces.AFTER_SIX)
    vacancy_water = models.PositiveSmallIntegerField("空置月用水不超过", default=1)
    vacancy_power = models.PositiveSmallIntegerField("空置月用电不超过", default=10)
    vacancy_needs_no_arrears = models.BooleanField("有欠费能不能办空置", default=False)
    vacancy_for_shops = models.BooleanField("商铺空置打折", default=False)
    shared_prepay = models.BigIntegerField("公摊预存", default=500_00)
    shared_prepay_shops = models.BooleanField("商铺也要预存公摊", default=True)
    low_balance = models.BigIntegerField("公摊预存提醒线", default=100_00)
    parking_over_12h = models.CharField("临停超过 12 小时", max_length=10, choices=Over12h.choices, default=Over12h.BY_HAND)
    parking_free_kinds = models.CharField("临停免费的车", max_length=200, default="执行任务的警车、消防车、救护车、抢险车；为住户送货、安装、维修、搬家的车")
    parking_cap = models.BigIntegerField("临停一次最多收", default=0, db_default=0)
    parking_gates = models.CharField("门岗", max_length=100, default="大门", db_default="大门")

    title = "收费"
    settings = (
        Setting("due_day", SEED, "这天前缴，次日起逾期；改了从以后出的账起", "日", least=1, most=28),
        Setting("due_moves", PRACTICE, "照「节假日」页；没载入的年份只跳过周六、周日", yes_no=("不顺延", "顺延到下一个工作日")),
        Setting("first_days", PRACTICE, "新业主的第一笔，最早在起算日后这么多天到期", "天", most=90),
        Setting("same_again_minutes", PRACTICE, "这么久内同一户又收同样的金额，收款前先提醒", "分钟", most=1440),
        Setting("first_month", PRACTICE, "交付日到月底；以后出的账照新的办法，出过的不变"),
        Setting("last_month", PRACTICE, "只说最后一任的末月；业主之间过户总是按天"),
        Setting("months_ahead_max", PRACTICE, "收费时，交款人自己愿意预交", "个月", least=1, most=12),
        Setting("year_discount", PRACTICE, "一次预交 12 个月，少收百分之几；0 就是没有优惠。退回的月没有优惠", "%", most=50),
        Setting("year_free_months", PRACTICE, "一次预交 12 个月，最后几个月免收；0 就是没有。和百分之几只用一样，退回的月没有优惠", "个月", most=6),
        Setting("year_discount_from", PRACTICE, "这天起收的才优惠，每户一样"),
        Setting("year_discount_to", PRACTICE, "这天以后收的没有优惠，收费页上写明到哪天"),
        Setting("bill_developer", Mark.LAW, "条例第 41 条：没交付的由建设单位交；先要登记建设单位那一户和竣工日期",
                yes_no=("不出账，列出来", "出给建设单位")),
        Setting("late_rate", PRACTICE, "按欠费算，不计复利；0 就是不收", most=10, used=False),
        Setting("late_grace", PRACTICE, "逾期这么多天后才算", "天", most=365, used=False),
        Setting("late_cap", PRACTICE, "不超过欠费的百分之几", "%", most=100, used=False),
        Setting("reminder_first", PRACTICE, "逾期这么多天，话说得客气", "天", least=1, most=365, used=False),
        Setting("reminder_second", PRACTICE, "逾期这么多天，上门或打电话", "天", least=1, most=365, used=False),
        Setting("reminder_final", PRACTICE, "逾期这么多天", "天", least=1, most=365, used=False),
        Setting("final_days", PRACTICE, "最后一次催缴后，再给这么多天", "天", least=1, most=90, used=False),
        Setting("vacancy_months", SEED, "连续空置满这么久，业主申请", "个月", least=1, most=24),
        Setting("vacancy_percent", SEED, "收物业管理服务费的百分之几，不是减百分之几", "%", most=100),
        Setting("vacancy_spell_from", PRACTICE, "资料没写从哪天数"),
        Setting("vacancy_reduces", PRACTICE, "满月数以后的月份，或者整段都退"),
        Setting("vacancy_water", PRACTICE, "超过就不算空置", "吨"),
        Setting("vacancy_power", PRACTICE, "超过就不算空置", "度"),
        Setting("vacancy_needs_no_arrears", PRACTICE, "欠费不影响申请空置", yes_no=("能办", "不能办")),
        Setting("vacancy_for_shops", PRACTICE, "商业管理服务费", yes_no=("不打", "打")),
        Setting("shared_prepay", SEED, "每户预存，按实际面积分摊", "元", most=1_000_000),
        Setting("shared_prepay_shops", PRACTICE, "商铺和住宅一样预存", yes_no=("不要", "要")),
        Setting("low_balance", PRACTICE, "余额低于这条线就提醒住户", "元", most=1_000_000),
        Setting("parking_over_12h", UNSET, "资料没写超过 12 小时怎么收；没定就手工填，写原因"),
        Setting("parking_cap", PRACTICE, "一次停车的封顶；0 就是不封顶", "元", most=10_000_00),
        Setting("parking_free_kinds", PRACTICE, "门岗放行时可选，几种之间用分号隔开"),
        Setting("parking_gates", PRACTICE, "临停从哪里进出，几个之间用分号隔开"))

    class Meta:
        verbose_name = verbose_name_plural = "收费规矩"
        constraints = [
            models.CheckConstraint(condition=Q(due_day__gte=1, due_day__lte=28), name="due_day_exists_every_month",
                                   violation_error_message="应缴日填 1 到 28。"),
            models.CheckConstraint(condition=Q(vacancy_percent__lte=100, vacancy_months__gte=1, months_ahead_max__gte=1, months_ahead_max__lte=12,
                                               shared_prepay__gte=0, low_balance__gte=0), name="billing_rules_within_reason",
                                   violation_error_message="收费规矩里有一个数不在范围内。"),
            models.CheckConstraint(condition=Q(year_discount=0) | Q(year_free_months=0), name="year_discount_goes_one_way",
                                   violation_error_message="全年优惠不是减百分之几，就是免几个月：先把另一样改成 0。"),
            models.CheckConstraint(condition=Q(year_discount_from=None) | Q(year_discount_to=None) | Q(year_discount_to__gte=F("year_discount_from")),
                                   name="year_discount_ends_after_it_begins", violation_error_message="全年优惠的截止日不能早于开始日。")]
