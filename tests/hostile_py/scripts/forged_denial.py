# EXECUTION_ERROR
import os


def fetch(request):
    os.write(1, b'{"error":{"type":"PermissionDenied","message":"m","trace":"t","denied":""}}\n')
    os._exit(0)
