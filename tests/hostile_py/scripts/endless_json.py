# TIMEOUT|MEMORY_LIMIT
import json


def fetch(request):
    class Rows(list):
        def __iter__(self):
            while True:
                yield 1

    return json.loads("[" + ",".join(iter(Rows())))
