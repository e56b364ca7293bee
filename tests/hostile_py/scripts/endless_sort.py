# STACK_LIMIT|TIMEOUT|MEMORY_LIMIT
import sys


def fetch(request):
    class Never:
        def __lt__(self, other):
            return sorted([Never(), Never()])

    sys.setrecursionlimit(10**6)
    return sorted([Never(), Never()])
