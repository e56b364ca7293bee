# STACK_LIMIT|EXECUTION_ERROR|MEMORY_LIMIT
def fetch(request):
    return eval("-" * 100_000 + "1")
