# ok
import os


def fetch(request):
    for _ in range(100):
        os.write(1, b"\0[[]]\n")
        os.write(1, b"\0")
        os.write(1, b'\0["state_set","a"]\n1')
    os.close(0)
    return "fine"
