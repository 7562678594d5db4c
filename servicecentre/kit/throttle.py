"""How often a stranger may ask, per minute and web process: a bound on guessing, kept in memory and forgotten by itself."""
import threading
import time

WINDOW = 60                               # seconds
_lock = threading.Lock()
_asked = {}                               # {(what, who): count} of the window that runs
_window = [0]


def too_often(what, who, *, most):
    """Count this asking; True when ``who`` has asked ``what`` more than ``most`` times in the minute that runs."""
    window = int(time.monotonic() // WINDOW)
    with _lock:
        if window != _window[0]:
            _window[0] = window
            _asked.clear()
        _asked[what, who] = count = _asked.get((what, who), 0) + 1
    return count > most
