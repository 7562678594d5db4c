"""The map of billing: months and tariff; the counter's money."""
from django.urls import path

from .views import counter, exporting, fee_kinds, months, opening, petty_cash, receipts, tariffs

app_name = "billing"
urlpatterns = [
    path("counter/", counter.counter, name="counter"),
    path("households/<int:pk>/collect/", counter.collect, name="collect"),
    path("households/<int:pk>/use-credit/", counter.settle_from_credit, name="use_credit"),
    path("households/<int:pk>/account/", counter.account, name="account"),
    path("payments/", counter.payments, name="payments"),
    path("payments/<int:pk>/", counter.payment, name="payment"),
    path("payments/<int:pk>/done/", counter.collected, name="collected"),
    path("payments/<int:pk>/void/", receipts.ask_void, name="ask_void"),
    path("voids/", receipts.voids, name="voids"),
    path("voids/<int:pk>/", receipts.void, name="void"),
    path("voids/<int:pk>/approve/", receipts.void_receipt, name="void_receipt"),
    path("voids/<int:pk>/refuse/", receipts.refuse_void, name="refuse_void"),
    path("petty-cash/", petty_cash.show_petty_cash, name="petty_cash"),
    path("petty-cash/top-up/", petty_cash.top_up_petty_cash, name="top_up_petty_cash"),
    path("petty-cash/count/", petty_cash.count_petty_cash, name="count_petty_cash"),
    path("petty-cash/moves/<int:pk>/reverse/", petty_cash.reverse_petty_cash, name="reverse_petty_cash"),
    path("run/", months.show_run, name="run"),
    path("run/bill/", months.bill_month, name="bill_month"),
    path("run/lines/", months.show_lines, name="run_lines"),
    path("run/left-out/", months.show_left_out, name="run_left_out"),
    path("run/left-out.xlsx", months.download_left_out, name="download_left_out"),
    path("run/month.xlsx", months.download_run, name="download_run"),
    path("run/<int:pk>/undo/", months.undo_run, name="undo_run"),
    path("run/mend/<int:pk>/", months.mend_line, name="mend_line"),
    path("charges/export/", exporting.export_charges, name="export_charges"),
    path("arrears/import/", opening.import_arrears, name="import_arrears"),
    path("tariff/", tariffs.show_tariff, name="tariff"),
    path("tariff/<int:pk>/change/", tariffs.change_price, name="change_price"),
    path("fee-kinds/", fee_kinds.show_fee_kinds, name="fee_kinds"),
    path("fee-kinds/add/", fee_kinds.add_fee_kind, name="add_fee_kind"),
    path("fee-kinds/<int:pk>/", fee_kinds.change_fee_kind, name="change_fee_kind"),
    path("tariff/prices/<int:pk>/withdraw/", tariffs.withdraw_price, name="withdraw_price"),
]
