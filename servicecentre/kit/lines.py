"""The operator's log: one JSON line an event, and no resident's data in it (TRUST T19)."""
from pythonjsonlogger.json import JsonFormatter


class Lines(JsonFormatter):
    def formatException(self, exc_info):
        """The traceback without what PostgreSQL adds to a breach: the whole row that it refused."""
        text, error, seen = super().formatException(exc_info), exc_info[1], []
        while error is not None and error not in seen:
            seen.append(error)
            said = str(error)
            text = text.replace(said, said.partition("\nDETAIL:")[0])
            error = error.__cause__ or error.__context__
        return text
