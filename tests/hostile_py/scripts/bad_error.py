# EXECUTION_ERROR
def fetch(request):
    class Bad(Exception):
        def __str__(self):
            raise Bad

    raise Bad
