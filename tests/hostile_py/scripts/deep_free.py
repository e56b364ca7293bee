# ok
def fetch(request):
    deep = []
    for _ in range(100_000):
        deep = [deep]
    del deep
    return "fine"
