# STACK_LIMIT
import pickle


def fetch(request):
    deep = []
    for _ in range(100_000):
        deep = [deep]
    return pickle.dumps(deep)
