# EXECUTION_ERROR
import os


def fetch(request):
    os.abort()
