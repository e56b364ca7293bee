# RESOURCE_LIMIT|TIMEOUT
def fetch(request):
    while True:
        print("x" * 1000)
