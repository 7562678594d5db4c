"""Who may do what, by default: act or page → what it is called, which roles have it (DOMAIN §14). Strings only."""
from typing import NamedTuple

from django.db.models import TextChoices


class Role(TextChoices):
    CLERK = "clerk", "前台客服"
    MANAGER = "manager", "客服主管"
    ENGINEER = "engineer", "工程"
    GUARD = "guard", "秩序员"
    FINANCE = "finance", "财务"
    ADMINISTRATOR = "administrator", "系统管理员"


CLERK, MANAGER, ENGINEER, GUARD, FINANCE, ADMINISTRATOR = Role


class Right(NamedTuple):
    label: str
    roles: frozenset


def _to(label, *roles):
    return Right(label, frozenset(roles))


RIGHTS = {
    "desk.view_home": _to("前台首页", *Role),
    "desk.view_looks": _to("查看「谁看过什么」", MANAGER, ADMINISTRATOR),
    "desk.view_data_requests": _to("查看个人信息申请", CLERK, MANAGER),
    "desk.receive_data_request": _to("受理个人信息申请", CLERK, MANAGER),
    "desk.decide_data_request": _to("决定个人信息申请", MANAGER),
    "desk.answer_data_request": _to("答复个人信息申请", CLERK, MANAGER),
    "desk.view_retention": _to("查看到期清理", MANAGER, ADMINISTRATOR),
    "desk.propose_retention": _to("提出到期清理", MANAGER),
    "desk.sign_retention": _to("签字并清理到期资料", MANAGER, ADMINISTRATOR),
    "desk.search": _to("查找住户", CLERK, MANAGER, FINANCE),
    "desk.view_estate": _to("小区概况", *Role),
    "desk.change_estate": _to("修改小区概况", MANAGER, ADMINISTRATOR),
    "desk.change_phones": _to("登记服务电话和应急电话", MANAGER, ADMINISTRATOR),
    "desk.view_settings": _to("查看规矩", MANAGER, ADMINISTRATOR),
    "desk.change_setting": _to("改规矩", MANAGER, ADMINISTRATOR),
    "desk.view_calendar": _to("查看节假日", MANAGER, ADMINISTRATOR),
    "desk.change_calendar": _to("登记节假日", MANAGER, ADMINISTRATOR),
    "desk.view_departments": _to("查看部门", MANAGER, ADMINISTRATOR),
    "desk.change_departments": _to("登记部门", MANAGER, ADMINISTRATOR),
    "desk.view_contractors": _to("查看施工单位", CLERK, MANAGER, ENGINEER, ADMINISTRATOR),
    "desk.change_contractors": _to("登记施工单位", MANAGER, ADMINISTRATOR),
    "worklog.view_day": _to("查看工作日志", CLERK, MANAGER, FINANCE, ADMINISTRATOR),
    "worklog.make_remark": _to("写工作日志", CLERK, MANAGER),
    "worklog.correct_remark": _to("更正工作日志", CLERK, MANAGER),
    "worklog.see_entries": _to("审阅工作日志", MANAGER),
    "worklog.comment_entry": _to("批注、交办", MANAGER),
    "desk.seal_day": _to("封存工作日志", MANAGER),
    "worklog.make_promise": _to("登记承诺", CLERK, MANAGER),
    "worklog.keep_promise": _to("承诺办完", CLERK, MANAGER),
    "worklog.move_promise": _to("承诺改期", CLERK, MANAGER),
    "files.view_file": _to("查看附件（各附件另有自己的查看权限）", *Role),
    "files.attach_file": _to("添加附件", CLERK, MANAGER),
    "files.reveal_scan": _to("查看证件影像", CLERK, MANAGER),
    "files.remove_file": _to("删去附件", MANAGER),
    "jobs.view_job": _to("查看后台任务", CLERK, MANAGER, FINANCE, ADMINISTRATOR),
    "papers.view_paper": _to("查看单据", CLERK, MANAGER, FINANCE, ADMINISTRATOR),
    "papers.reprint_paper": _to("补打单据", CLERK, MANAGER, FINANCE),
    "papers.view_batches": _to("查看批量打印", CLERK, MANAGER, FINANCE),
    "papers.print_batch": _to("批量打印单据", CLERK, MANAGER, FINANCE),
    "papers.view_printers": _to("打印设置和测试页", CLERK, MANAGER, FINANCE, ADMINISTRATOR),
    "papers.add_computer": _to("登记电脑", CLERK, MANAGER, FINANCE, ADMINISTRATOR),
    "papers.set_computer": _to("改打印设置", CLERK, MANAGER, FINANCE, ADMINISTRATOR),
    "papers.confirm_fit": _to("确认打印对上", CLERK, MANAGER, FINANCE, ADMINISTRATOR),
    "papers.void_alone": _to("单据作废（没有牵连的）", MANAGER),
    "papers.view_numbers": _to("查看单据号码", CLERK, MANAGER, FINANCE, ADMINISTRATOR),
    "households.view_register": _to("查看房屋和住户", CLERK, MANAGER, FINANCE),
    "households.view_household": _to("查看户档案", CLERK, MANAGER, FINANCE),
    "households.add_unit": _to("登记房屋", CLERK, MANAGER),
    "households.change_unit": _to("修改房屋", MANAGER),
    "households.open_household": _to("登记业主入住", CLERK, MANAGER),
    "households.change_household": _to("修改户资料", CLERK, MANAGER),
    "households.change_person": _to("修改人员资料", CLERK, MANAGER),
    "households.change_owner": _to("变更业主", CLERK, MANAGER),
    "households.set_use": _to("登记使用情况", CLERK, MANAGER),
    "households.take_letter": _to("收委托书", CLERK, MANAGER),
    "households.correct_first_day": _to("更正业主起日", MANAGER),
    "households.view_history": _to("查看资料变更", CLERK, MANAGER, FINANCE),
    "households.reveal_identity": _to("显示证件号码", CLERK, MANAGER),
    "households.import_register": _to("导入登记表", CLERK, MANAGER, ADMINISTRATOR),
    "billing.view_account": _to("查看账目", CLERK, MANAGER, FINANCE),
    "billing.collect_payment": _to("收款", CLERK),
    "billing.use_credit": _to("用预存抵费用", CLERK),
    "billing.ask_void": _to("申请作废收据", CLERK, MANAGER),
    "billing.view_voids": _to("查看收据作废", CLERK, MANAGER, FINANCE, ADMINISTRATOR),
    "billing.void_receipt": _to("收据作废(冲红)", MANAGER, ADMINISTRATOR),
    "billing.refuse_void": _to("不批准收据作废", MANAGER, ADMINISTRATOR),
    "billing.view_payments": _to("查看收款流水", CLERK, MANAGER, FINANCE, ADMINISTRATOR),
    "billing.view_tariff": _to("查看收费标准", CLERK, MANAGER, FINANCE),
    "billing.change_price": _to("调整收费标准", MANAGER),
    "billing.withdraw_price": _to("撤回收费标准", MANAGER),
    "billing.view_fee_kinds": _to("查看收费项目", MANAGER, ADMINISTRATOR),
    "billing.change_fee_kinds": _to("登记收费项目", MANAGER, ADMINISTRATOR),
    "billing.view_run": _to("出账预览", MANAGER, FINANCE),
    "billing.bill_month": _to("按月出账", MANAGER),
    "billing.undo_run": _to("撤销出账", MANAGER),
    "billing.mend_line": _to("更正账单", MANAGER),
}
