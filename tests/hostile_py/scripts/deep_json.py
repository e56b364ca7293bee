# STACK_LIMIT
import json


def fetch(request):
    deep = []
    for _ in range(100_000):
        deep = [deep]
    return json.dumps(deep)
