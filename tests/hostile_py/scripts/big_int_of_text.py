# EXECUTION_ERROR
def fetch(request):
    return str(int("9" * 10_000_000))
