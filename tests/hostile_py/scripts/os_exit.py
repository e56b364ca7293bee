# EXECUTION_ERROR
import os


def fetch(request):
    os._exit(3)
