# STACK_LIMIT|MEMORY_LIMIT
def fetch(request):
    class Self:
        def __getattr__(self, name):
            return getattr(self, name + "x")

    return Self().a
