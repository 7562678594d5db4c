"""The map: includes only."""
urlpatterns = []
