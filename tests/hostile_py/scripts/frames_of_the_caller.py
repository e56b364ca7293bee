# ok|INVALID_RESPONSE
import sys


def fetch(request):
    frame = sys._getframe()
    while frame.f_back:
        frame = frame.f_back
        frame.f_locals.clear()
    return "fine"
