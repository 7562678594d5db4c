"""The form of a promise: what is wrong is told in the page's order, and what was typed stays."""


def test_errors_stand_in_the_order_of_the_fields_and_keep_what_was_typed(desk):
    page = desk.post("/promises/new/", {"household": "99-9-9999", "phone": "1380013", "words": "书面说明"})
    assert list(page.context["form"].errors) == ["household", "to_whom", "phone", "due_at"]
    text = page.content.decode()
    assert 'value="99-9-9999"' in text and 'value="1380013"' in text and 'value="书面说明"' in text
