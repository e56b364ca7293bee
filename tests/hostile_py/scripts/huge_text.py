# MEMORY_LIMIT
def fetch(request):
    return "x" * 2**30
