# MEMORY_LIMIT
def fetch(request):
    text = "x"
    while True:
        text += text
