# TIMEOUT
def fetch(request):
    class Self:
        def __repr__(self):
            while True:
                pass

    raise ValueError(Self())
