# MEMORY_LIMIT
def fetch(request):
    found = []
    while True:
        found.append(bytes(100_000))
