# INVALID_RESPONSE
def fetch(request):
    return "x", 200, {"a\r\nb": "c"}
