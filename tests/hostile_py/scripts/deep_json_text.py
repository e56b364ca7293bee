# STACK_LIMIT
import json


def fetch(request):
    return json.loads("[" * 100_000)
