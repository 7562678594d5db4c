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
    "desk.view_account": _to("自己的账号", *Role),
    "desk.lock": _to("锁屏、解锁、换人", *Role),
    "desk.view_users": _to("查看人员和岗位", MANAGER, ADMINISTRATOR),
    "desk.view_rights": _to("查看角色权限", MANAGER, ADMINISTRATOR),
    "desk.add_user": _to("加人", ADMINISTRATOR),
    "desk.change_user": _to("修改人员姓名、手机", ADMINISTRATOR),
    "desk.give_post": _to("给岗位", ADMINISTRATOR),
    "desk.end_post": _to("结束岗位", ADMINISTRATOR),
    "desk.arrange_cover": _to("安排和取消替班", MANAGER, ADMINISTRATOR),
    "desk.reset_password": _to("重设别人的密码", MANAGER, ADMINISTRATOR),
    "desk.deactivate_user": _to("停用、恢复账号", ADMINISTRATOR),
    "desk.end_sessions": _to("让别人的登录都退出", MANAGER, ADMINISTRATOR),
    "desk.reset_second_factor": _to("取消别人的第二道验证", ADMINISTRATOR),
    "desk.view_home": _to("首页", *Role),
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
    "papers.view_phrases": _to("查看话术和手册", CLERK, MANAGER, ADMINISTRATOR),
    "papers.reword": _to("改话术、手册和单据文字", MANAGER, ADMINISTRATOR),
    "papers.withdraw_text": _to("停用话术和手册", MANAGER, ADMINISTRATOR),
    "papers.view_editions": _to("查看文字的版本", MANAGER, ADMINISTRATOR),
    "households.view_register": _to("查看房屋和住户", CLERK, MANAGER, FINANCE),
    "households.view_household": _to("查看户档案", CLERK, MANAGER, FINANCE),
    "households.add_unit": _to("登记房屋", CLERK, MANAGER),
    "households.change_unit": _to("修改房屋", MANAGER),
    "households.open_household": _to("登记业主入住", CLERK, MANAGER),
    "households.change_household": _to("修改户资料", CLERK, MANAGER),
    "households.change_person": _to("修改人员资料", CLERK, MANAGER),
    "households.change_owner": _to("变更业主", CLERK, MANAGER),
    "households.undo_sale": _to("撤回变更业主", MANAGER),
    "households.set_use": _to("登记使用情况", CLERK, MANAGER),
    "households.take_letter": _to("收委托书", CLERK, MANAGER),
    "households.correct_first_day": _to("更正业主起日", MANAGER),
    "households.view_history": _to("查看资料变更", CLERK, MANAGER, FINANCE),
    "households.reveal_identity": _to("显示证件号码", CLERK, MANAGER),
    "households.import_register": _to("导入登记表", CLERK, MANAGER, ADMINISTRATOR),
    "households.view_import": _to("查看导入的名单（各种名单另有自己的权限）", CLERK, MANAGER, ADMINISTRATOR),
    "households.undo_import": _to("撤销导入", MANAGER),
    "households.enter_developer": _to("登记建设单位", MANAGER, ADMINISTRATOR),
    "households.export_register": _to("导出登记表", MANAGER),
    "tickets.view_notices": _to("查看通知", *Role),
    "tickets.post_notice": _to("张贴通知", CLERK, MANAGER, ENGINEER),
    "tickets.extend_notice": _to("通知延时", CLERK, MANAGER, ENGINEER),
    "tickets.take_down_notice": _to("撤下通知", CLERK, MANAGER, ENGINEER),
    "tickets.print_notice": _to("打印通知", CLERK, MANAGER, ENGINEER),
    "billing.import_arrears": _to("导入历史欠费", MANAGER),
    "billing.export_charges": _to("导出应收", MANAGER, FINANCE),
    "billing.view_account": _to("查看账目", CLERK, MANAGER, FINANCE),
    "billing.collect_payment": _to("收款", CLERK),
    "billing.use_credit": _to("用预存抵费用", CLERK),
    "billing.ask_void": _to("申请作废收据", CLERK, MANAGER),
    "billing.view_voids": _to("查看收据作废", CLERK, MANAGER, FINANCE, ADMINISTRATOR),
    "billing.void_receipt": _to("收据作废（冲红）", MANAGER, ADMINISTRATOR),
    "billing.refuse_void": _to("不批准收据作废", MANAGER, ADMINISTRATOR),
    "billing.export_money": _to("导出收款、作废、退款、减免", MANAGER, FINANCE),
    "billing.export_statement": _to("导出对账单", CLERK, MANAGER, FINANCE),
    "billing.view_refunds": _to("查看审批、退款和减免", CLERK, MANAGER, FINANCE, ADMINISTRATOR),
    "billing.ask_refund": _to("申请退款", CLERK, MANAGER),
    "billing.approve_refund": _to("批准退款", MANAGER, ADMINISTRATOR),
    "billing.refuse_refund": _to("不批准退款", MANAGER, ADMINISTRATOR),
    "billing.withdraw_refund": _to("撤回退款申请", CLERK, MANAGER),
    "billing.pay_refund": _to("付退款", FINANCE),
    "billing.bounce_refund": _to("登记退款被银行退回", FINANCE),
    "billing.ask_waiver": _to("申请减免", CLERK, MANAGER),
    "billing.waive_charge": _to("批准减免", MANAGER, ADMINISTRATOR),
    "billing.refuse_waiver": _to("不批准减免", MANAGER, ADMINISTRATOR),
    "billing.void_and_rebill": _to("账单作废重出", MANAGER),
    "billing.view_petty_cash": _to("查看备用金", MANAGER, FINANCE),
    "billing.top_up_petty_cash": _to("补入备用金", FINANCE),
    "billing.count_petty_cash": _to("点备用金", FINANCE),
    "billing.reverse_petty_cash": _to("冲回备用金的补入、差额", FINANCE),
    "billing.view_gate": _to("临停页", GUARD, ENGINEER, CLERK, MANAGER),
    "billing.enter_visit": _to("临停进场", GUARD, ENGINEER, CLERK),
    "billing.leave_visit": _to("临停出场收费", GUARD, ENGINEER, CLERK),
    "billing.leave_without_entry": _to("没有进场记录的出场", GUARD, ENGINEER, CLERK),
    "billing.view_visits": _to("查看临停记录", GUARD, ENGINEER, CLERK, MANAGER, FINANCE),
    "billing.view_visit_takings": _to("查看门岗收款", MANAGER, FINANCE),
    "billing.void_visit_fee": _to("冲回临停费", MANAGER),
    "billing.export_visits": _to("导出临停", MANAGER, FINANCE),
    "billing.view_common_income": _to("查看公共收益", CLERK, MANAGER, FINANCE),
    "billing.add_common_cost": _to("登记公共收益支出", MANAGER),
    "billing.void_common_cost": _to("作废公共收益支出", MANAGER),
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

