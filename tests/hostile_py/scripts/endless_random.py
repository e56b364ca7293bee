# RESOURCE_LIMIT|TIMEOUT
import os


def fetch(request):
    while True:
        os.urandom(1)
