# RESOURCE_LIMIT|INVALID_RESPONSE
def fetch(request):
    return "x" * (11 << 20)
