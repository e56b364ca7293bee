# STACK_LIMIT
def fetch(request):
    def again(n):
        return again(n + 1)

    return again(0)
