# MEMORY_LIMIT
def fetch(request):
    return list(range(10**8))
