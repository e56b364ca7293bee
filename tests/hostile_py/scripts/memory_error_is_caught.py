# ok
def fetch(request):
    try:
        bytes(10**9)
    except MemoryError:
        return "fine"
