# MEMORY_LIMIT
def fetch(request):
    return [0] * 10**9
