# TIMEOUT
def fetch(request):
    return len(str(9**9**7))
