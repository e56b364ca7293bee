# TIMEOUT
def fetch(request):
    return sum(iter(int, 1))
