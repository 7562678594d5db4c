"""What the centre tells and promises outside the counter; so far its notices (FORMS 6)."""
from .notices import Notice, NoticePlace, NoticeTerm, with_states

__all__ = ["Notice", "NoticePlace", "NoticeTerm", "with_states"]
