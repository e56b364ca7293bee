# INVALID_RESPONSE
def fetch(request):
    return "x", 99
