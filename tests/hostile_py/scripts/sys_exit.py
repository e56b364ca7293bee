# EXECUTION_ERROR
import sys


def fetch(request):
    sys.exit(3)
