"""Which row of a world each page of one row opens."""
from .areas import deposits, refunds, spaces, vacancy, visits


def pages_of(w):
    """{URL name: arguments that this world has a row for}, for every page of one row; a new page without its line is red in test_doors."""
    one_household = ("household", "billing:collect", "billing:use_credit", "billing:account", "households:change_household",
                     "households:add_resident", "households:add_tenant", "households:add_contact", "households:add_vehicle",
                     "households:reveal_phones", "households:add_owner", "households:correct_first_day", "households:history", "households:give_instruction",
                     "households:add_pet", "households:add_care", "households:take_letter", "seller_statement", "household_files",
                     "attach_household_files", "receive_data_request", "households:letters")
    one_unit = ("households:unit", "households:change_unit", "households:change_area", "households:change_owner", "households:set_use")
    one_payment = ("billing:payment", "billing:collected", "billing:ask_void")
    one_void = ("billing:void", "billing:void_receipt", "billing:refuse_void")
    one_import = ("report", "columns", "apply", "changes", "undo", "forget", "wrong_rows")
    held = {"promise": w.promise, "paper": w.payment.paper, "letter": w.letter, "unit": w.unit, "vehicle": w.vehicle, "data_request": w.request,
            "parking_contract": w.contract, "waiver": w.waiver}
    one_user = ("user", "change_user", "give_post", "arrange_cover", "reset_password", "deactivate_user", "reactivate_user", "end_sessions",
                "reset_second_factor")
    return {
        **refunds.pages(w), **deposits.pages(w), **visits.pages(w), **spaces.pages(w),
        **vacancy.pages(w),
        **{name: [w.newcomer.pk] for name in one_user}, "end_post": [w.post.pk], "end_cover": [w.cover.pk],
        **{name: [w.household.pk] for name in one_household}, **{name: [w.unit.pk] for name in one_unit},
        **{name: [w.payment.pk] for name in one_payment}, **{name: [w.waiting.pk] for name in one_void},
        **{f"households:import_{name}": [w.imported.pk] for name in one_import},
        "households:open_household": [w.free.pk], "households:undo_sale": [w.buyer.pk], "households:change_person": [w.household.pk, w.person.pk],
        **{f"households:{name}": [w.household.pk, w.person.pk] for name in ("reveal_identity", "record_death", "withdraw_death", "merge_people")},
        **{f"households:{name}": [w.ownership.pk] for name in ("change_share", "remove_owner")},
        **{f"households:{name}": [w.letter.pk] for name in ("letter", "use_letter", "call_principal", "revoke_letter")},
        "households:withdraw_instruction": [w.instruction.pk], "households:withdraw_use": [w.use.pk], "households:change_tenant": [w.tenant.pk],
        **{f"households:{name}": [w.resident.pk] for name in ("change_resident", "end_residence")},
        **{f"households:{name}": [w.contact.pk] for name in ("change_contact", "remove_contact")},
        **{f"households:{name}": [w.vehicle.pk] for name in ("change_vehicle", "end_vehicle")},
        "households:end_pet": [w.pet.pk], "households:end_care": [w.care.pk],
        **{f"tickets:{name}": [w.notice.pk] for name in ("notice", "notice_pdf", "print_notice", "extend_notice", "take_down_notice")},
        "tickets:post_again": [w.taken_down.pk],
        "files:file": [w.photo.pk], "files:thumb": [w.photo.pk], "reveal_scan": [w.scan.pk], "remove_file": [w.photo.pk], "file_page": [w.photo.pk],
        "data_request": [w.request.pk], "decide_data_request": [w.request.pk], "answer_data_request": [w.decided.pk],
        **{name: [w.run.pk] for name in ("retention_run", "sign_retention", "withdraw_retention")},
        **{name: [row.pk] for what, row in held.items() for name in (f"{what}_files", f"attach_{what}_files")},
        "billing:undo_run": [w.runs[0].pk], "billing:mend_line": [w.line.pk], "billing:change_price": [w.price.fee_kind_id],
        "change_phone": [w.phone.pk], "remove_phone": [w.phone.pk], "unmark_day": [w.day.pk], "change_department": [w.department.pk],
        "change_contractor": [w.contractor.pk], "add_contractor_person": [w.contractor.pk], "change_contractor_person": [w.contractor_person.pk],
        "billing:change_fee_kind": [w.fee_kind.pk], "billing:withdraw_price": [w.price.pk],
        "worklog:entry": [w.remark.pk], "worklog:correct_remark": [w.remark.pk],
        "worklog:comment_entry": [w.remark.pk], "worklog:keep_promise": [w.promise.pk], "worklog:move_promise": [w.promise.pk],
        "jobs:job": [w.job.pk], "papers:paper": [w.payment.paper.pk], "papers:reprint": [w.payment.paper.pk], "papers:pdf": [w.payment.paper.pk, 1],
        "papers:void_alone": [w.reminder.pk], "papers:choose_computer": [w.computer.pk], "papers:set_computer": [w.computer.pk],
        **{f"papers:{name}": [w.batch.pk] for name in ("batch", "take_batch", "stop_batch", "batch_pdf")},
        **{f"papers:{name}": [w.computer.printers.first().pk] for name in ("confirm_fit", "test_page")},
        "texts:text": [w.wording.pk], "texts:handbook_page": [w.page.pk], "texts:change_text": [w.phrase.pk], "texts:withdraw_text": [w.phrase.pk]}
