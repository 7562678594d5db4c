"""The developer's page: who holds the units that are not handed over."""
from django.urls import reverse

from households import developer
from households.forms.developer import DeveloperForm
from servicecentre.staff.access import needs

from .pages import done, form_page


@needs("households.enter_developer")
def enter_developer(request):
    person, held = developer.developer_of(request.estate)
    known = {"name": person.name, "contact": person.contact} if person else {}
    form = DeveloperForm(request.POST or None, estate=request.estate, held=held, initial=known)
    if request.method == "POST" and (entered := form.perform(developer.enter_developer, request.estate, by=request.user)):
        words = f"已登记建设单位，{getattr(entered, 'opened', 0)} 套。要给它出账，在「规矩」里打开「没交付的房屋」。"
        return done(request, words, reverse("households:enter_developer"))
    return form_page(request, form, title="建设单位", button="登记建设单位", busy="正在登记，请稍等", back=reverse("estate"), wide=True)
