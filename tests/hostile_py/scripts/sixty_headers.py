# ok
def fetch(request):
    return "fine", 200, [("x-a", str(n)) for n in range(60)]
