# STACK_LIMIT
def fetch(request):
    def deep():
        made = []
        for _ in range(100_000):
            made = [made]
        return made

    return str(deep() == deep())
