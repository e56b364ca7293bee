# EXECUTION_ERROR
def fetch(request):
    raise GeneratorExit
