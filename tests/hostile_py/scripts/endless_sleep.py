# TIMEOUT
import time


def fetch(request):
    time.sleep(60)
