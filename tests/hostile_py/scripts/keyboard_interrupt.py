# EXECUTION_ERROR
def fetch(request):
    raise KeyboardInterrupt
