# MEMORY_LIMIT
def fetch(request):
    return f"{1:>{10**9}}"
