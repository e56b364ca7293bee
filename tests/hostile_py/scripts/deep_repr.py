# STACK_LIMIT
def fetch(request):
    deep = []
    for _ in range(100_000):
        deep = [deep]
    return repr(deep)
