# TIMEOUT
import re


def fetch(request):
    return str(re.match("(a+)+$", "a" * 40 + "b"))
