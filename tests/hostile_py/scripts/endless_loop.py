# TIMEOUT
def fetch(request):
    while True:
        pass