# Acts that ask for the PIN again when it was last said some minutes ago; a clerk's own use of them does not (TRUST T2).
CONFIRMED = frozenset({
    "billing.void_visit_fee", "billing.export_visits", "billing.add_common_cost", "billing.void_common_cost",
    "billing.void_receipt", "billing.refuse_void", "billing.change_price", "billing.withdraw_price", "billing.bill_month", "billing.undo_run",
    "billing.mend_line", "billing.approve_refund", "billing.refuse_refund", "billing.pay_refund", "billing.waive_charge", "billing.refuse_waiver",
    "billing.void_and_rebill", "billing.export_money", "households.reveal_identity", "desk.add_user", "desk.give_post", "desk.end_post", "desk.arrange_cover",
    "desk.reset_password", "desk.deactivate_user", "desk.end_sessions", "desk.reset_second_factor",
    "desk.change_setting", "desk.propose_retention", "desk.sign_retention", "desk.seal_day", "desk.decide_data_request", "files.reveal_scan",
    "files.remove_file", "papers.void_alone", "households.export_register", "households.undo_import", "households.undo_sale",
    "billing.export_charges"})

# What the rights table says beside the ticks: rights with a condition that a tick alone would hide (DOMAIN §2, §8).
CONDITIONS = {
    "billing.ask_void": "另一人批",
    "billing.void_receipt": "不批自己的",
    "billing.refuse_void": "不批自己的",
    "billing.ask_refund": "另一人批，财务付",
    "billing.approve_refund": "不批自己的",
    "billing.refuse_refund": "不批自己的",
    "billing.pay_refund": "不付自己申请的",
    "billing.ask_waiver": "另一人批",
    "billing.waive_charge": "不批自己的",
    "billing.refuse_waiver": "不批自己的",
    "households.reveal_identity": "写原因",
    "billing.void_visit_fee": "不冲自己收的",
    "desk.arrange_cover": "主管只限前台、工程、秩序",
    "desk.reset_password": "主管只限前台、工程、秩序",
    "desk.end_sessions": "主管只限前台、工程、秩序",
}
AREAS = {"billing": "钱", "households": "房屋和人", "tickets": "通知", "papers": "单据", "worklog": "日志和承诺", "jobs": "后台任务", "desk": "前台和人员",
         "files": "附件", "estates": "小区"}
BELOW_MANAGER = frozenset({CLERK, ENGINEER, GUARD})      # whom a manager may let stand in, and whose password a manager may reset

# The table in plain words (DOMAIN §14).
IN_WORDS = {
    CLERK: "登记房屋、住户和来访，收费、开收据，记日志和承诺，申请作废收据。自己申请的自己批不了；看证件全号要写原因。",
    MANAGER: "批准作废，调价，按月出账和撤销，处理例外，看每天的日志。可以安排替班、给前台重设密码；不收款。",
    ENGINEER: "工程的事：报修、验房、巡查、抄表，张贴停水停电的通知；替门岗时办临停。不看欠费，不看住户登记。",
    GUARD: "门岗的事：放行、临时停车、来访、巡查。只看姓、物品和车牌，不看欠费，不看住户登记。",
    FINANCE: "付退款和押金，月结，管发票登记，看账目和收款流水。从不收款。",
    ADMINISTRATOR: "管人员、岗位、设置和文字；只有一位主管的小区，由管理员当第二个批准的人。不收款。",
}
