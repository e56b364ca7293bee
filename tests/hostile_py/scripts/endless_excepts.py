# TIMEOUT
def fetch(request):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
