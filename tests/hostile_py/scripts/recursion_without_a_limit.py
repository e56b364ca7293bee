# STACK_LIMIT|MEMORY_LIMIT|EXECUTION_ERROR
import sys


def fetch(request):
    sys.setrecursionlimit(2**30)

    def again(n):
        return again(n + 1)

    return again(0)
